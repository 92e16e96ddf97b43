"""The second verifier: learned features, for works that the local features of the first do not verify.

A similarity transform on which matches agree is no proof by itself: it verifies a wrong work for one unrelated picture
in eight. So the aligned pair must also look alike, tile by tile.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ledger.match.geometry.agreement import Affine, Agreement

if TYPE_CHECKING:
    from ledger.fingerprint.learned_features import LearnedFeatures

_NEAR = 0.75
"""Least cosine of a match."""
_TOLERANCE = 6.0
"""Largest error of an agreeing match, in pixels of the query's working picture."""
_ROUNDS = 2000
_SURE = 0.999
_PLACE = 3.0
"""Pixels. Points that are nearer than this count as one place."""
LEAST_PLACES = 26
"""Places that a transform must map; fewer agree by chance, and no rule verifies so few."""


@dataclass(frozen=True, slots=True)
class LearnedRule:
    """When the second verifier verifies, and what that is worth; fitted by `ledger.lab.train.geometry`."""

    threshold: float
    """Least product of agreeing places and the correlation of the aligned pair (`Hypothesis.places_alike`)."""
    evidence: float
    """Log Bayes factor of a copy that it verifies."""

    def verifies(self, places_alike: float) -> bool:
        return places_alike > self.threshold


def agree_learned(work: LearnedFeatures, query: LearnedFeatures) -> Agreement | None:
    """The similarity transform, from work to query pixels, on which most mutual nearest neighbours agree.

    Its inliers are distinct places, on the side that has fewer of them. Equal input gives equal output: OpenCV's RANSAC
    starts from a fixed seed.
    """
    if min(len(work.points), len(query.points)) < LEAST_PLACES:
        return None
    near, far = _mutual(work.descriptors @ query.descriptors.T)
    if len(near) < LEAST_PLACES:
        return None
    source, target = work.points[near], query.points[far]
    fitted: Any
    fitted, kept = cv2.estimateAffinePartial2D(
        source, target, method=cv2.RANSAC, ransacReprojThreshold=_TOLERANCE, maxIters=_ROUNDS, confidence=_SURE
    )
    if fitted is None:
        return None
    agreeing = np.asarray(kept)[:, 0].astype(np.bool_)
    places = min(_places(source[agreeing]), _places(target[agreeing]))
    found: Affine = np.asarray(fitted, np.float64)
    return Agreement(found, places) if places >= LEAST_PLACES else None


def _mutual(cosines: NDArray[np.float32]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and columns that are each other's nearest, and near enough."""
    rows = np.arange(len(cosines))
    columns = cosines.argmax(axis=1)
    mutual = (cosines.argmax(axis=0)[columns] == rows) & (cosines[rows, columns] > _NEAR)
    return rows[mutual], columns[mutual]


def _places(points: NDArray[np.float32]) -> int:
    return len(np.unique(np.round(points / _PLACE), axis=0))
