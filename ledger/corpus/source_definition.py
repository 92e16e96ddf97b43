"""What a kind of source consists of. Each file in `ledger/corpus/sources` has one of these, its `SOURCE`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ledger.corpus.work import Source


@dataclass(frozen=True, slots=True)
class SourceRequest:
    """What a user wrote, for the source to open it."""

    rest: str
    """What follows the source's prefix."""
    labels: Path | None
    """A label file; None for sources that bring their own labels."""
    rasterise: Callable[[bytes], bytes]
    """Turns the bytes of an SVG into those of a PNG. Raises InputError."""


@dataclass(frozen=True, slots=True)
class SourceDefinition:
    """A kind of source: how a user writes it, and how it is opened."""

    prefix: str
    """What it begins with. Without a colon at its end it is the whole."""
    open: Callable[[SourceRequest], Source]
    """Raises InputError and NotFoundError."""
    spelling: str | None = None
    """How a user writes it; None for sources that only the ledger itself names, to read them again."""
    brings_labels: bool = False

    def takes(self, spec: str) -> bool:
        return spec.startswith(self.prefix) if self.prefix.endswith(":") else spec == self.prefix
