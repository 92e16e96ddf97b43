"""Queries of similar complexity, and the conformal p-values of scores among them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ledger.match.calibration_file import NullBinText
from ledger.match.ranking import RankingText, decimal

LOWEST = -1000.0
"""Null score against an empty corpus."""
LEAST_PER_BIN = 200
"""With fewer null pictures in a bin, all bins are merged into one named `all`: p could not fall below 1/200."""


@dataclass(frozen=True, slots=True)
class Bin:
    """Queries of similar complexity and the null scores for them."""

    name: str
    below: float
    """Upper bound of complexity (exclusive); the previous bin's bound is the lower one."""
    null: NDArray[np.float64]
    """Ascending best scores of n unrelated pictures, `draws` of each."""
    draws: int

    @property
    def n(self) -> int:
        """Number of unrelated pictures."""
        return len(self.null) // self.draws

    @property
    def floor(self) -> float:
        """The smallest p-value that n unrelated pictures can support."""
        return 1 / (self.n + 1)

    def p_value(self, score: float) -> float:
        """(1 + #{null >= score} / draws) / (n + 1)."""
        above = len(self.null) - int(np.searchsorted(self.null, score, side="left"))
        return (1 + above / self.draws) / (self.n + 1)

    def threshold(self, alpha: float) -> float | None:
        """Scores above this have p <= alpha; None if n is too small for any score to reach alpha."""
        allowed = math.floor((alpha * (self.n + 1) - 1) * self.draws + 1e-9)
        if allowed < 0:
            return None
        return float(self.null[len(self.null) - allowed - 1]) if allowed < len(self.null) else LOWEST


def bin_of(bins: Sequence[Bin], complexity: float) -> Bin:
    return next((item for item in bins if complexity < item.below), bins[-1])


def bin_texts(ranking: RankingText, complexity: NDArray[np.float32], scores: NDArray[np.float64]) -> list[NullBinText]:
    """Sorts the scores of unrelated pictures into the bins of the ranking, by complexity. `complexity` has shape (n,),
    `scores` shape (n, draws)."""
    edges = [float(item.below) for item in ranking.bins]
    place = np.minimum(np.searchsorted(edges, complexity, side="right"), len(edges) - 1)
    if np.bincount(place, minlength=len(edges)).min() < LEAST_PER_BIN:
        return one_bin(ranking, scores)
    return [
        NullBinText(name=item.name, below=item.below, null=_ascending(scores[place == index]))
        for index, item in enumerate(ranking.bins)
    ]


def one_bin(ranking: RankingText, scores: NDArray[np.float64]) -> list[NullBinText]:
    """All scores in one bin."""
    return [NullBinText(name="all", below=ranking.bins[-1].below, null=_ascending(scores))]


def _ascending(scores: NDArray[np.float64]) -> list[str]:
    return [decimal(score) for score in np.sort(scores, axis=None)]
