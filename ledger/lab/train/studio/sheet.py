"""Pictures side by side in one file, for a person to look at."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_GAP = 4


def save_sheet(pixels: NDArray[np.uint8], path: Path, *, across: int) -> None:
    """pixels: shape (n, height, width, 3)."""
    count, height, width, _ = pixels.shape
    down = -(-count // across)
    sheet = np.full((down * (height + _GAP) - _GAP, across * (width + _GAP) - _GAP, 3), 255, np.uint8)
    for place, picture in enumerate(pixels):
        top, left = place // across * (height + _GAP), place % across * (width + _GAP)
        sheet[top : top + height, left : left + width] = picture
    Image.fromarray(sheet).save(path, optimize=True)
