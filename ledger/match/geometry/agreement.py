"""Finds the similarity transform that most matches between the local features of two pictures agree on.

A match has a position, a scale and a direction, so each single match proposes a transform. All proposals are tried and
nothing is random, so equal input gives equal output.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ledger.fingerprint.local_features import LocalFeatures

Affine = NDArray[np.float64]
"""Shape (2, 3): maps work pixels (x, y, 1) to query pixels."""

_RATIO = 0.85
"""Lowe's ratio: a match must be this much nearer than the second nearest keypoint."""
_MIN_MATCHES = 3
WORK_TOLERANCE = 8.0
"""Largest error of an agreeing match, in pixels of the work's picture."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """A transform, and the number of distinct places of the work that it maps to the same feature of the query."""

    transform: Affine
    inliers: int


def agree(work: LocalFeatures, query: LocalFeatures, sides: tuple[int, int], tolerance: float) -> Agreement | None:
    """The transform (a similarity, refined to affine) on which most matches agree within `tolerance` query pixels, and
    within WORK_TOLERANCE pixels of the work: in a work that is much smaller in the query, everything lies close.

    `sides`: the longer side, in pixels, of the work's picture and of the query.
    """
    if len(work) < _MIN_MATCHES or len(query) < _MIN_MATCHES:
        return None
    near, far = _matches(work.descriptors, query.descriptors)
    if len(near) < _MIN_MATCHES:
        return None
    source = work.points[near].astype(np.float64) * sides[0]
    target = query.points[far].astype(np.float64) * sides[1]
    scale = (query.scales[far] * sides[1] / (work.scales[near] * sides[0])).astype(np.float64)
    turn = (query.angles[far] - work.angles[near]).astype(np.float64)
    inliers = _best_proposal(source, target, scale, turn, np.minimum(tolerance, WORK_TOLERANCE * scale))
    transform: Affine | None = None
    for _ in range(3):
        if _distinct(source[inliers]) < _MIN_MATCHES:
            return None
        transform = _fit(source[inliers], target[inliers])
        residual = np.linalg.norm(_apply(transform, source) - target, axis=1)
        inliers = residual < min(tolerance, WORK_TOLERANCE * _scale(transform))
    count = _distinct(source[inliers])
    return Agreement(transform, count) if transform is not None and count >= _MIN_MATCHES else None


def _matches(work: NDArray[np.float32], query: NDArray[np.float32]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Indices of work keypoints and of the query keypoints nearest to them that pass the ratio test."""
    similarity = work @ query.T
    rows = np.arange(len(work))
    nearest = similarity.argmax(axis=1)
    best = similarity[rows, nearest]
    similarity[rows, nearest] = -1
    second = similarity.max(axis=1)
    # Distances of unit vectors: squared distance = 2 - 2 cosine.
    passed = (1 - best) < _RATIO**2 * (1 - second)
    return rows[passed], nearest[passed]


def _best_proposal(
    source: NDArray[np.float64],
    target: NDArray[np.float64],
    scale: NDArray[np.float64],
    turn: NDArray[np.float64],
    tolerance: NDArray[np.float64],
) -> NDArray[np.bool_]:
    cosine, sine = scale * np.cos(turn), scale * np.sin(turn)
    offset = source[None, :, :] - source[:, None, :]
    x = target[:, None, 0] + cosine[:, None] * offset[..., 0] - sine[:, None] * offset[..., 1]
    y = target[:, None, 1] + sine[:, None] * offset[..., 0] + cosine[:, None] * offset[..., 1]
    # A proposal's own errors in scale and direction grow with the distance from its keypoint.
    slack = 2 * tolerance[:, None] + 0.1 * scale[:, None] * np.linalg.norm(offset, axis=2)
    close = np.hypot(x - target[None, :, 0], y - target[None, :, 1]) < slack
    similar = np.abs(np.log(scale[None, :] / scale[:, None])) < np.log(1.6)
    parallel = np.cos(turn[None, :] - turn[:, None]) > np.cos(np.radians(25))
    support: NDArray[np.bool_] = close & similar & parallel
    best: NDArray[np.bool_] = support[support.sum(axis=1).argmax()]
    return best


def _fit(source: NDArray[np.float64], target: NDArray[np.float64]) -> Affine:
    """Least squares: affine with eight places or more, else a similarity, since an affine fit would follow noise."""
    if _distinct(source) >= 8:
        design = np.column_stack([source, np.ones(len(source))])
        return np.linalg.lstsq(design, target, rcond=None)[0].T.astype(np.float64)
    centre, aim = source.mean(axis=0), target.mean(axis=0)
    points, aims = (source - centre) @ [1, 1j], (target - aim) @ [1, 1j]
    factor = np.vdot(points, aims) / max(np.vdot(points, points).real, 1e-9)
    linear = np.array([[factor.real, -factor.imag], [factor.imag, factor.real]])
    return np.column_stack([linear, aim - linear @ centre])


def _scale(transform: Affine) -> float:
    """Query pixels for a pixel of the work."""
    return float(np.sqrt(abs(np.linalg.det(transform[:, :2]))))


def _apply(transform: Affine, points: NDArray[np.float64]) -> NDArray[np.float64]:
    return points @ transform[:, :2].T + transform[:, 2]


def _distinct(points: NDArray[np.float64]) -> int:
    """How many of the points lie at different places (2 pixels apart): SIFT gives one corner several directions."""
    return len(np.unique(np.round(points / 2), axis=0))
