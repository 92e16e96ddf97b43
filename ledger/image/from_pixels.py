"""Turns generated pixels, which have no file yet, into a CanonicalImage."""

from __future__ import annotations

import numpy as np
from PIL import Image

from ledger.image.canonical_image import CanonicalImage, Pixels
from ledger.image.canonical_pixels import canonical_pixels

PIXELS_TYPE = "application/vnd.artledger.pixels"
"""Media type of the bytes whose SHA-256 is `pixel_sha256` (FORMAT.md, canonical pixels)."""


def image_of(pixels: Pixels) -> CanonicalImage:
    """The CanonicalImage of 8-bit sRGB pixels, shape (height, width, 3), as decoding would return it.

    Its bytes are its canonical pixels, so both digests are equal. Raises ValueError for other shapes and types.
    """
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or not pixels.size:
        raise ValueError(f"not 8-bit RGB: shape {pixels.shape}, type {pixels.dtype}")
    found = canonical_pixels(Image.fromarray(np.ascontiguousarray(pixels)))
    return CanonicalImage(
        sha256=found.pixel_sha256,
        media_type=PIXELS_TYPE,
        width=found.width,
        height=found.height,
        pixel_sha256=found.pixel_sha256,
        working=np.asarray(found.working),
    )
