"""What several measures of technique need of one picture, computed once."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ledger.image.canonical_image import Pixels

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]
Measures = dict[str, float]
"""Named numbers, always in the same order."""

GROUND_LEVELS = 10
"""Levels, of 255, by which a pixel may differ from the ground's colour: antialiasing and light compression."""


@dataclass(frozen=True, slots=True)
class Canvas:
    """A working picture, shape (height, width, 3), and its parts of shape (height, width)."""

    rgb: Pixels
    hsv: Pixels
    """OpenCV's 8-bit form: hue 0 to 179, saturation and value 0 to 255."""
    grey: NDArray[np.uint8]
    steps: Floats
    """Length of the grey gradient, in levels a pixel."""
    across: Floats
    """The gradient from left to right."""
    down: Floats
    ground: Mask
    """The ground: everything of the border's colour that is connected with the border."""
    drawn: Mask
    """What is drawn on the ground; the whole picture if nothing is."""

    @property
    def side(self) -> int:
        """The longest side, to which lengths are related."""
        return int(max(self.grey.shape))

    @classmethod
    def of(cls, rgb: Pixels) -> Canvas:
        """`rgb`: uint8 of any size."""
        rgb = np.ascontiguousarray(rgb)
        grey = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8)
        # A Scharr kernel divided by its weight: levels a pixel, equal in all directions (Scharr 2000).
        across, down = (
            np.asarray(cv2.Scharr(grey, cv2.CV_32F, dx, dy, scale=1 / 32), np.float32) for dx, dy in ((1, 0), (0, 1))
        )
        steps = np.asarray(cv2.magnitude(across, down), np.float32)
        hsv = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2HSV), np.uint8)
        ground = _ground(rgb)
        drawn = np.ones_like(ground) if ground.all() else ~ground
        return cls(rgb, hsv, grey, steps, across, down, ground, drawn)


def _ground(rgb: Pixels) -> Mask:
    border = np.concatenate([rgb[0], rgb[-1], rgb[:, 0], rgb[:, -1]])
    colour = np.median(border, axis=0).astype(np.float64)
    low, high = np.maximum(colour - GROUND_LEVELS, 0), np.minimum(colour + GROUND_LEVELS, 255)
    alike = cv2.inRange(rgb, low, high)
    _, parts = cv2.connectedComponents(alike, connectivity=4, ltype=cv2.CV_16U)
    parts = np.asarray(parts)
    touching = np.unique(np.concatenate([parts[0], parts[-1], parts[:, 0], parts[:, -1]]))
    kept = np.zeros(int(parts.max()) + 1, np.bool_)
    kept[touching] = True
    kept[0] = False
    ground: Mask = kept[parts]
    return ground


def shares(values: Floats, limits: tuple[float, ...], prefix: str) -> Measures:
    """For each limit, the share of the values above it."""
    count = max(1, values.size)
    return {f"{prefix}_above_{limit:g}": float(np.count_nonzero(values > limit)) / count for limit in limits}


def quantiles(values: NDArray[np.uint8], prefix: str, at: tuple[int, ...] = (10, 50, 90)) -> Measures:
    """Percentiles of values in 0 to 255, through their histogram; zeros without values."""
    counts = np.cumsum(np.bincount(values.ravel(), minlength=256))
    total = int(counts[-1])
    found = [int(np.searchsorted(counts, max(1.0, total * each / 100))) / 255 if total else 0.0 for each in at]
    return {f"{prefix}_p{each}": value for each, value in zip(at, found, strict=True)}


def entropy(weights: NDArray[np.float64]) -> float:
    """Of a distribution, in bits; 0 for no weight at all."""
    total = float(weights.sum())
    if total <= 0:
        return 0.0
    shares_of = weights[weights > 0] / total
    return float(-(shares_of * np.log2(shares_of)).sum())
