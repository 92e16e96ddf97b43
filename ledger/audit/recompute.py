"""What the audit of a record against its picture needs from whoever can decode and fingerprint pictures.

The auditor's install can do neither, so an implementation comes from outside; where there is none, the checks that need
it say so.
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
    """Whether the recomputed vector is the recorded one bit by bit."""
    cosine: float | None
    """Between the recomputed vector and the disclosed one whose digest is in the record; None: not disclosed."""


@dataclass(frozen=True, slots=True)
class FingerprintComparison:
    """A recomputed fingerprint beside the recorded one; distances in bits of 256."""

    phash_distance: int
    pdq_distance: int
    embeddings: Mapping[str, EmbeddingComparison]
    """By name; has every embedding of the record."""


@dataclass(frozen=True, slots=True)
class ScoreComparison:
    rank: int
    recomputed: float | None
    """The calibrated score of the match against the work's disclosed embedding; None: not disclosed."""
    style: float | None = None
    """Nearness in style, of a match that is about it; None: not disclosed."""


class Recompute(Protocol):
    """Every method raises a LedgerError other than VerificationError where it cannot do its work (a picture that does
    not decode here, a spec, a model or a calibration that is not at hand): the audit reports that as not checked."""

    def facts(self, image: bytes) -> ImageFacts:
        """Decodes the picture to canonical pixels."""

    def fingerprint(self, image: bytes, recorded: FingerprintDigests) -> FingerprintComparison:
        """Fingerprints the picture under the recorded spec."""

    def scores(self, image: bytes, record: Verification | Generation) -> Sequence[ScoreComparison]:
        """Scores the picture again, under the recorded calibration, against each match of the record, in its order."""
