"""Definition of a kind of source. Each file in `ledger/corpus/sources` has one, its `SOURCE`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ledger.corpus.work import Source


@dataclass(frozen=True, slots=True)
class SourceRequest:
    """A user's request to open a source."""

    rest: str
    """The text after the source's prefix."""
    labels: Path | None
    """A label file; None for sources that bring their own labels."""
    rasterise: Callable[[bytes], bytes]
    """Converts an SVG to PNG. Raises InputError."""


@dataclass(frozen=True, slots=True)
class SourceDefinition:
    """A kind of source: how a user writes it, and how it is opened."""

    prefix: str
    """Start of the user's text. A prefix without a final colon is the whole text."""
    open: Callable[[SourceRequest], Source]
    """Raises InputError and NotFoundError."""
    spelling: str | None = None
    """How a user writes it; None for sources that only the ledger itself names, to read them again."""
    brings_labels: bool = False

    def takes(self, spec: str) -> bool:
        return spec.startswith(self.prefix) if self.prefix.endswith(":") else spec == self.prefix
