"""Fits the rule that decides whether an aligned pair verifies a copy: open works, their edits, their likest works."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ledger.image.limits import WORKING_SIDE
from ledger.image.preview import PREVIEW_SIDE
from ledger.image.types import Pixels
from ledger.match.geometry import GeometryRule, Hypothesis, QueryGeometry
from ledger.train.edits import edit_randomly
from ledger.train.logistic import fit_nonnegative
from ledger.train.pictures import SourcePicture

MISTAKEN = 0.005
"""Share of the likest strangers that may pass: most of those that do are variants nobody marked as such."""
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
"""`few` and `few_distance` are not fitted: they keep flags and signs of one design apart, whatever the rest says."""
_ROUNDS = 5
_SAME = 0.97
_OFFERED = 5


@dataclass(frozen=True, slots=True)
class Example:
    """A query, the preview of the work that it was made from, and previews of works that it was not made from."""

    query: Pixels
    own: Pixels
    others: Sequence[Pixels]


def make_examples(pictures: Sequence[SourcePicture], *, count: int, seed: int) -> Iterator[Example]:
    """`count` of the pictures as queries, all but one in seven edited, each with the works that look most like it.

    Works so alike that they are the same drawing to the eye (_SAME) are not offered as strangers.
    """
    rng = random.Random(seed)  # noqa: S311 - reproducible, not secret
    previews = [_small(picture.image, PREVIEW_SIDE) for picture in pictures]
    thumbs = np.stack([_thumb(preview) for preview in previews])
    for index in rng.sample(range(len(pictures)), count):
        image = pictures[index].image
        if rng.random() < 6 / 7:
            image, _ = edit_randomly(image, rng)
        likeness = thumbs @ thumbs[index]
        likest = [other for other in np.argsort(-likeness) if other != index and likeness[other] < _SAME]
        yield Example(_small(image, WORKING_SIDE), previews[index], [previews[other] for other in likest[:_OFFERED]])


def _small(image: Image.Image, side: int) -> Pixels:
    small = image.copy()
    small.thumbnail((side, side), Image.Resampling.LANCZOS)
    return np.asarray(small)


def _thumb(picture: Pixels) -> NDArray[np.float32]:
    """24x24 colours as one vector of length one and mean zero."""
    levels = np.asarray(Image.fromarray(picture).resize((24, 24), Image.Resampling.BOX), np.float32).ravel()
    centred = levels - levels.mean()
    return np.asarray(centred / max(float(np.linalg.norm(centred)), 1e-6), np.float32)


@dataclass(frozen=True, slots=True)
class GeometryFit:
    rule: GeometryRule
    verified: float
    """Share of copies that the rule verifies."""
    mistaken: float
    """Share of the strangers offered that it verifies."""


def fit_geometry(examples: Iterable[Example]) -> GeometryFit:
    """Alternates between choosing the best hypothesis of each pair and fitting the weights."""
    copies: list[list[Hypothesis]] = []
    strangers: list[list[Hypothesis]] = []
    for example in examples:
        geometry = QueryGeometry(example.query)
        copies.append(list(geometry.hypotheses(example.own)))
        strangers.extend(list(geometry.hypotheses(other)) for other in example.others)
    ungated = replace(_START, few=0)
    labels = np.r_[np.ones(len(copies), np.bool_), np.zeros(len(strangers), np.bool_)]
    for _ in range(_ROUNDS):
        best = [_best(found, ungated) for found in (*copies, *strangers)]
        there = np.array([item is not None for item in best])
        design = np.array([_measures(item) for item in best if item is not None])
        intercept, weights = fit_nonnegative(design, labels[there], least=np.zeros(design.shape[1]))
        inliers, correlation, closeness = weights.tolist()
        ungated = replace(ungated, intercept=intercept, inliers=inliers, correlation=correlation, closeness=closeness)
    rule = replace(ungated, few=_START.few)
    return _with_threshold(rule, _weights(copies, rule), _weights(strangers, rule))


def _with_threshold(rule: GeometryRule, copies: NDArray[np.float64], strangers: NDArray[np.float64]) -> GeometryFit:
    """The threshold that lets MISTAKEN pass, but never one where the evidence speaks against a copy."""
    threshold = max(0.0, round(float(np.quantile(strangers, 1 - MISTAKEN, method="higher")) + 1e-6, 6))
    verified, mistaken = copies >= threshold, strangers >= threshold
    missed = (np.count_nonzero(~verified) + 1) / (len(copies) + 2)
    refused = (np.count_nonzero(~mistaken) + 1) / (len(strangers) + 2)
    fitted = replace(rule, threshold=threshold, unverified=math.log(missed / refused))
    return GeometryFit(fitted, float(verified.mean()), float(mistaken.mean()))


def _weights(pairs: Sequence[Sequence[Hypothesis]], rule: GeometryRule) -> NDArray[np.float64]:
    return np.array(
        [max((rule.weigh(item.inliers, item.compared) for item in found), default=-math.inf) for found in pairs]
    )


def _best(found: Sequence[Hypothesis], rule: GeometryRule) -> Hypothesis | None:
    return max(found, key=lambda item: rule.weigh(item.inliers, item.compared), default=None)


def _measures(item: Hypothesis) -> tuple[float, float, float]:
    """What GeometryRule weighs, in the order of its fields."""
    base = GeometryRule(0.0, 0.0, 0.0, 0.0, 0, 1.0, 0.0, 0.0)
    return (
        replace(base, inliers=1.0).weigh(item.inliers, item.compared),
        replace(base, correlation=1.0).weigh(item.inliers, item.compared),
        replace(base, closeness=1.0).weigh(item.inliers, item.compared),
    )
