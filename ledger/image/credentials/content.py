"""Content Credentials (C2PA 2.x) that this project writes and reads."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from ledger.text import clean_text

LABEL = "org.artledger.attribution"
"""Label of our assertion. Its content is frozen (FORMAT.md); a new content would be `org.artledger.attribution.v2`."""

TRAINED_ALGORITHMIC_MEDIA = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
"""IPTC's code for a picture made by a trained model."""

MAX_COPIES = 10
"""Largest number of works that the assertion names."""
MAX_SENTENCE = 1000
"""Largest number of code points of the assertion's `reference`."""

State = Literal[
    "valid", "untrusted", "expired", "partial", "tampered", "invalid", "unsupported", "remote", "unreadable"
]
"""What became of a file's credentials. A file without any has no state: that means unknown, not tampered with.

| | |
| --- | --- |
| `valid` | intact, by a signer trusted here |
| `untrusted` | intact, by an unknown signer |
| `expired` | intact, but the signer's certificate had expired, or was revoked |
| `partial` | intact where they cover the file, but they leave out other parts of it than the standard says |
| `tampered` | the file or the manifest was changed after signing, or the manifest is another file's |
| `invalid` | broken: not a manifest as the standard says |
| `unsupported` | of a kind that is not checked here, such as another algorithm |
| `remote` | not in the file, which only names an address; nothing is fetched |
| `unreadable` | not read: reading them crashed here, or takes too much |
"""
INTACT: frozenset[State] = frozenset(("valid", "untrusted"))


@dataclass(frozen=True, slots=True)
class CopiedWork:
    """A verified copy from the record, with names for people; `score` and `p_value` are decimal text."""

    work_id: str
    title: str
    artist: str
    relation: str
    score: str
    p_value: str


@dataclass(frozen=True, slots=True)
class Assertion:
    """Names the record of this picture and the works it copies, if any. `origin`: the log's; `model`: the generator's
    name.

    A published file cannot be recalled, so it names a work or an artist only if a copy was verified.
    """

    origin: str
    record_id: str
    model: str
    verdict: str
    copies: tuple[CopiedWork, ...]
    reference: str

    def to_json(self) -> dict[str, Any]:
        """The assertion in a manifest (FORMAT.md). Titles and names are untrusted text, so they are cleaned and cut."""
        return {
            "origin": self.origin,
            "record_id": self.record_id,
            "model": clean_text(self.model),
            "verdict": self.verdict,
            "copies": [
                asdict(work) | {"title": clean_text(work.title), "artist": clean_text(work.artist)}
                for work in self.copies[:MAX_COPIES]
            ],
            "reference": clean_text(self.reference, MAX_SENTENCE),
        }

    @property
    def description(self) -> str:
        """The plain text that ordinary viewers show."""
        said = f"{self.reference} Made with {self.model}. Record {self.record_id} of the log {self.origin}."
        return clean_text(said, 2 * MAX_SENTENCE)

    @property
    def credit(self) -> str | None:
        """Text for IPTC's credit field; None if nobody is credited."""
        return clean_text(self.reference, MAX_SENTENCE) if self.copies else None


@dataclass(frozen=True, slots=True)
class Signed:
    """A file with embedded credentials."""

    data: bytes
    manifest_sha256: str
    """Digest of the manifest store (JUMBF), as in `asset` records."""


@dataclass(frozen=True, slots=True)
class FoundCredentials:
    """Content of a file's manifest. Every text is untrusted and has been cleaned and cut."""

    state: State
    issuer: str | None
    """Organisation in the signer's certificate."""
    claim_generator: str | None
    """The program that made the manifest."""
    digital_source_type: str | None
    """IPTC code from the manifest's actions."""
    assertion: Assertion | None
    """Our assertion, from the file's own manifest or else from an ingredient's."""
    from_ingredient: bool
    """Whether `assertion` is an ingredient's: the file was edited after it was made."""
    manifest_sha256: str | None
    """None for GIF, TIFF and AVIF, whose containers are not walked here."""
    problems: tuple[str, ...]
    """Failures found by validation, as C2PA status codes."""
    remote_url: str | None = None
    """The address of the manifest, if the file only names that."""
