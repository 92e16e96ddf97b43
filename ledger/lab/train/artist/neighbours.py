"""Classifiers without a search for parameters: prototypes of artists, and their nearest works under CSLS."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ledger.match.artists.features import Floats
from ledger.match.artists.members import Neighbours

LEVEL = 10
"""Nearest works by others whose mean cosine is a work's level, as in CSLS."""
NEAREST = 3
"""Nearest works of an artist that count."""
SHARPNESS = 12.0
"""What a nearness is multiplied by before calibration: cosines of fused features differ by tenths."""


def fit_prototypes(features: Floats, labels: NDArray[np.int64], classes: int) -> Neighbours:
    """The mean of each class's L2-normalised works, compared by plain cosine."""
    rows = _normalised(features)
    present = np.unique(labels)
    means = _normalised(np.stack([rows[labels == label].mean(axis=0) for label in present]))
    return _neighbours(means, present, np.zeros(len(present)), 1, classes)


def fit_nearest(
    features: Floats, labels: NDArray[np.int64], classes: int, *, csls: bool = True, nearest: int = NEAREST
) -> Neighbours:
    """Every work; with `csls`, works that are near to everything count less."""
    rows = _normalised(features)
    levels = np.zeros(len(rows))
    if csls:
        near = rows @ rows.T
        near[labels[:, None] == labels] = -np.inf
        count = min(LEVEL, int(np.isfinite(near).sum(axis=1).min()))
        if count:
            levels = np.sort(near, axis=1)[:, -count:].mean(axis=1)
    return _neighbours(rows, labels, levels, nearest, classes)


def _neighbours(
    works: Floats, labels: NDArray[np.int64], levels: NDArray[np.float64], nearest: int, classes: int
) -> Neighbours:
    sharpness = np.array([SHARPNESS, nearest], np.float32)
    return Neighbours(works, labels.astype(np.int32), levels.astype(np.float32), sharpness, classes)


def _normalised(rows: Floats) -> Floats:
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12), np.float32)
