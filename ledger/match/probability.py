"""Turns scores into probabilities: isotonic regression (Zadrozny and Elkan 2002), copies against unrelated pictures."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ledger.match.score import Curve

_SUREST = 0.998
"""Largest probability; a few thousand measured pairs support no stronger claim."""
_MOST_KNOTS = 40


def fit_odds(copies: NDArray[np.float64], unrelated: NDArray[np.float64], prior: float) -> Curve:
    """Non-decreasing log-odds of a copy over scores, if a share `prior` of the queries are copies.

    Isotonic regression with knots at the middles of its steps, linear between them, so that it has no jumps.
    """
    from scipy.optimize import isotonic_regression  # imported here: it takes 0.25 s and only calibrating needs it

    scores = np.concatenate([copies, unrelated])
    order = np.argsort(scores, kind="stable")
    target = np.r_[np.ones(len(copies)), np.zeros(len(unrelated))][order]
    weight = np.r_[np.full(len(copies), prior / len(copies)), np.full(len(unrelated), (1 - prior) / len(unrelated))]
    fitted = isotonic_regression(target, weights=weight[order])
    edges = fitted.blocks
    middles = [float(np.median(scores[order][start:end])) for start, end in pairwise(edges)]
    chances = np.clip(fitted.x[edges[:-1]], 1 - _SUREST, _SUREST)
    return _thinned(np.array(middles), np.log(chances / (1 - chances)))


def _thinned(knots: NDArray[np.float64], values: NDArray[np.float64]) -> Curve:
    """At most _MOST_KNOTS of the knots, each larger than the one before in six digits."""
    distinct = np.flatnonzero(np.diff(knots, prepend=-np.inf) > 1e-5)
    if len(distinct) < 2:
        return Curve((float(knots[0]) - 1, float(knots[0])), (float(values[0]), float(values[0])))
    chosen = distinct[np.unique(np.linspace(0, len(distinct) - 1, _MOST_KNOTS).astype(int))]
    return Curve(tuple(knots[chosen].tolist()), tuple(values[chosen].tolist()))
