"""From a null set and the current corpus to error rates: conformal p-values per bin, and calibrated probabilities.

Vovk, Gammerman and Shafer 2005 for conformal p-values: when the query is a stranger like those of the null set,
P(p <= alpha) <= alpha, whatever the scores look like. The null score of a stranger is its best score against the whole
corpus, so that the corpus' size is accounted for.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ledger.corpus.types import CorpusState
from ledger.errors import ConflictError
from ledger.match.block import FingerprintBlock
from ledger.match.calibration_file import CalibrationText, CorpusText, NullBinText, ProbabilityText, read_calibration
from ledger.match.geometry import GeometryRule
from ledger.match.null_set import NullSet
from ledger.match.ranking import RankingText, decimal
from ledger.match.score import Ranking, background_level, features

LOWEST = -1000.0
"""The null score against a corpus without works."""
LEAST_PER_BIN = 200
"""With fewer null pictures in any bin, all bins become one named `all`: p could not fall below 1/200."""
_SURE = 4.0
"""Log-odds beyond which a probability grows ever more slowly: a few thousand measured pairs support no stronger
claim.
"""


@dataclass(frozen=True, slots=True)
class Bin:
    """Queries of similar complexity and the null scores for them."""

    name: str
    below: float
    """Complexity below which (and not below the bin before) a query belongs here."""
    null: NDArray[np.float64]
    """Ascending raw scores of n strangers."""

    @property
    def n(self) -> int:
        return len(self.null)

    @property
    def floor(self) -> float:
        """The smallest p-value that n strangers can support."""
        return 1 / (self.n + 1)

    def p_value(self, raw: float) -> float:
        """(1 + #{null >= raw}) / (n + 1)."""
        above = self.n - int(np.searchsorted(self.null, raw, side="left"))
        return (1 + above) / (self.n + 1)

    def threshold(self, alpha: float) -> float | None:
        """A raw score above this has p <= alpha; None when n is too small for any score to."""
        allowed = math.floor(alpha * (self.n + 1) + 1e-9) - 1
        if allowed < 0:
            return None
        return float(self.null[self.n - allowed - 1]) if allowed < self.n else LOWEST


@dataclass(frozen=True, slots=True)
class Calibration:
    """Everything between a query's features and what a record says of a match. `calibrate` makes it."""

    document: bytes
    """The file: canonical JSON."""
    spec: str
    corpus: CorpusState
    null_set: str
    """Digest of the null set's file."""
    alpha: float
    ranking: Ranking
    geometry: GeometryRule
    bins: tuple[Bin, ...]
    intercept: float
    slope: float

    @property
    def digest(self) -> str:
        """Lowercase hex SHA-256 of the file."""
        return hashlib.sha256(self.document).hexdigest()

    @classmethod
    def read(cls, document: bytes) -> Calibration:
        """Raises IntegrityError (`bad-calibration`) for anything but a calibration file in canonical form."""
        text = read_calibration(document)
        return cls(
            document=document,
            spec=text.ranking.spec,
            corpus=CorpusState(through=text.corpus.through, works=text.corpus.works),
            null_set=text.null_set,
            alpha=float(text.ranking.alpha),
            ranking=text.ranking.ranking(),
            geometry=text.ranking.geometry.rule(),
            bins=tuple(Bin(item.name, float(item.below), np.array(item.null, np.float64)) for item in text.bins),
            intercept=float(text.probability.intercept),
            slope=float(text.probability.slope),
        )

    def bin_of(self, complexity: float) -> Bin:
        return next((item for item in self.bins if complexity < item.below), self.bins[-1])

    def probability(self, raw: float, evidence: float) -> float:
        """Probability of a copy for a raw score and the log Bayes factor of the geometric evidence.

        Strictly increasing in both; prior as stated in the file. Log-odds beyond +-4 are compressed logarithmically,
        so that even sure matches keep an order in six digits.
        """
        odds = self.intercept + self.slope * raw + evidence
        excess = abs(odds) - _SURE
        if excess > 0:
            odds = math.copysign(_SURE + math.log1p(excess), odds)
        return 1 / (1 + math.exp(-odds))


def calibrate(
    null_set: NullSet, blocks: Iterable[FingerprintBlock], corpus: CorpusState, ranking: RankingText
) -> Calibration:
    """The calibration for a corpus in the given state, whose fingerprints `blocks` yields in any order and size.

    Null pictures that the corpus contains, or a variant of (`NullSet.contained_in`), are left out. Raises ConflictError
    (`spec-mismatch`) when null set, ranking and corpus are not of one FingerprintSpec, `no-strangers` when nothing is
    left.
    """
    if null_set.spec != ranking.spec:
        raise _mismatch(null_set.spec, ranking.spec)
    scores, contained = _null_scores(null_set, blocks, ranking.ranking())
    if contained.all():
        raise ConflictError("the corpus contains every picture of the null set", code="no-strangers")
    complexity = null_set.queries.images.complexity[~contained]
    scores = scores[~contained]
    copies = ranking.ranking().raw(null_set.copies)[:, 0].astype(np.float64)
    text = CalibrationText(
        type="artledger/calibration",
        version=1,
        corpus=CorpusText(through=corpus.through, works=corpus.works),
        null_set=null_set.digest,
        left_out=int(contained.sum()),
        ranking=ranking,
        bins=_bins(ranking, complexity, scores),
        probability=_fit(copies, scores, float(ranking.prior)),
    )
    return Calibration.read(text.to_bytes())


def _null_scores(
    null_set: NullSet, blocks: Iterable[FingerprintBlock], ranking: Ranking
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Best raw score of each null picture, and whether the corpus contains it."""
    best = np.full(len(null_set), LOWEST)
    contained = np.zeros(len(null_set), np.bool_)
    level = background_level(null_set.queries.images.copy, null_set.background, ranking.neighbours)
    for block in blocks:
        if block.spec != null_set.spec:
            raise _mismatch(null_set.spec, block.spec)
        raw = ranking.raw(features(null_set.queries, level, block))
        np.maximum(best, raw.max(axis=1), out=best)
        contained |= null_set.contained_in(block)
    return best, contained


def _bins(ranking: RankingText, complexity: NDArray[np.float32], scores: NDArray[np.float64]) -> list[NullBinText]:
    edges = [float(item.below) for item in ranking.bins]
    place = np.minimum(np.searchsorted(edges, complexity, side="right"), len(edges) - 1)
    if np.bincount(place, minlength=len(edges)).min() < LEAST_PER_BIN:
        return [NullBinText(name="all", below=decimal(edges[-1]), null=_ascending(scores))]
    return [
        NullBinText(name=item.name, below=item.below, null=_ascending(scores[place == index]))
        for index, item in enumerate(ranking.bins)
    ]


def _ascending(scores: NDArray[np.float64]) -> list[str]:
    return [decimal(score) for score in np.sort(scores)]


def _fit(
    copies: Sequence[float] | NDArray[np.float64], strangers: NDArray[np.float64], prior: float
) -> ProbabilityText:
    """Logistic calibration (Platt 1999, with his soft targets) by Newton's method, at the stated prior."""
    clipped = np.clip(np.concatenate([copies, strangers]), *_range(copies))
    target = np.r_[
        np.full(len(copies), (len(copies) + 1) / (len(copies) + 2)), np.full(len(strangers), 1 / (len(strangers) + 2))
    ]
    weight = np.r_[np.full(len(copies), prior / len(copies)), np.full(len(strangers), (1 - prior) / len(strangers))]
    design = np.column_stack([np.ones(len(clipped)), clipped])
    parameters = np.zeros(2)
    for _ in range(50):
        chance = 1 / (1 + np.exp(-design @ parameters))
        gradient = design.T @ (weight * (target - chance))
        hessian = (design * (weight * chance * (1 - chance))[:, None]).T @ design + 1e-9 * np.eye(2)
        step = np.linalg.solve(hessian, gradient)
        parameters += np.clip(step, -5, 5)
        if np.abs(step).max() < 1e-9:
            break
    return ProbabilityText(intercept=decimal(parameters[0]), slope=decimal(max(parameters[1], 0.01)))


def _range(copies: Sequence[float] | NDArray[np.float64]) -> tuple[float, float]:
    """Scores of an empty corpus would otherwise decide the slope."""
    return float(np.min(copies)) - 10, float(np.max(copies))


def _mismatch(expected: str, got: str) -> ConflictError:
    return ConflictError(
        f"fingerprints of spec {got} cannot be calibrated with a null set of spec {expected}",
        code="spec-mismatch",
        hint="Re-fingerprint the corpus: artledger corpus refresh.",
    )
