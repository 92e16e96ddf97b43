"""Content Credentials (C2PA 2.x) as this project writes and reads them: what is said, and what was found."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from ledger.text import clean_text

LABEL = "org.artledger.attribution"
"""Of our assertion. Its content is frozen (FORMAT.md): another content would be `org.artledger.attribution.v2`."""

TRAINED_ALGORITHMIC_MEDIA = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
"""IPTC's code for a picture made by a trained model."""

MAX_COPIES = 10
"""Works that the assertion names."""
MAX_SENTENCE = 1000
"""Code points of the assertion's `reference`."""

State = Literal["valid", "untrusted", "invalid"]
"""`valid`: intact, and the signer is one that is trusted here; `untrusted`: intact, by somebody who is not known here;
`invalid`: broken, or not about these bytes. A file without credentials has no state: that is unknown, not tampered."""


@dataclass(frozen=True, slots=True)
class CopiedWork:
    """A verified copy as the record has it, with the names that people know; `score` and `p_value` are decimal text."""

    work_id: str
    title: str
    artist: str
    relation: str
    score: str
    p_value: str


@dataclass(frozen=True, slots=True)
class Assertion:
    """Which record says what this picture copies, if anything. `origin`: the log's; `model`: the generator's name.

    A file goes everywhere and stays: it names a work or an artist only where a copy was verified.
    """

    origin: str
    record_id: str
    model: str
    verdict: str
    copies: tuple[CopiedWork, ...]
    reference: str

    def to_json(self) -> dict[str, Any]:
        """As it stands in a manifest (FORMAT.md): titles and names are untrusted text, so they are cleaned and cut."""
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
        """For IPTC's credit field; None where nobody is to be credited."""
        return clean_text(self.reference, MAX_SENTENCE) if self.copies else None


@dataclass(frozen=True, slots=True)
class Signed:
    """A file with its credentials inside."""

    data: bytes
    manifest_sha256: str
    """Of the manifest store (JUMBF), as `asset` records have it."""


@dataclass(frozen=True, slots=True)
class FoundCredentials:
    """What the manifest in a file says. Every text is untrusted; it was cleaned and cut."""

    state: State
    issuer: str | None
    """Organisation in the signer's certificate."""
    claim_generator: str | None
    """The program that made the manifest."""
    digital_source_type: str | None
    """As the manifest's actions state it: an IPTC code."""
    assertion: Assertion | None
    """Ours, from the file's own manifest or else from one of its ingredients'."""
    from_ingredient: bool
    """Whether `assertion` is an ingredient's: the file was edited after it was made."""
    manifest_sha256: str | None
    """None for GIF, TIFF and AVIF, whose containers are not walked here."""
    problems: tuple[str, ...]
    """What validation found, in C2PA's own codes."""
