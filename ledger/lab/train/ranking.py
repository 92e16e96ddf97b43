"""Fits the raw score on open works: four monotone curves by logistic regression, copies against unrelated pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ledger.lab.train.logistic import fit_nonnegative
from ledger.match.score import Curve, Features, Floats, Ranking, hash_similarity

COSINE_KNOTS = tuple(np.round(np.arange(-0.3, 0.91, 0.1), 2).tolist())
HASH_KNOTS = (-0.1, 0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
NEIGHBOURS = 10
_HARDEST = 5
"""Nearest unrelated works per query that are fitted on: they decide what the best score is."""
_LEAST_SLOPE = 0.05
"""Least slope: every curve rises everywhere, so that nearer always ranks higher."""
_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class RankingPairs:
    """Queries against the works of a corpus, and the kind of each pair."""

    found: Features
    own: NDArray[np.int64]
    """Column of the work that each query was made from; -1 for an unrelated picture."""
    ignored: NDArray[np.bool_]
    """Shape (queries, works): variants of the query's own work, neither copies nor unrelated."""


def fit_ranking(pairs: RankingPairs) -> Ranking:
    """Alternates between fitting and choosing each query's nearest unrelated works by the curves fitted so far."""
    ranking = _ranking(0.0, np.ones(_size()), NEIGHBOURS)
    for _ in range(_ROUNDS):
        design, copies = _examples(pairs, ranking)
        least = np.full(design.shape[1], _LEAST_SLOPE)
        intercept, slopes = fit_nonnegative(design, copies, least=least)
        ranking = _ranking(intercept, slopes, NEIGHBOURS)
    return ranking


def _examples(pairs: RankingPairs, ranking: Ranking) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    raw = ranking.raw(pairs.found)
    rows = np.flatnonzero(pairs.own >= 0)
    raw[pairs.ignored] = -np.inf
    raw[rows, pairs.own[rows]] = -np.inf
    hardest = np.argpartition(raw, -_HARDEST, axis=1)[:, -_HARDEST:]
    every = np.repeat(np.arange(len(raw)), _HARDEST)
    unrelated = _design(picked(pairs.found, every, hardest.ravel()))
    copies = _design(picked(pairs.found, rows, pairs.own[rows]))
    return np.vstack([copies, unrelated]), np.r_[np.ones(len(copies), np.bool_), np.zeros(len(unrelated), np.bool_)]


def picked(found: Features, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Features:
    """Features of the pairs at these rows and columns, each array of shape (pairs,)."""
    return Features(
        found.cosine[rows, columns], found.window[rows, columns], found.phash[rows, columns], found.pdq[rows, columns]
    )


def picked_rows(found: Features, rows: NDArray[np.int64]) -> Features:
    """Features of these queries."""
    return Features(found.cosine[rows], found.window[rows], found.phash[rows], found.pdq[rows])


def _design(found: Features) -> NDArray[np.float64]:
    """One column per interval between two knots: how much of it lies below the feature's value."""
    return np.hstack(
        [
            _stretches(found.cosine, COSINE_KNOTS),
            _stretches(found.window, COSINE_KNOTS),
            _stretches(hash_similarity(found.phash), HASH_KNOTS),
            _stretches(hash_similarity(found.pdq), HASH_KNOTS),
        ]
    )


def _stretches(values: Floats, knots: Sequence[float]) -> NDArray[np.float64]:
    low, high = np.array(knots[:-1]), np.array(knots[1:])
    return np.asarray(np.clip(values[:, None].astype(np.float64), low, high) - low, np.float64)


def _size() -> int:
    return 2 * len(COSINE_KNOTS) + 2 * len(HASH_KNOTS) - 4


def _ranking(intercept: float, slopes: NDArray[np.float64], neighbours: int) -> Ranking:
    sizes = [len(COSINE_KNOTS) - 1, len(COSINE_KNOTS) - 1, len(HASH_KNOTS) - 1]
    cosine, window, phash, pdq = np.split(slopes, np.cumsum(sizes))
    return Ranking(
        cosine=_curve(COSINE_KNOTS, cosine, intercept),
        window=_curve(COSINE_KNOTS, window, 0.0),
        phash=_curve(HASH_KNOTS, phash, 0.0),
        pdq=_curve(HASH_KNOTS, pdq, 0.0),
        neighbours=neighbours,
    )


def _curve(knots: tuple[float, ...], slopes: NDArray[np.float64], start: float) -> Curve:
    values = start + np.r_[0.0, np.cumsum(slopes * np.diff(knots))]
    return Curve(knots, tuple(values.tolist()))
