"""Fits the rule that decides whether an aligned pair is a verified copy.

It is fitted on copies, and on unrelated pictures with their nearest works.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ledger.lab.train.logistic import fit_nonnegative
from ledger.match.geometry.verification import MOST_EVIDENCE, GeometryRule, Hypothesis

MISTAKEN = 0.02
"""Share of the nearest unrelated pictures that may pass: many that pass are unmarked variants.

The p-value of a verified copy says how sure it is.
"""
_START = GeometryRule(
    intercept=-2.0,
    inliers=0.4,
    correlation=4.0,
    closeness=0.9,
    few=12,
    few_distance=0.2,
    threshold=0.0,
    unverified=0.0,
)
"""`few` and `few_distance` are not fitted: they always keep flags and signs of one design apart."""
_ROUNDS = 5


Pair = Sequence[Hypothesis]
"""The hypotheses that a query and a work show one picture."""


@dataclass(frozen=True, slots=True)
class GeometryFit:
    rule: GeometryRule
    verified: float
    """Share of copies that the rule verifies."""
    mistaken: float
    """Share of the given unrelated pictures that it verifies."""


def fit_geometry(copies: Sequence[Pair], unrelated: Sequence[Pair]) -> GeometryFit:
    """Alternates between choosing the best hypothesis of each pair and fitting the weights."""
    ungated = replace(_START, few=0)
    labels = np.r_[np.ones(len(copies), np.bool_), np.zeros(len(unrelated), np.bool_)]
    for _ in range(_ROUNDS):
        best = [_best(found, ungated) for found in (*copies, *unrelated)]
        there = np.array([item is not None for item in best])
        design = np.array([_measures(item) for item in best if item is not None])
        intercept, weights = fit_nonnegative(design, labels[there], least=np.zeros(design.shape[1]))
        inliers, correlation, closeness = weights.tolist()
        ungated = replace(ungated, intercept=intercept, inliers=inliers, correlation=correlation, closeness=closeness)
    rule = replace(ungated, few=_START.few)
    return _with_threshold(rule, _weights(copies, rule), _weights(unrelated, rule))


def evidence_of(pair: Pair, rule: GeometryRule) -> float:
    """The pair's log Bayes factor under the rule."""
    weight = max((rule.weigh(item.inliers, item.compared) for item in pair), default=-math.inf)
    return min(weight, MOST_EVIDENCE) if weight >= rule.threshold else rule.unverified


def _with_threshold(rule: GeometryRule, copies: NDArray[np.float64], unrelated: NDArray[np.float64]) -> GeometryFit:
    """Adds the threshold that lets MISTAKEN pass, but never one at which the evidence speaks against a copy."""
    threshold = max(0.0, round(float(np.quantile(unrelated, 1 - MISTAKEN, method="higher")) + 1e-6, 6))
    verified, mistaken = copies >= threshold, unrelated >= threshold
    missed = (np.count_nonzero(~verified) + 1) / (len(copies) + 2)
    refused = (np.count_nonzero(~mistaken) + 1) / (len(unrelated) + 2)
    fitted = replace(rule, threshold=threshold, unverified=math.log(missed / refused))
    return GeometryFit(fitted, float(verified.mean()), float(mistaken.mean()))


def _weights(pairs: Sequence[Pair], rule: GeometryRule) -> NDArray[np.float64]:
    return np.array(
        [max((rule.weigh(item.inliers, item.compared) for item in found), default=-math.inf) for found in pairs]
    )


def _best(found: Pair, rule: GeometryRule) -> Hypothesis | None:
    return max(found, key=lambda item: rule.weigh(item.inliers, item.compared), default=None)


def _measures(item: Hypothesis) -> tuple[float, float, float]:
    """The measures that GeometryRule weighs, in the order of its fields."""
    base = GeometryRule(0.0, 0.0, 0.0, 0.0, 0, 1.0, 0.0, 0.0)
    return (
        replace(base, inliers=1.0).weigh(item.inliers, item.compared),
        replace(base, correlation=1.0).weigh(item.inliers, item.compared),
        replace(base, closeness=1.0).weigh(item.inliers, item.compared),
    )
