"""Learned local features: keypoints that stay in place under heavy blur, pixelation and noise, where SIFT finds few.

XFeat (Potje et al., CVPR 2024, arXiv:2404.19174); licence and origin of the weights: weights/xfeat.md. Features are
computed from previews when they are needed, so nothing is stored. This module imports ONNX Runtime, so import it late.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load as load_safetensors

from ledger.errors import IntegrityError
from ledger.fingerprint.learned_parameters import (
    LEAST_SCORE,
    LONGEST_SIDE,
    MOST_POINTS,
    SPACING,
    WEIGHTS_FILE,
    WEIGHTS_SHA256,
)
from ledger.fingerprint.networks.graph import Floats, Graph, Network
from ledger.fingerprint.networks.xfeat import CELL, DESCRIPTOR, MULTIPLE, feature_maps
from ledger.image.canonical_image import Pixels

_SMALLEST = 1e-5


@dataclass(frozen=True, slots=True)
class LearnedFeatures:
    """n keypoints of a picture, the surest first."""

    points: Floats
    """Shape (n, 2): x, y in the picture's pixels."""
    descriptors: Floats
    """Shape (n, DESCRIPTOR), rows L2-normalised."""


def learned_features(picture: Pixels) -> LearnedFeatures:
    """At most MOST_POINTS features of a picture (height, width, 3), scaled to LONGEST_SIDE; possibly none."""
    height, width = picture.shape[:2]
    factor = LONGEST_SIDE / max(height, width)
    sides = [max(MULTIPLE, round(side * factor / MULTIPLE) * MULTIPLE) for side in (width, height)]
    shrinks = max(height, width) > LONGEST_SIDE
    small = cv2.resize(picture, sides, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    grey = np.asarray(small, np.float32).mean(axis=2)
    deviation = np.sqrt(grey.var() + _SMALLEST)
    maps = _network()(((grey - grey.mean()) / deviation)[np.newaxis, np.newaxis])[0]
    rows, columns, scores = _keypoints(maps[DESCRIPTOR + 1 : -1])
    scores *= _sampled(maps[DESCRIPTOR : DESCRIPTOR + 1], rows, columns)[:, 0]
    best = np.argsort(-scores, kind="stable")[:MOST_POINTS]
    rows, columns = rows[best], columns[best]
    directions = maps[:DESCRIPTOR] / np.maximum(np.linalg.norm(maps[:DESCRIPTOR], axis=0, keepdims=True), _SMALLEST)
    found = _sampled(directions, rows, columns)
    scale = np.array([width / sides[0], height / sides[1]], np.float32)
    return LearnedFeatures(
        points=(np.column_stack([columns, rows]).astype(np.float32) + 0.5) * scale,
        descriptors=np.asarray(found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), _SMALLEST), np.float32),
    )


def _keypoints(scores: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats]:
    """Rows, columns and scores of the pixels that have the best score around. `scores`: (64, h/8, w/8)."""
    _, height, width = scores.shape
    full = scores.reshape(CELL, CELL, height, width).transpose(2, 0, 3, 1).reshape(height * CELL, width * CELL)
    full = np.ascontiguousarray(full)
    best = cv2.dilate(full, np.ones((SPACING, SPACING), np.uint8))
    rows, columns = np.nonzero((full == best) & (full > LEAST_SCORE))
    return rows, columns, full[rows, columns]


def _sampled(maps: Floats, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Floats:
    """Values of maps (channels, h/8, w/8) at pixels, bilinear: shape (n, channels)."""
    _, height, width = maps.shape
    y = np.clip((rows + 0.5) / CELL - 0.5, 0, height - 1).astype(np.float32)
    x = np.clip((columns + 0.5) / CELL - 0.5, 0, width - 1).astype(np.float32)
    top, left = np.minimum(y.astype(np.intp), max(height - 2, 0)), np.minimum(x.astype(np.intp), max(width - 2, 0))
    bottom, right = np.minimum(top + 1, height - 1), np.minimum(left + 1, width - 1)
    down, across = y - top, x - left
    upper = maps[:, top, left] * (1 - across) + maps[:, top, right] * across
    lower = maps[:, bottom, left] * (1 - across) + maps[:, bottom, right] * across
    return np.asarray((upper * (1 - down) + lower * down).T, np.float32)


@cache
def _network() -> Network:
    """Raises IntegrityError (`weights-changed`)."""
    data = WEIGHTS_FILE.read_bytes()
    if hashlib.sha256(data).hexdigest() != WEIGHTS_SHA256:
        raise IntegrityError(
            f"the file {WEIGHTS_FILE.name} was changed: its SHA-256 differs from the published one",
            code="weights-changed",
            hint="Reinstall artledger.",
        )
    graph = Graph({name: tensor.astype(np.float32) for name, tensor in load_safetensors(data).items()}, channels=1)
    return graph.compile(feature_maps(graph))
