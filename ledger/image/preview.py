"""The stored preview of a work, for geometric verification and pages. Only this module writes and reads previews."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from PIL import Image

from ledger.errors import IntegrityError
from ledger.image.canonical_image import Pixels

PREVIEW_SIDE = 256
"""Longest side, in pixels."""

_QUALITY = 80


def preview_of(working: Pixels) -> Pixels:
    """The working picture (height, width, 3), scaled down so that its longest side is at most PREVIEW_SIDE."""
    picture = Image.fromarray(working)
    picture.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE), Image.Resampling.LANCZOS)
    return np.asarray(picture)


def make_preview(working: Pixels) -> bytes:
    """`preview_of` as lossy WebP."""
    file = BytesIO()
    Image.fromarray(preview_of(working)).save(file, "WEBP", quality=_QUALITY, method=2)
    return file.getvalue()


def read_preview(data: bytes) -> Pixels:
    """Pixels of a preview made by `make_preview`. Raises IntegrityError (`bad-preview`) for anything else."""
    try:
        with Image.open(BytesIO(data), formats=["WEBP"]) as picture:
            if max(picture.size) > PREVIEW_SIDE:
                raise IntegrityError(f"a stored preview is larger than {PREVIEW_SIDE} pixels", code="bad-preview")
            return np.asarray(picture.convert("RGB"))
    except (OSError, ValueError, SyntaxError) as error:
        raise IntegrityError(f"a stored preview cannot be read: {error}", code="bad-preview") from error
