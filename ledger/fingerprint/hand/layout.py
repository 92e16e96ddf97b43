"""Measures of layout: silhouette, place on the page, symmetry."""

from __future__ import annotations

import cv2
import numpy as np

from ledger.fingerprint.hand.canvas import Canvas, Measures

_SMALL = 64
"""Side, in pixels, of the picture that is compared with its mirror images."""


def layout(canvas: Canvas) -> Measures:
    drawn = ~canvas.ground
    height, width = drawn.shape
    rows, columns = np.flatnonzero(drawn.any(axis=1)), np.flatnonzero(drawn.any(axis=0))
    if not len(rows):
        rows, columns = np.array([0, height - 1]), np.array([0, width - 1])
    top, bottom, left, right = int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
    box = drawn[top:bottom, left:right]
    return {
        "aspect": float(np.log2(width / height)),
        "box_aspect": float(np.log2((right - left) / (bottom - top))),
        "box_share": (right - left) * (bottom - top) / (height * width),
        "box_filled": float(box.mean()),
        "margin_top": top / height,
        "margin_bottom": 1 - bottom / height,
        "margin_left": left / width,
        "margin_right": 1 - right / width,
        "touches_border": float(np.concatenate([drawn[0], drawn[-1], drawn[:, 0], drawn[:, -1]]).mean()),
        **_silhouette(box, canvas.side),
        **_symmetry(canvas.grey[top:bottom, left:right]),
    }


def _silhouette(box: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], side: int) -> Measures:
    bordered = np.pad(box.astype(np.uint8), 1)
    contours, levels = cv2.findContours(bordered, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    outer = [] if levels is None else [
        each for each, level in zip(contours, np.asarray(levels).reshape(-1, 4), strict=True) if level[3] < 0
    ]  # fmt: skip
    area = max(1, int(box.sum()))
    kept = [each for each in outer if len(each) > side / 50]
    largest = max(outer, key=len, default=None)
    hull = 1.0 if largest is None else float(cv2.contourArea(cv2.convexHull(largest)))
    length = 0.0 if largest is None else float(cv2.arcLength(largest, closed=True))
    return {
        "parts": float(np.log1p(len(kept))),
        "holes": float(np.log1p(len(contours) - len(outer))),
        "outline_complexity": float(np.log1p(length * length / (4 * np.pi * area))),
        "solidity": min(2.0, float(cv2.contourArea(largest)) / max(hull, 1.0)) if largest is not None else 0.0,
    }


def _symmetry(grey: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> Measures:
    """Correlation of the drawing with its mirror images and with itself upside down; 0 for a plain one."""
    small = np.asarray(cv2.resize(grey, (_SMALL, _SMALL), interpolation=cv2.INTER_AREA), np.float32)
    small = small - small.mean()
    energy = max(float((small * small).sum()), 1e-3)
    turned = {"left_right": small[:, ::-1], "up_down": small[::-1], "half_turn": small[::-1, ::-1]}
    return {f"symmetry_{name}": float((small * each).sum()) / energy for name, each in turned.items()}
