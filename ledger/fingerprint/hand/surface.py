"""Measures of surface: flat fills, gradients, noise and texture."""

from __future__ import annotations

import cv2
import numpy as np

from ledger.fingerprint.hand.canvas import Canvas, Measures, entropy

_FLAT = 0.25
"""Gradient, in levels a pixel, below which a surface is flat."""
_EDGE = 12.0
"""As in line.py."""
_BANDS = 4


def surface(canvas: Canvas) -> Measures:
    drawn = canvas.drawn
    steps = canvas.steps[drawn]
    smooth = (canvas.steps > _FLAT) & (canvas.steps < _EDGE / 2) & drawn
    return {
        "flat_share": float((steps <= _FLAT).mean()),
        "gentle_share": float(((steps > _FLAT) & (steps < 2)).mean()),
        "gradient_share": float(smooth.sum()) / max(1, int(drawn.sum())),
        "gradient_mean": float(canvas.steps[smooth].mean()) if smooth.any() else 0.0,
        **_gradient_directions(canvas, smooth),
        **_fills(canvas),
        **_noise(canvas),
        **_patterns(canvas),
    }


def _gradient_directions(canvas: Canvas, smooth: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> Measures:
    """Linear gradients have one direction, round ones all, scanned ones none."""
    angle = np.arctan2(canvas.down[smooth], canvas.across[smooth])
    counts = np.bincount(((angle + np.pi) * (8 / np.pi)).astype(np.int64) % 16, minlength=16).astype(np.float64)
    total = max(1.0, float(counts.sum()))
    return {
        "gradient_entropy": entropy(counts),
        "gradient_down": float(counts[3:6].sum() / total),
        "gradient_up": float(counts[11:14].sum() / total),
        "gradient_axis": float(counts.max() / total),
    }


def _fills(canvas: Canvas) -> Measures:
    """Areas of one flat colour: how many, how large, how much of the drawing."""
    flat = ((canvas.steps <= _FLAT) & ~canvas.ground).astype(np.uint8)
    count, _, stats, _ = cv2.connectedComponentsWithStats(flat, connectivity=4)
    areas = np.sort(np.asarray(stats)[1:count, cv2.CC_STAT_AREA].astype(np.float64))[::-1]
    drawn = max(1, int(canvas.drawn.sum()))
    large = areas[areas > drawn / 2000]
    return {
        "fill_count": float(np.log1p(len(large))),
        "fill_specks": float(np.log1p(len(areas) - len(large))),
        "fill_largest": float(areas[:1].sum()) / drawn,
        "fill_largest_5": float(areas[:5].sum()) / drawn,
        "fill_entropy": entropy(large),
    }


def _noise(canvas: Canvas) -> Measures:
    """What a median filter removes, outside edges; and the spectrum's fall from one octave to the next."""
    residual = np.asarray(cv2.absdiff(canvas.grey, cv2.medianBlur(canvas.grey, 3)), np.uint8)
    quiet = residual[(canvas.steps < _EDGE) & canvas.drawn].astype(np.float32)
    bands, level = [], canvas.grey
    for _ in range(_BANDS):
        if min(level.shape) < 4:
            bands.append(0.0)
            continue
        smooth = np.asarray(cv2.GaussianBlur(level, (5, 5), 0), np.uint8)
        bands.append(float(np.asarray(cv2.absdiff(level, smooth)).mean()))
        level = smooth[::2, ::2]
    total = max(sum(bands), 1e-3)
    return {
        "noise_mean": float(quiet.mean()) if quiet.size else 0.0,
        "noise_share": float((quiet > 1).mean()) if quiet.size else 0.0,
        "noise_peak": float(np.log1p(quiet.max())) if quiet.size else 0.0,
        **{f"band_{index}": each / total for index, each in enumerate(bands)},
        "detail": float(np.log1p(total)),
    }


def _patterns(canvas: Canvas) -> Measures:
    """Uniform local binary patterns by their number of brighter neighbours (Ojala, Pietikainen and Maenpaa 2002)."""
    grey = canvas.grey[::2, ::2].astype(np.int16)
    if min(grey.shape) < 3:
        return {f"pattern_{index}": 0.0 for index in range(10)}
    centre = grey[1:-1, 1:-1] + 3
    height, width = centre.shape
    around = ((0, 0), (0, 1), (0, 2), (1, 2), (2, 2), (2, 1), (2, 0), (1, 0))
    bits = [grey[top : top + height, left : left + width] > centre for top, left in around]
    ones, changes = np.zeros(centre.shape, np.uint8), np.zeros(centre.shape, np.uint8)
    for index, bit in enumerate(bits):
        ones += bit
        changes += bit != bits[index - 1]
    kind = np.where(changes <= 2, ones, 9)[~canvas.ground[2:-2:2, 2:-2:2][:height, :width]]
    counts = np.bincount(kind, minlength=10).astype(np.float64)
    return {f"pattern_{index}": float(each) for index, each in enumerate(counts / max(1.0, counts.sum()))}
