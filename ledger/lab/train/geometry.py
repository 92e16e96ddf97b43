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
from ledger.match.geometry.learned import LEAST_PLACES, LearnedRule
from ledger.match.geometry.verification import MOST_EVIDENCE, GeometryRule, Hypothesis

MISTAKEN = 0.02
"""Share of the nearest unrelated pictures that may pass: many that pass are unmarked variants.

The p-value of a verified copy says how sure it is.
"""
LEARNED_MISTAKEN = 0.002
"""The same for the second verifier, which is asked about ten works at once."""
MOST_LEARNED = 3.0
"""Largest log Bayes factor of the second verifier. The pictures that it is fitted on are of many collections. In one
collection of clip art, 70 of 7,900 nearest works by other artists pass (flags, signs and icons of one design), and a
quarter of the copies: a factor of e to the 3.3. Larger evidence does not change which works it verifies, but raises
them above works that the first verifier is surer of, and with them the error rates of all."""
_START = GeometryRule(
    intercept=-2.0,
    inliers=0.4,
    correlation=4.0,
    closeness=0.9,
    few=12,
    few_distance=0.2,
    threshold=0.0,
    unverified=0.0,
    learned=LearnedRule(threshold=math.inf, evidence=0.0),
)
"""`few` and `few_distance` are not fitted: they always keep flags and signs of one design apart."""
_ROUNDS = 5


@dataclass(frozen=True, slots=True)
class ComparedPair:
    """The hypotheses that a query and a work show one picture."""

    first: Sequence[Hypothesis]
    learned: Sequence[Hypothesis]
    """Of the second verifier."""


@dataclass(frozen=True, slots=True)
class GeometryFit:
    rule: GeometryRule
    verified: float
    """Share of copies that the rule verifies."""
    mistaken: float
    """Share of the given unrelated pairs that it verifies."""
    learned_verified: float
    """Share of the other copies that the second verifier verifies."""
    learned_mistaken: float


def fit_geometry(copies: Sequence[ComparedPair], unrelated: Sequence[ComparedPair]) -> GeometryFit:
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
    fit = _with_threshold(rule, _weights(copies, rule), _weights(unrelated, rule))
    return _with_learned(fit, copies, unrelated)


def evidence_of(pair: ComparedPair, rule: GeometryRule) -> float:
    """The pair's log Bayes factor under the rule."""
    weight = _weight(pair, rule)
    return min(weight, MOST_EVIDENCE) if weight >= rule.threshold else rule.unverified


def learned_evidence_of(pair: ComparedPair, rule: GeometryRule) -> float:
    """The pair's log Bayes factor under the second verifier's rule."""
    return rule.learned.evidence if rule.learned.verifies(_places_alike(pair)) else rule.unverified


def _weight(pair: ComparedPair, rule: GeometryRule) -> float:
    return max((rule.weigh(item.inliers, item.compared) for item in pair.first), default=-math.inf)


def _places_alike(pair: ComparedPair) -> float:
    return max((item.places_alike() for item in pair.learned), default=0.0)


def _with_learned(fit: GeometryFit, copies: Sequence[ComparedPair], unrelated: Sequence[ComparedPair]) -> GeometryFit:
    """Adds the second verifier's rule, fitted on the pairs that the first does not verify."""
    rule = fit.rule
    own, others = (
        np.array([_places_alike(pair) for pair in pairs if _weight(pair, rule) < rule.threshold])
        for pairs in (copies, unrelated)
    )
    least = float(np.quantile(others, 1 - LEARNED_MISTAKEN, method="higher")) if others.size else 0.0
    threshold = max(float(LEAST_PLACES), least)
    found, wrong = own > threshold, others > threshold
    passed = (np.count_nonzero(found) + 1) / (len(own) + 2)
    mistaken = (np.count_nonzero(wrong) + 1) / (len(others) + 2)
    learned = LearnedRule(round(threshold, 6), min(MOST_LEARNED, max(0.0, math.log(passed / mistaken))))
    return replace(
        fit,
        rule=replace(rule, learned=learned),
        learned_verified=float(found.mean()) if found.size else 0.0,
        learned_mistaken=float(wrong.mean()) if wrong.size else 0.0,
    )


def _with_threshold(rule: GeometryRule, copies: NDArray[np.float64], unrelated: NDArray[np.float64]) -> GeometryFit:
    """Adds the threshold that lets MISTAKEN pass, but never one at which the evidence speaks against a copy."""
    threshold = max(0.0, round(float(np.quantile(unrelated, 1 - MISTAKEN, method="higher")) + 1e-6, 6))
    verified, mistaken = copies >= threshold, unrelated >= threshold
    missed = (np.count_nonzero(~verified) + 1) / (len(copies) + 2)
    refused = (np.count_nonzero(~mistaken) + 1) / (len(unrelated) + 2)
    fitted = replace(rule, threshold=threshold, unverified=math.log(missed / refused))
    return GeometryFit(fitted, float(verified.mean()), float(mistaken.mean()), 0.0, 0.0)


def _weights(pairs: Sequence[ComparedPair], rule: GeometryRule) -> NDArray[np.float64]:
    return np.array([_weight(pair, rule) for pair in pairs])


def _best(found: ComparedPair, rule: GeometryRule) -> Hypothesis | None:
    return max(found.first, key=lambda item: rule.weigh(item.inliers, item.compared), default=None)


def _measures(item: Hypothesis) -> tuple[float, float, float]:
    """The measures that GeometryRule weighs, in the order of its fields."""
    base = replace(_START, intercept=0.0, inliers=0.0, correlation=0.0, closeness=0.0, few=0)
    return (
        replace(base, inliers=1.0).weigh(item.inliers, item.compared),
        replace(base, correlation=1.0).weigh(item.inliers, item.compared),
        replace(base, closeness=1.0).weigh(item.inliers, item.compared),
    )
