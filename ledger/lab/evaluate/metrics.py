"""Measures of copy detection, from the scores of every query against every work.

`scores` has shape (queries, works), with minus infinity where a method offers no match. `own` (queries,) is the column
of the work that the query was made from, or -1 for an unrelated picture. `weight` (queries,) counts queries more than
once (bootstrap). Pairs of unrelated pictures count in every measure (DISC2021, Douze et al. 2021).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float32]
Columns = NDArray[np.int64]
Weights = NDArray[np.float64]

RESAMPLES = 200
_Z = 1.959963984540054
"""The normal distribution's 97.5% quantile."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A 95% confidence interval."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class PrecisionRecallCurve:
    """Precision and recall at each distinct score, best first. Pairs of equal score count together."""

    precision: NDArray[np.float64]
    recall: NDArray[np.float64]

    @property
    def micro_ap(self) -> float:
        """Average precision over all pairs: the sum of precision times the increase of recall."""
        return float((self.precision * np.diff(self.recall, prepend=0.0)).sum())

    def recall_at_precision(self, least: float) -> float:
        """The largest recall at which precision is at least `least`; 0 if there is none."""
        return float(self.recall[self.precision >= least].max(initial=0.0))


@dataclass(frozen=True, slots=True)
class ScoredPairs:
    """All offered pairs, best first: sorted once, weighted again for each resample."""

    query: NDArray[np.int64]
    right: NDArray[np.bool_]
    last: NDArray[np.bool_]
    """Whether the next pair has a lower score."""
    copies: NDArray[np.bool_]
    """Which queries are copies, shape (queries,)."""

    @classmethod
    def of(cls, scores: Scores, own: Columns) -> ScoredPairs:
        query, work = np.nonzero(scores > -np.inf)
        value = scores[query, work]
        order = np.argsort(-value, kind="stable")
        query, work, value = query[order], work[order], value[order]
        last = np.append(value[1:] < value[:-1], True) if len(value) else np.zeros(0, np.bool_)
        return cls(query, own[query] == work, last, own >= 0)

    def first(self, count: int) -> ScoredPairs:
        """The first `count` pairs."""
        return ScoredPairs(self.query[:count], self.right[:count], self.last[:count], self.copies)

    def curve(self, weight: Weights | None = None) -> PrecisionRecallCurve:
        weight = np.ones(len(self.copies)) if weight is None else weight
        pairs = weight[self.query]
        every, found = np.cumsum(pairs)[self.last], np.cumsum(pairs * self.right)[self.last]
        precision = np.divide(found, every, out=np.ones_like(found), where=every > 0)
        return PrecisionRecallCurve(precision, found / max(float(weight[self.copies].sum()), 1e-12))


def first_is_own(scores: Scores, own: Columns) -> NDArray[np.bool_]:
    """For each copy (rows with own >= 0, in order): whether its own work ranks first; ties keep column order."""
    rows = np.flatnonzero(own >= 0)
    best = scores[rows].argmax(axis=1)
    found: NDArray[np.bool_] = (best == own[rows]) & (scores[rows, best] > -np.inf)
    return found


def found_at(scores: Scores, own: Columns, threshold: float) -> NDArray[np.bool_]:
    """For each copy: whether its own work scores above the threshold."""
    rows = np.flatnonzero(own >= 0)
    found: NDArray[np.bool_] = scores[rows, own[rows]] > threshold
    return found


def false_alarm_threshold(scores: Scores, own: Columns, rate: float, weight: Weights | None = None) -> float:
    """The lowest threshold at which at most this share of unrelated pictures has a work above it; infinite without any.

    With n unrelated pictures and a rate below 1/n, none may have one.
    """
    unrelated = own < 0
    best = scores[unrelated].max(axis=1, initial=-np.inf)
    if not len(best):
        return math.inf
    counts = np.ones(len(best)) if weight is None else weight[unrelated]
    order = np.argsort(-best)
    above = np.cumsum(counts[order])
    # The threshold is the highest score that must not be passed.
    place = int(np.searchsorted(above, rate * counts.sum() + 1e-9, side="right"))
    return float(best[order[min(place, len(best) - 1)]])


def recall_at_false_alarms(scores: Scores, own: Columns, rate: float, weight: Weights | None = None) -> float:
    """Share of copies whose own work scores above `false_alarm_threshold`."""
    found = found_at(scores, own, false_alarm_threshold(scores, own, rate, weight))
    counts = None if weight is None else weight[own >= 0]
    return weighted_share(found, counts)


def weighted_share(said: NDArray[np.bool_], weight: Weights | None = None) -> float:
    """Weighted share of true values; NaN if there are none at all."""
    total = len(said) if weight is None else float(weight.sum())
    if not total:
        return math.nan
    return float(said.mean() if weight is None else (said * weight).sum() / total)


def bootstrap(measure: Callable[[Weights], float], sources: Columns, *, seed: int = 1) -> Interval:
    """Percentile interval (Efron 1979) over resampled sources: queries made from one picture are drawn together.

    `sources` (queries,): a number that identifies the picture each query was made from; `measure` takes query weights.
    """
    rng = np.random.default_rng(seed)
    places = np.unique(sources, return_inverse=True)[1]
    count = int(places.max(initial=-1)) + 1
    if not count:
        return Interval(math.nan, math.nan)
    values = [
        measure(np.bincount(rng.integers(count, size=count), minlength=count)[places].astype(np.float64))
        for _ in range(RESAMPLES)
    ]
    low, high = np.nanquantile(values, [0.025, 0.975])
    return Interval(float(low), float(high))


def wilson(successes: int, trials: int) -> Interval:
    """Score interval of a share (Wilson 1927); [0, 1] without trials."""
    if not trials:
        return Interval(0.0, 1.0)
    share, z2 = successes / trials, _Z**2 / trials
    centre = (share + z2 / 2) / (1 + z2)
    half = _Z / (1 + z2) * math.sqrt(share * (1 - share) / trials + z2 / (4 * trials))
    return Interval(0.0 if not successes else centre - half, 1.0 if successes == trials else centre + half)


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    low: float
    high: float
    count: int
    stated: float
    """Mean stated probability."""
    realised: float
    """Weighted share that was right."""
    interval: Interval


def reliability(
    stated: NDArray[np.float64], right: NDArray[np.bool_], weight: Weights, bins: int = 10
) -> tuple[list[ReliabilityBin], float]:
    """The non-empty bins of equal width, and the expected calibration error (Naeini et al. 2015).

    Weights say how often such a query is assumed to occur. Intervals are Wilson's, at the realised share.
    """
    place = np.minimum((stated * bins).astype(np.int64), bins - 1)
    made, error = [], 0.0
    for index in np.unique(place):
        rows = place == index
        share = weight[rows] / weight[rows].sum()
        said, was = float(stated[rows] @ share), float(right[rows] @ share)
        error += float(weight[rows].sum() / weight.sum()) * abs(said - was)
        count = int(rows.sum())
        interval = wilson(round(was * count), count)
        made.append(ReliabilityBin(float(index / bins), float((index + 1) / bins), count, said, was, interval))
    return made, error
