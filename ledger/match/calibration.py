"""From a null set and the current corpus to error rates: conformal p-values per bin, and calibrated probabilities.

Vovk, Gammerman and Shafer 2005 for conformal p-values: when the query is a stranger like those of the null set,
P(p <= alpha) <= alpha, whatever the scores look like. The null score of a stranger is its best score against the whole
corpus, so that the corpus' size is accounted for. Its fingerprints are compared with this very corpus; the geometric
evidence, for which no pixels are shipped, is drawn from pairs of strangers that were measured elsewhere and are as near
by fingerprint. That part is a model: `artledger evaluate calibration` measures how well it holds.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ledger.corpus.types import CorpusState
from ledger.errors import ConflictError
from ledger.match.block import FingerprintBlock
from ledger.match.calibration_file import CalibrationText, CorpusText, NullBinText, read_calibration
from ledger.match.geometry import GeometryRule
from ledger.match.null_set import NullSet, draw_evidence
from ledger.match.probability import fit_odds
from ledger.match.ranking import CurveText, RankingText, decimal
from ledger.match.score import Curve, Ranking, features, levels

LOWEST = -1000.0
"""The null score against a corpus without works."""
LEAST_PER_BIN = 200
"""With fewer null pictures in any bin, all bins become one named `all`: p could not fall below 1/200."""
VERIFIED = 10
"""Candidates verified geometrically, nearest first: those of a query as those of a null picture."""
DRAWS = 5
"""A null picture's geometric evidence is drawn this often from that of measured pairs of strangers."""
_TILT = 0.01
"""Log-odds per unit of score, added to the fitted curve: where that is flat, nearer still ranks higher."""


@dataclass(frozen=True, slots=True)
class Bin:
    """Queries of similar complexity and the null scores for them."""

    name: str
    below: float
    """Complexity below which (and not below the bin before) a query belongs here."""
    null: NDArray[np.float64]
    """Ascending best scores of n strangers, `draws` of each."""
    draws: int

    @property
    def n(self) -> int:
        """Strangers."""
        return len(self.null) // self.draws

    @property
    def floor(self) -> float:
        """The smallest p-value that n strangers can support."""
        return 1 / (self.n + 1)

    def p_value(self, score: float) -> float:
        """(1 + #{null >= score} / draws) / (n + 1)."""
        above = len(self.null) - int(np.searchsorted(self.null, score, side="left"))
        return (1 + above / self.draws) / (self.n + 1)

    def threshold(self, alpha: float) -> float | None:
        """A score above this has p <= alpha; None when n is too small for any score to."""
        allowed = math.floor((alpha * (self.n + 1) - 1) * self.draws + 1e-9)
        if allowed < 0:
            return None
        return float(self.null[len(self.null) - allowed - 1]) if allowed < len(self.null) else LOWEST


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
    odds: Curve
    """Log-odds of a copy over scores."""

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
            bins=tuple(
                Bin(item.name, float(item.below), np.array(item.null, np.float64), text.draws) for item in text.bins
            ),
            odds=text.odds.curve(),
        )

    def bin_of(self, complexity: float) -> Bin:
        return next((item for item in self.bins if complexity < item.below), self.bins[-1])

    def probability(self, score: float) -> float:
        """Probability of a copy for a score, fingerprints and geometry together; strictly increasing.

        Beyond the last knots it goes on growing, ever more slowly: even sure matches keep an order in six digits.
        """
        odds = float(np.interp(score, self.odds.knots, self.odds.values))
        beyond = max(0.0, score - self.odds.knots[-1]) - max(0.0, self.odds.knots[0] - score)
        odds += math.copysign(math.log1p(abs(beyond)), beyond) + _TILT * score
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
    fused = ranking.ranking()
    raw, contained = _nearest(null_set, blocks, fused)
    if contained.all():
        raise ConflictError("the corpus contains every picture of the null set", code="no-strangers")
    complexity = null_set.queries.images.complexity[~contained]
    scores = _null_scores(null_set, raw[~contained], ranking)
    copies = fused.raw(null_set.copies.found)[:, 0].astype(np.float64) + null_set.copies.evidence
    text = CalibrationText(
        type="artledger/calibration",
        version=2,
        corpus=CorpusText(through=corpus.through, works=corpus.works),
        null_set=null_set.digest,
        left_out=int(contained.sum()),
        draws=DRAWS,
        ranking=ranking,
        bins=_bins(ranking, complexity, scores),
        odds=CurveText.of(fit_odds(copies, scores.ravel(), float(ranking.prior))),
    )
    return Calibration.read(text.to_bytes())


def _nearest(
    null_set: NullSet, blocks: Iterable[FingerprintBlock], ranking: Ranking
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """The VERIFIED best raw scores of each null picture, (n, VERIFIED), and whether the corpus contains it."""
    best = np.full((len(null_set), VERIFIED), LOWEST)
    contained = np.zeros(len(null_set), np.bool_)
    level = levels(null_set.queries, null_set.background, ranking.neighbours)
    for block in blocks:
        if block.spec != null_set.spec:
            raise _mismatch(null_set.spec, block.spec)
        raw = ranking.raw(features(null_set.queries, level, block)).astype(np.float64)
        both = np.concatenate([best, raw], axis=1)
        best = np.partition(both, -VERIFIED, axis=1)[:, -VERIFIED:]
        contained |= null_set.contained_in(block)
    return best, contained


def _null_scores(null_set: NullSet, raw: NDArray[np.float64], ranking: RankingText) -> NDArray[np.float64]:
    """Best score of each stranger, fingerprints and geometry together, in DRAWS draws of the latter: (n, DRAWS)."""
    pairs = null_set.strangers
    pairs_raw = ranking.ranking().raw(pairs.found)[:, 0].astype(np.float64)
    drawn = draw_evidence(raw, pairs_raw, pairs.evidence, DRAWS)
    scores: NDArray[np.float64] = (raw[..., None] + drawn).max(axis=1)
    return np.maximum(scores, LOWEST)


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
    return [decimal(score) for score in np.sort(scores, axis=None)]


def _mismatch(expected: str, got: str) -> ConflictError:
    return ConflictError(
        f"fingerprints of spec {got} cannot be calibrated with a null set of spec {expected}",
        code="spec-mismatch",
        hint="Re-fingerprint the corpus: artledger corpus refresh.",
    )
