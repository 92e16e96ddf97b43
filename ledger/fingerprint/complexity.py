"""How much detail a picture has. The result selects the calibration bin, and shows whether a picture has enough detail
to be compared."""

from __future__ import annotations

from PIL import Image

from ledger.image.canonical_image import CanonicalImage, Pixels
from ledger.image.detail import CELL, CONTRAST, GRID, MINIMUM_DETAIL, detail_of
from ledger.image.shape import MAXIMUM_ASPECT, MINIMUM_SIDE, is_extreme, is_tiny

__all__ = ["CELL", "CONTRAST", "GRID", "MINIMUM_COMPLEXITY", "comparable", "complexity"]

MINIMUM_COMPLEXITY = MINIMUM_DETAIL


def complexity(pixels: Pixels) -> float:
    """`detail_of` a working picture."""
    return detail_of(Image.fromarray(pixels))


def comparable(image: CanonicalImage, detail: float) -> str | None:
    """None if the picture can be compared, else the reason why not. `detail`: its complexity."""
    if is_tiny(image.width, image.height):
        return f"tiny: {image.width}x{image.height} pixels, at least {MINIMUM_SIDE} on each side are needed"
    if is_extreme(image.width, image.height):
        return f"extreme aspect: {image.width}x{image.height} pixels, at most {MAXIMUM_ASPECT} to 1 can be compared"
    if detail < MINIMUM_COMPLEXITY:
        return "blank or nearly so: hardly any pixel differs from its surroundings"
    return None
