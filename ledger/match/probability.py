"""Turns scores into probabilities: isotonic regression (Zadrozny and Elkan 2002), copies against unrelated pictures."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ledger.match.score import Curve

_SUREST = 0.998
"""Largest probability; a few thousand measured pairs support no stronger claim."""
_MOST_KNOTS = 40


def fit_odds(copies: NDArray[np.float64], unrelated: Sequence[NDArray[np.float64]], prior: float) -> Curve:
    """Non-decreasing log-odds that a picture's first match is the work it was copied from, over the first match's
    score, if a share `prior` of the pictures are copies.

    `copies`: scores of copies with their own works. `unrelated`: collections of best scores of unrelated pictures,
    which weigh the same. To every other work a copy is an unrelated picture too, so its first match is its own work
    where that scores higher than an unrelated picture's best. Isotonic regression with knots at the middles of its
    steps, linear between them, so that it has no jumps.
    """
    from scipy.optimize import isotonic_regression  # imported here: it takes 0.25 s and only calibrating needs it

    null = np.concatenate(unrelated)
    share = np.concatenate([np.full(len(each), 1 / (len(unrelated) * len(each))) for each in unrelated])
    right = prior / len(copies) * _below(null, share, copies)
    wrong = share * (1 - prior + prior * _below(copies, np.full(len(copies), 1 / len(copies)), null, or_equal=True))
    counted = right > 0
    scores = np.concatenate([copies[counted], null])
    order = np.argsort(scores, kind="stable")
    target = np.r_[np.ones(int(counted.sum())), np.zeros(len(null))][order]
    weight = np.r_[right[counted], wrong]
    fitted = isotonic_regression(target, weights=weight[order])
    edges = fitted.blocks
    middles = [float(np.median(scores[order][start:end])) for start, end in pairwise(edges)]
    chances = np.clip(fitted.x[edges[:-1]], 1 - _SUREST, _SUREST)
    return _thinned(np.array(middles), np.log(chances / (1 - chances)))


def _below(
    scores: NDArray[np.float64], weight: NDArray[np.float64], limits: NDArray[np.float64], *, or_equal: bool = False
) -> NDArray[np.float64]:
    """The weight of the scores below (or equal to) each limit."""
    order = np.argsort(scores, kind="stable")
    total = np.r_[0.0, np.cumsum(weight[order])]
    return np.asarray(total[np.searchsorted(scores[order], limits, side="right" if or_equal else "left")], np.float64)


def _thinned(knots: NDArray[np.float64], values: NDArray[np.float64]) -> Curve:
    """At most _MOST_KNOTS of the knots, each larger than the one before in six digits."""
    distinct = np.flatnonzero(np.diff(knots, prepend=-np.inf) > 1e-5)
    if len(distinct) < 2:
        return Curve((float(knots[0]) - 1, float(knots[0])), (float(values[0]), float(values[0])))
    chosen = distinct[np.unique(np.linspace(0, len(distinct) - 1, _MOST_KNOTS).astype(int))]
    return Curve(tuple(knots[chosen].tolist()), tuple(values[chosen].tolist()))
