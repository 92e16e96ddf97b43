"""Interface for decoding and fingerprinting in the audit of a record against its picture.

The auditor's install can do neither, so callers pass an implementation. Without one, the checks that need it are not
done and say so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from ledger.record.parts import FingerprintDigests, ImageFacts
from ledger.record.predicates import Generation, Verification


@dataclass(frozen=True, slots=True)
class EmbeddingComparison:
    same_digest: bool
    """Whether the recomputed vector equals the recorded one bit by bit."""
    cosine: float | None
    """Cosine of the recomputed vector and the disclosed one whose digest is in the record; None: not disclosed."""


@dataclass(frozen=True, slots=True)
class FingerprintComparison:
    """Differences of a recomputed fingerprint from the recorded one; distances in bits of 256."""

    phash_distance: int
    pdq_distance: int
    embeddings: Mapping[str, EmbeddingComparison]
    """Every embedding of the record, by name."""


@dataclass(frozen=True, slots=True)
class ScoreComparison:
    rank: int
    recomputed: float | None
    """The calibrated score of the match against the work's disclosed embedding; None: not disclosed."""
    style: float | None = None
    """Nearness in style, for a match by style; None: not disclosed."""


class Recompute(Protocol):
    """Recomputes parts of a record.

    A method raises a LedgerError other than VerificationError if it cannot do its work (the picture does not decode
    here; a spec, model or calibration is missing). The audit then reports the check as not done.
    """

    def facts(self, image: bytes, pixel_sha256: str) -> ImageFacts:
        """Decodes the picture to the view with these pixels; where it has none, to the view that is compared."""

    def fingerprint(self, image: bytes, pixel_sha256: str, recorded: FingerprintDigests) -> FingerprintComparison:
        """Fingerprints that view under the recorded spec."""

    def scores(self, image: bytes, record: Verification | Generation) -> Sequence[ScoreComparison]:
        """Scores the picture again, under the recorded calibration, against each match of the record, in its order."""
