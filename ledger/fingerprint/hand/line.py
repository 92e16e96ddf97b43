"""Measures of line: edges, outlines and strokes."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ledger.fingerprint.hand.canvas import Canvas, Mask, Measures, entropy, quantiles, shares

_EDGE = 12.0
"""Gradient, in levels a pixel, from which a pixel lies on an edge."""
_DARK = 70
"""Grey level below which a pixel may belong to a dark stroke."""
_WIDE = 0.04
"""Strokes wider than this share of the longest side are areas."""
_ORIENTATIONS = 8
_RING = 2
"""Pixels inside the silhouette that count as its outline."""


def line(canvas: Canvas) -> Measures:
    edges = canvas.steps > _EDGE
    return {
        **shares(canvas.steps[canvas.drawn], (2.0, 12.0, 40.0, 80.0), "step"),
        "edge_length": float(edges.sum()) / (canvas.side * 10),
        "edge_strength": float(canvas.steps[edges].mean()) / 128 if edges.any() else 0.0,
        **_sharpness(canvas),
        **_directions(canvas, edges),
        **_outline(canvas),
        **_strokes(canvas),
    }


def _sharpness(canvas: Canvas) -> Measures:
    """How much of the gradient is left at half and at a quarter of the size: soft edges keep more."""
    small, measures = canvas.grey, {}
    whole = max(float(canvas.steps.mean()), 1e-3)
    for scale in (2, 4):
        small = np.asarray(cv2.resize(small, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8) \
            if min(small.shape) > 1 else small  # fmt: skip
        across, down = (cv2.Scharr(small, cv2.CV_32F, *each, scale=1 / 32) for each in ((1, 0), (0, 1)))
        measures[f"softness_{scale}"] = float(np.asarray(cv2.magnitude(across, down)).mean()) / whole / scale
    return measures


def _directions(canvas: Canvas, edges: Mask) -> Measures:
    """Of edges: level, upright or slanted; and how straight they are (coherence of the structure tensor)."""
    across, down = canvas.across[edges], canvas.down[edges]
    angle = np.arctan2(down, across) % np.pi
    place = np.minimum((angle * (_ORIENTATIONS / np.pi)).astype(np.int64), _ORIENTATIONS - 1)
    counts = np.bincount(place, minlength=_ORIENTATIONS).astype(np.float64)
    small = tuple(cv2.resize(each, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA) if min(each.shape) > 1 else each
                  for each in (canvas.across, canvas.down))  # fmt: skip
    xx, yy, xy = (cv2.blur(each, (9, 9)) for each in (small[0] ** 2, small[1] ** 2, small[0] * small[1]))
    trace = np.asarray(xx + yy)
    there = trace > 4.0
    coherence = (np.sqrt((xx - yy) ** 2 + 4 * xy**2) / np.maximum(trace, 1e-6))[there]
    near_axis = np.minimum(angle % (np.pi / 2), np.pi / 2 - angle % (np.pi / 2)) < np.pi / 36
    return {
        "direction_entropy": entropy(counts),
        "direction_axis": float(near_axis.mean()) if near_axis.size else 0.0,
        "direction_level": float(counts[[0, -1]].sum() / max(1.0, counts.sum())),
        "straight_mean": float(coherence.mean()) if coherence.size else 0.0,
        "straight_deviation": float(coherence.std()) if coherence.size else 0.0,
        "corner_share": float((coherence < 0.4).mean()) if coherence.size else 0.0,
    }


def _outline(canvas: Canvas) -> Measures:
    """Of the ring just inside the silhouette: how dark, how coloured, against what lies further in."""
    inside = (~canvas.ground).astype(np.uint8)
    near = np.asarray(cv2.erode(inside, np.ones((3, 3), np.uint8), borderValue=1), np.uint8)
    far = np.asarray(cv2.erode(near, np.ones((3, 3), np.uint8), iterations=_RING, borderValue=1), np.uint8)
    ring, rest = (near & ~far & 1).astype(np.bool_), far.astype(np.bool_)
    grey, saturation = canvas.grey, canvas.hsv[..., 1]
    length = float(ring.sum())
    if not length:
        names = ("outline_p10", "outline_p50", "outline_p90", "outline_dark", "outline_saturation", "outline_contrast",
                 "outline_deviation", "outline_length")  # fmt: skip
        return dict.fromkeys(names, 0.0)
    inner = float(grey[rest].mean()) if rest.any() else float(grey[ring].mean())
    return {
        **quantiles(grey[ring], "outline"),
        "outline_dark": float((grey[ring] < _DARK).mean()),
        "outline_saturation": float(saturation[ring].mean()) / 255,
        "outline_contrast": (inner - float(grey[ring].mean())) / 255,
        "outline_deviation": float(grey[ring].std()) / 255,
        "outline_length": length / (canvas.side * 10),
    }


def _strokes(canvas: Canvas) -> Measures:
    """Widths of dark strokes and of light ones, from the distance to their edge along their middle."""
    dark = (canvas.grey < _DARK) & ~canvas.ground
    light = ~dark & ~canvas.ground
    return {
        **_widths(dark, canvas.side, "stroke"),
        **_widths(light, canvas.side, "area"),
        "dark_share": float(dark[canvas.drawn].mean()),
    }


def _widths(mask: NDArray[np.bool_], side: int, prefix: str) -> Measures:
    mask = np.pad(mask, 1)  # what touches the border ends there
    away = np.asarray(cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 3), np.float32)
    middle = mask & (away >= cv2.dilate(away, np.ones((3, 3), np.uint8)) - 1e-3)
    widths = away[middle] * (2 / side)
    if not widths.size:
        return dict.fromkeys((f"{prefix}_{each}" for each in ("p25", "p50", "p90", "evenness", "thin", "length")), 0.0)
    low, half, high = np.log1p(200 * np.quantile(widths, [0.25, 0.5, 0.9]))
    return {
        f"{prefix}_p25": float(low),
        f"{prefix}_p50": float(half),
        f"{prefix}_p90": float(high),
        f"{prefix}_evenness": float(widths.std() / widths.mean()),
        f"{prefix}_thin": float((widths < _WIDE).mean()),
        f"{prefix}_length": float(np.log1p(widths.size / side)),
    }
