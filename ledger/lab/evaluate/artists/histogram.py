"""The plain baseline: a histogram of colours and one of the directions of edges."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ledger.image.canonical_image import Pixels

NAME = "histogram"
VERSION = 1
_HUES, _SATURATIONS, _VALUES, _DIRECTIONS = 8, 4, 4, 8
_HUE_WIDTH = 23
"""Of OpenCV's 180 hues: eight bins, the last a little smaller."""


def histogram(picture: Pixels) -> NDArray[np.float32]:
    """Square roots of shares (Hellinger), shape (136,): 8 hues x 4 saturations x 4 values, then 8 directions."""
    hue, saturation, value = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2HSV), np.int64).reshape(-1, 3).T
    place = ((hue // _HUE_WIDTH) * _SATURATIONS + (saturation * _SATURATIONS // 256)) * _VALUES
    colours = np.bincount(place + value * _VALUES // 256, minlength=_HUES * _SATURATIONS * _VALUES) / len(hue)
    grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)
    across, down = (np.asarray(cv2.Sobel(grey, cv2.CV_32F, *each)) for each in ((1, 0), (0, 1)))
    angle = np.arctan2(down, across) % np.pi
    direction = np.minimum((angle * (_DIRECTIONS / np.pi)).astype(np.int64), _DIRECTIONS - 1)
    lengths = np.bincount(direction.ravel(), weights=np.hypot(across, down).ravel(), minlength=_DIRECTIONS)
    edges = lengths / max(float(lengths.sum()), 1e-9)
    return np.asarray(np.sqrt(np.concatenate([colours, edges])), np.float32)
