"""Measures how much detail a picture has. It needs only Pillow, because decoding workers choose a view by it."""

from __future__ import annotations

from collections.abc import Callable

from PIL import Image, ImageChops

from ledger.image.shape import is_extreme, is_tiny

GRID = 32
CELL = 8
CONTRAST = 12
"""Levels, of 255, by which a channel must vary inside a cell with detail; JPEG noise stays below."""

MINIMUM_DETAIL = 0.005


def detail_of(picture: Image.Image) -> float:
    """Share, in [0, 1], of the cells of a 32x32 grid in which a colour channel varies visibly.

    The picture (mode RGB) is first scaled to 256x256, so that size and compression matter little. Blank: 0; icons and
    line art: .05 to .4; photographs: above .6.
    """
    side = GRID * CELL
    small = picture.resize((side, side), Image.Resampling.BILINEAR)
    varied = ImageChops.subtract(_over_cells(small, ImageChops.lighter), _over_cells(small, ImageChops.darker))
    red, green, blue = varied.split()
    most = ImageChops.lighter(ImageChops.lighter(red, green), blue).tobytes()
    cells = (most[row : row + side : CELL] for row in range(0, side * side, side * CELL))
    return sum(value > CONTRAST for row in cells for value in row) / GRID**2


def shows_something(picture: Image.Image, width: int, height: int) -> bool:
    """Whether a working picture of so many pixels at full size can be compared."""
    return not is_tiny(width, height) and not is_extreme(width, height) and detail_of(picture) >= MINIMUM_DETAIL


def _over_cells(picture: Image.Image, pick: Callable[[Image.Image, Image.Image], Image.Image]) -> Image.Image:
    """Each pixel with what `pick` chooses from the cell of which it is the upper left corner."""
    step = 1
    while step < CELL:
        picture = pick(picture, ImageChops.offset(picture, -step, 0))
        picture = pick(picture, ImageChops.offset(picture, 0, -step))
        step *= 2
    return picture
