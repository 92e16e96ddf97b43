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
class RoundOutcome:
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


def answerable(outcome: RoundOutcome) -> RoundOutcome:
    """Without the questions by artists of whom too few works were left to be a class: no method can name them, and
    they are not unknown either."""
    rows = np.array([not known or artist in outcome.artists for artist, known in
                     zip(outcome.truth, outcome.known, strict=True)], np.bool_)  # fmt: skip
    truth = tuple(artist for artist, kept in zip(outcome.truth, rows, strict=True) if kept)
    return RoundOutcome(outcome.artists, truth, outcome.known[rows], outcome.scores[rows], outcome.acceptance[rows])


def ranks(outcome: RoundOutcome) -> NDArray[np.int64]:
    """For each known question, how many artists come before the right one; ties count against it."""
    rows = np.flatnonzero(outcome.known)
    place = {artist: column for column, artist in enumerate(outcome.artists)}
    columns = np.array([place.get(outcome.truth[row], -1) for row in rows.tolist()], np.int64)
    scores = outcome.scores[rows]
    own = np.where(columns >= 0, scores[np.arange(len(rows)), columns], -np.inf)
    before = (scores >= own[:, None]).sum(axis=1) - (columns >= 0)
    return np.asarray(before, np.int64)


@dataclass(frozen=True, slots=True)
class PerArtist:
    """Shares of right answers, by round (rows) and artist (columns); NaN where a round does not ask about an artist."""

    artists: tuple[str, ...]
    top1: NDArray[np.float64]
    top5: NDArray[np.float64]
    questions: NDArray[np.int64]
    """Number of questions, shape (rounds, artists)."""

    @property
    def macro_top1(self) -> float:
        """Mean over rounds of the mean over their artists."""
        return macro(self.top1)

    @property
    def macro_top5(self) -> float:
        return macro(self.top5)

    @property
    def of_artists(self) -> NDArray[np.float64]:
        """Each artist's share over all questions of all rounds, shape (artists,)."""
        right = np.nansum(self.top1 * self.questions, axis=0)
        return np.asarray(right / np.maximum(self.questions.sum(axis=0), 1))


def macro(shares: NDArray[np.float64], weights: NDArray[np.float64] | None = None) -> float:
    """Mean over rounds (rows) of the weighted mean over artists (columns) that are not NaN."""
    weights = np.ones(shares.shape[1]) if weights is None else weights
    there = ~np.isnan(shares) * weights
    counted = there.sum(axis=1)
    sums = np.nansum(shares * weights, axis=1)[counted > 0]
    return float((sums / counted[counted > 0]).mean())


def per_artist(outcomes: Sequence[RoundOutcome]) -> PerArtist:
    artists = tuple(sorted({name for each in outcomes for name in np.array(each.truth)[each.known].tolist()}))
    shape = (len(outcomes), len(artists))
    top1, top5, counts = np.full(shape, np.nan), np.full(shape, np.nan), np.zeros(shape, np.int64)
    for number, each in enumerate(outcomes):
        truth, places = np.array(each.truth)[each.known], ranks(each)
        for column, artist in enumerate(artists):
            mine = places[truth == artist]
            if len(mine):
                top1[number, column], top5[number, column] = (mine < 1).mean(), (mine < _TOP).mean()
                counts[number, column] = len(mine)
    return PerArtist(artists, top1, top5, counts)


def macro_interval(shares: NDArray[np.float64], *, seed: int = 1) -> Interval:
    """Percentile interval of `macro` over resampled artists. `shares` may be differences of two methods."""
    rng = np.random.default_rng(seed)
    count = shares.shape[1]
    drawn = (np.bincount(rng.integers(count, size=count), minlength=count).astype(np.float64) for _ in range(RESAMPLES))
    low, high = np.quantile([macro(shares, weights) for weights in drawn], [0.025, 0.975])
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


def mean_over(
    outcomes: Sequence[RoundOutcome], measure: Callable[[NDArray[np.bool_], NDArray[np.float64]], float]
) -> float:
    """`auroc` or `fpr_at_tpr` of each round, averaged: acceptance is compared within a round, whose artists are the
    same. NaN if no round has both kinds of questions."""
    values = [measure(each.known, each.acceptance) for each in outcomes]
    return float(np.mean([value for value in values if not math.isnan(value)] or [math.nan]))
