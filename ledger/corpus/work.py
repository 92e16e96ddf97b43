"""Registered works as plain values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from ledger.errors import InputError

AllowedUse = Literal["match", "train", "style"]
ALL_USES: tuple[AllowedUse, ...] = ("match", "train", "style")
UNKNOWN_ARTIST = "unknown"
"""Artist name of works without a stated creator."""


@dataclass(frozen=True, slots=True)
class Credit:
    """A work's credit in its artist's words. Cleaned (credit.py), but still untrusted text."""

    line: str = ""
    link: str = ""
    """An http(s) URL."""
    terms: str = ""
    """The artist's own terms, if the licence is `LicenseRef-terms-...`."""


NO_CREDIT = Credit()


@dataclass(frozen=True, slots=True)
class FileTerm:
    """What a file, or another file beside it, says of the uses of a work (ledger.corpus.file_terms). Cleaned, but
    still untrusted text."""

    vocabulary: str
    """Its name, empty where the statement cannot be read."""
    version: str
    """The version of the vocabulary that we follow."""
    place: str
    """Where it stands: in the file, or the name of the file beside it."""
    value: str
    """What it says, as the vocabulary writes it."""
    forbids: tuple[AllowedUse, ...] = ()
    problem: str = ""
    """Why it cannot be read, or is not understood in full."""

    @property
    def says(self) -> str:
        """All of it in words."""
        known = f"{self.value} ({self.vocabulary}, {self.version}), {self.place}" if self.vocabulary else self.place
        return f"{known}: {self.problem}" if self.problem else known


@dataclass(frozen=True, slots=True)
class SourceItem:
    """One work from a source, before decoding. Names and titles are untrusted text."""

    key: str
    """Stable within the source (relative path or row number), which makes ingest resumable."""
    title: str
    artist: str
    licence: str
    """An SPDX expression, or `LicenseRef-...`."""
    source: str
    allowed_uses: tuple[AllowedUse, ...] = ALL_USES
    labels: Mapping[str, str] = field(default_factory=dict)
    """Other data from the source: genre, style, subject folder, keywords."""
    credit: Credit = NO_CREDIT
    rendered: bool = False
    """Its file is rendered anew at each reading, so other bytes do not mean that the work has changed."""
    file_terms: tuple[FileTerm, ...] = ()
    """What the file and the files beside it say, once they were read; `allowed_uses` is narrowed by it."""
    left_out: InputError | None = None
    """Why the source's entry is no work, such as a text file in a folder. It is only named in the summary."""


def versioned_key(key: str, sha256: str) -> str:
    """The key of another file that is found under a key that is registered already."""
    return f"{key}{_version(sha256)}"


def key_in_source(stored: str, sha256: str) -> str:
    """The key that the source knows, from that of a registered work (`versioned_key`)."""
    while stored.endswith(version := _version(sha256)):
        stored = stored.removesuffix(version)
    return stored


def _version(sha256: str) -> str:
    return f" (sha256 {sha256[:16]})"


class Source(Protocol):
    """A source of works. Listing is cheap and never reads pixels; `read` is called from several threads."""

    @property
    def name(self) -> str:
        """Identifies the source in progress, summaries and the resume table."""

    def items(self) -> Iterator[SourceItem]: ...

    def read(self, item: SourceItem) -> bytes:
        """The bytes of the work's file (a raster format). Raises InputError."""


@dataclass(frozen=True, slots=True)
class Artist:
    artist_id: str
    name: str


@dataclass(frozen=True, slots=True)
class Work:
    """A registered work, for matching and pages."""

    work_id: str
    artist_id: str
    sha256: str
    pixel_sha256: str
    title: str
    artist: str
    licence: str
    allowed_uses: tuple[AllowedUse, ...]
    source: str
    registration_record_id: str
    registration_index: int
    registration_leaf_hash: str
    withdrawn: bool
    credit: Credit = NO_CREDIT
    file_terms: tuple[FileTerm, ...] = ()
    """What narrowed `allowed_uses` at registration, or could not be read."""


@dataclass(frozen=True, slots=True)
class CorpusState:
    """The works at one size of the log (FORMAT.md, Corpus state)."""

    through: int
    """Leaf index of the last registration, consent or withdrawal included (-1: none)."""
    works: int
