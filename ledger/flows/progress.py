"""How long work tells the surfaces where it is."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called often and from one thread: `stage` is a short verb phrase, `total` is None where it is not known."""

    def __call__(self, stage: str, done: int, total: int | None) -> None: ...


def silent(stage: str, done: int, total: int | None) -> None:
    """For callers who do not watch."""
