"""Measures how much detail a picture has. The result selects the calibration bin, and shows whether a picture has
enough detail to be compared."""

from __future__ import annotations

import numpy as np
from PIL import Image

from ledger.image.canonical_image import CanonicalImage, Pixels
from ledger.image.shape import MAXIMUM_ASPECT, MINIMUM_SIDE, is_extreme, is_tiny

GRID = 32
CELL = 8
CONTRAST = 12
"""Levels, of 255, by which a channel must vary inside a cell with detail; JPEG noise stays below."""

MINIMUM_COMPLEXITY = 0.005


def complexity(pixels: Pixels) -> float:
    """Share, in [0, 1], of the cells of a 32x32 grid in which a colour channel varies visibly.

    The picture is first scaled to 256x256, so that size and compression matter little. Blank: 0; icons and line art:
    .05 to .4; photographs: above .6.
    """
    side = GRID * CELL
    small = np.asarray(Image.fromarray(pixels).resize((side, side), Image.Resampling.BILINEAR))
    bands = small.reshape(GRID, CELL, side * 3)
    highest = bands.max(axis=1).reshape(GRID, GRID, CELL, 3).max(axis=2)
    lowest = bands.min(axis=1).reshape(GRID, GRID, CELL, 3).min(axis=2)
    return float(((highest - lowest).max(axis=2) > CONTRAST).mean())


def comparable(image: CanonicalImage, detail: float) -> str | None:
    """None if the picture can be compared, else the reason why not. `detail`: its complexity."""
    if is_tiny(image.width, image.height):
        return f"tiny: {image.width}x{image.height} pixels, at least {MINIMUM_SIDE} on each side are needed"
    if is_extreme(image.width, image.height):
        return f"extreme aspect: {image.width}x{image.height} pixels, at most {MAXIMUM_ASPECT} to 1 can be compared"
    if detail < MINIMUM_COMPLEXITY:
        return "blank or nearly so: hardly any pixel differs from its surroundings"
    return None
