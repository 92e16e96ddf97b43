"""The result of decoding: facts about a picture, and the small working picture for fingerprints."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ledger.image.limits import WORKING_SIDE, DecodeLimits

__all__ = ["WORKING_SIDE", "CanonicalImage", "DecodeLimits", "Pixels"]

Pixels = NDArray[np.uint8]
"""Rows of 8-bit sRGB, shape (height, width, 3)."""


@dataclass(frozen=True, slots=True)
class CanonicalImage:
    """A picture after decoding: EXIF-oriented, sRGB, without transparency (FORMAT.md, canonical pixels and views)."""

    sha256: str
    """Lowercase hex SHA-256 of the file's bytes."""
    media_type: str
    width: int
    height: int
    pixel_sha256: str
    """SHA-256 of `artledger/pixels/v1\\n`, width, height (uint32 big-endian) and the rows of RGB bytes, full size."""
    working: Pixels
    """The pixels, scaled down so that the longest side is at most WORKING_SIDE; never scaled up."""
    frames: int = 1
    """Frames or pages in the file."""
    frame: int = 1
    """Which of them this is, from 1."""
    over_black: bool = False
    """Whether its transparency lies over black, not over white."""
    tried: int = 1
    """How many frames were decoded to find it."""
    second: Pixels | None = None
    """The working picture of its second view, over black; None where it has none, or it was not asked for."""
