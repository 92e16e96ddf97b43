"""Reads HEIC and HEIF pictures with libheif and libde265 (pi-heif: decoders only).

`ledger.image.structure` has checked the declared sizes before. libheif's own limits stay on.
"""

from __future__ import annotations

from io import BytesIO

import pi_heif
from PIL import Image

from ledger.image.failures import NOT_HEVC, unsupported
from ledger.image.frame import Frame
from ledger.image.limits import DecodeLimits
from ledger.image.structure import check_pixels

# One thread per picture: the pool has one worker per processor. Other pictures in the file are not decoded.
pi_heif.options.DECODE_THREADS = 1
pi_heif.options.THUMBNAILS = pi_heif.options.DEPTH_IMAGES = pi_heif.options.AUX_IMAGES = False


def heif_frame(data: bytes, limits: DecodeLimits) -> Frame:
    """The primary picture, with 8 bits, cropped, turned and mirrored as the file says.

    Raises InputError (`too-many-pixels`, `unsupported-format`), and what libheif raises: OSError, ValueError,
    RuntimeError, SyntaxError.
    """
    file = pi_heif.HeifFile(BytesIO(data), convert_hdr_to_8bit=True)
    image = next((each for each in file if each.info["primary"]), None)
    if image is None:  # others in the file may be readable, such as single tiles
        if b"hvc1" not in data:
            raise unsupported(NOT_HEVC)
        raise ValueError("its primary picture cannot be read")
    check_pixels(image.size[0] * image.size[1], limits)
    pixels = image.data  # decoding can correct the size
    check_pixels(image.size[0] * image.size[1], limits)
    # A copy: what libheif hands out is valid no longer than its file.
    picture = Image.frombytes(image.mode, image.size, pixels, "raw", image.mode, image.stride)
    profile = image.info.get("icc_profile")
    if isinstance(profile, bytes):
        picture.info["icc_profile"] = profile
    return Frame(picture)
