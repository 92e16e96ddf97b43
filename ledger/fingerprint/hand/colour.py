"""Measures of colour: palette, saturation, hue."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ledger.fingerprint.hand.canvas import Canvas, Measures, entropy, quantiles

HUES = 12
"""Hue bins of 30 degrees."""
_GREY = 24
"""Saturation, of 255, up to which a pixel counts as grey."""
_STRIDE = 2
"""Every second pixel of every second row: shares and means of colours need no more, and cost a quarter."""
_COARSE_BITS = 4
"""Bits a channel of the coarse palette: antialiasing and compression do not add colours there."""
_LEVELS = np.arange(256)
_WEB = _LEVELS % 51 == 0
"""Levels of the web-safe palette."""
_ENDS = (_LEVELS == 0) | (_LEVELS == 255)


def colour(canvas: Canvas) -> Measures:
    drawn = canvas.drawn[::_STRIDE, ::_STRIDE]
    if not drawn.any():
        drawn = np.ones_like(drawn)
    pixels, hsv = canvas.rgb[::_STRIDE, ::_STRIDE][drawn], canvas.hsv[::_STRIDE, ::_STRIDE][drawn]
    hue, saturation, value = hsv[:, 0], hsv[:, 1], hsv[:, 2]
    coloured = saturation > _GREY
    return {
        **_palette(pixels),
        **quantiles(saturation, "saturation"),
        "saturation_deviation": _deviation(saturation),
        **quantiles(value, "value"),
        "value_deviation": _deviation(value),
        "grey_share": float(1 - coloured.mean()),
        "white_share": float(((value > 245) & (saturation < 10)).mean()),
        "black_share": float((value < 32).mean()),
        "saturated_share": float((saturation > 240).mean()),
        **_hues(hue[coloured], saturation[coloured]),
        **_lab(pixels),
    }


def _deviation(values: NDArray[np.uint8]) -> float:
    return float(np.asarray(cv2.meanStdDev(np.ascontiguousarray(values))[1]).item()) / 255


def _palette(pixels: NDArray[np.uint8]) -> Measures:
    """Of the exact colours, and of coarse ones."""
    red, green, blue = (pixels[:, index].astype(np.int32) for index in range(3))
    exact = np.bincount((red >> 2 << 12) | (green >> 2 << 6) | (blue >> 2), minlength=1 << 18)
    coarse = np.bincount((red >> 4 << 8) | (green >> 4 << 4) | (blue >> 4), minlength=1 << (3 * _COARSE_BITS))
    largest = -np.sort(-coarse[coarse > 0])
    count = len(pixels)
    web, ends = (table[red] & table[green] & table[blue] for table in (_WEB, _ENDS))
    return {
        "palette_exact": float(np.log2(1 + np.count_nonzero(exact))),
        "palette_frequent": float(np.log2(1 + np.count_nonzero(exact > count // 200))),
        "palette_coarse": float(np.log2(1 + len(largest))),
        "palette_entropy": entropy(coarse.astype(np.float64)),
        "palette_first": float(largest[0]) / count,
        "palette_first_3": float(largest[:3].sum()) / count,
        "palette_first_8": float(largest[:8].sum()) / count,
        "palette_web": float(web.mean()),
        "palette_pure": float(ends.mean()),
    }


def _hues(hue: NDArray[np.uint8], saturation: NDArray[np.uint8]) -> Measures:
    counts = np.bincount(hue // (180 // HUES), weights=saturation, minlength=HUES)[:HUES].astype(np.float64)
    total = max(float(counts.sum()), 1.0)
    angles = hue.astype(np.float32) * np.float32(np.pi / 90)
    weight = saturation.astype(np.float32)
    spread = np.hypot(float((np.cos(angles) * weight).sum()), float((np.sin(angles) * weight).sum()))
    return {
        **{f"hue_{360 // HUES * index}": float(each) / total for index, each in enumerate(counts)},
        "hue_entropy": entropy(counts),
        "hue_concentration": float(spread) / max(float(weight.sum()), 1.0),
    }


def _lab(pixels: NDArray[np.uint8]) -> Measures:
    found = cv2.meanStdDev(cv2.cvtColor(pixels[:, None], cv2.COLOR_RGB2LAB))
    means, deviations = (np.asarray(each, np.float64).ravel() / 255 for each in found)
    # Hasler and Suesstrunk 2003, over CIELAB: how far colours are from grey, and from one another.
    colourfulness = np.hypot(*deviations[1:]) + 0.37 * np.hypot(*(means[1:] - 0.5))
    return {
        **{f"lab_{name}_mean": float(each) for name, each in zip("lab", means, strict=True)},
        **{f"lab_{name}_deviation": float(each) for name, each in zip("lab", deviations, strict=True)},
        "colourfulness": float(colourfulness),
    }
