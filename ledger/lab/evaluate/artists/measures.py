"""Measures of a classifier of artists, over the questions of all rounds.

Artists count the same, whatever the number of their works ("macro"). Intervals resample artists: works of one artist
are no independent witnesses.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ledger.lab.evaluate.metrics import Interval

RESAMPLES = 1000
_TOP = 5


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a method said of the questions of one round."""

    artists: Sequence[str]
    """The artists that it knows, in the order of the columns."""
    truth: Sequence[str]
    """The artist of each question; of unknown ones too."""
    known: NDArray[np.bool_]
    """Whether the artist of a question was fitted on."""
    scores: NDArray[np.float64]
    """Larger is likelier, shape (questions, artists). Probabilities, where the method has them."""
    acceptance: NDArray[np.float64]
    """Larger means sooner by one of the artists, shape (questions,)."""


def ranks(outcome: Outcome) -> NDArray[np.int64]:
    """For each known question, how many artists come before the right one; ties count against it."""
    rows = np.flatnonzero(outcome.known)
    place = {artist: column for column, artist in enumerate(outcome.artists)}
    columns = np.array([place.get(outcome.truth[row], -1) for row in rows], np.int64)
    scores = outcome.scores[rows]
    own = np.where(columns >= 0, scores[np.arange(len(rows)), columns], -np.inf)
    before = (scores >= own[:, None]).sum(axis=1) - (columns >= 0)
    return np.asarray(before, np.int64)


@dataclass(frozen=True, slots=True)
class PerArtist:
    """Share of right answers by artist, over all rounds."""

    artists: tuple[str, ...]
    top1: NDArray[np.float64]
    top5: NDArray[np.float64]
    questions: NDArray[np.int64]

    @property
    def macro_top1(self) -> float:
        return float(self.top1.mean())

    @property
    def macro_top5(self) -> float:
        return float(self.top5.mean())


def per_artist(outcomes: Sequence[Outcome]) -> PerArtist:
    truth = np.concatenate([np.array(each.truth)[each.known] for each in outcomes])
    places = np.concatenate([ranks(each) for each in outcomes])
    artists = tuple(sorted(set(truth.tolist())))
    mine = [truth == artist for artist in artists]
    return PerArtist(
        artists,
        np.array([(places[rows] < 1).mean() for rows in mine]),
        np.array([(places[rows] < _TOP).mean() for rows in mine]),
        np.array([int(rows.sum()) for rows in mine], np.int64),
    )


def interval_of_mean(values: NDArray[np.float64], *, seed: int = 1) -> Interval:
    """Percentile interval of the mean over artists, resampled."""
    rng = np.random.default_rng(seed)
    means = values[rng.integers(len(values), size=(RESAMPLES, len(values)))].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return Interval(float(low), float(high))


def auroc(known: NDArray[np.bool_], acceptance: NDArray[np.float64]) -> float:
    """How often a known question is accepted sooner than an unknown one; ties count half. NaN without both."""
    inside, outside = acceptance[known], np.sort(acceptance[~known])
    if not len(inside) or not len(outside):
        return float("nan")
    below = np.searchsorted(outside, inside, side="left") + np.searchsorted(outside, inside, side="right")
    return float(below.mean() / 2 / len(outside))


def fpr_at_tpr(known: NDArray[np.bool_], acceptance: NDArray[np.float64], share: float = 0.95) -> float:
    """Share of unknown questions accepted where at least `share` of the known ones are. NaN without both."""
    inside, outside = np.sort(acceptance[known])[::-1], acceptance[~known]
    if not len(inside) or not len(outside):
        return float("nan")
    threshold = inside[int(np.ceil(share * len(inside))) - 1]
    return float((outside >= threshold).mean())


def mean_over(outcomes: Sequence[Outcome], measure: Callable[[NDArray[np.bool_], NDArray[np.float64]], float]) -> float:
    """`auroc` or `fpr_at_tpr` of each round, averaged: acceptance is compared within a round, whose artists are the
    same. NaN if no round has both kinds of questions."""
    values = [measure(each.known, each.acceptance) for each in outcomes]
    return float(np.mean([value for value in values if not math.isnan(value)] or [math.nan]))
