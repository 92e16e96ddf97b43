"""Reads, as FORMAT.md says, the metadata that changes canonical pixels: the orientation of an EXIF block, and the
transparent colour of a PNG. Runs in a worker."""

from __future__ import annotations

import struct

from PIL import Image

_PREFIX = b"Exif\0\0"
_ORIENTATION, _SHORT = 0x0112, 3
_PNG_DEPTH, _PNG_COLOUR = 24, 25
"""Offsets of bits per sample and colour type in a PNG, whose first chunk is IHDR."""
_GREY = 0


def exif_orientation(exif: bytes) -> int:
    """The first Orientation entry, a SHORT, of an EXIF block's first directory (EXIF 2.32, 4.6.2): 1 to 8.

    1 if there is none, or the block is damaged before it.
    """
    block = exif.removeprefix(_PREFIX)
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(block[:4])
    if order is None:
        return 1
    try:
        (start,) = struct.unpack_from(f"{order}I", block, 4)
        (entries,) = struct.unpack_from(f"{order}H", block, start)
        for number in range(entries):
            tag, kind, count, value = struct.unpack_from(f"{order}HHIH", block, start + 2 + 12 * number)
            if (tag, kind) == (_ORIENTATION, _SHORT) and count:
                return value if 1 <= value <= 8 else 1
    except struct.error:
        pass
    return 1


def settle_transparency(picture: Image.Image, data: bytes) -> None:
    """Sets a PNG's transparent colour in the scale of the loaded samples; removes it for 16 bits, whose low bytes are
    already lost."""
    depth, colour = data[_PNG_DEPTH], data[_PNG_COLOUR]
    transparent = picture.info.get("transparency")
    if depth == 16:
        picture.info.pop("transparency", None)
    elif colour == _GREY and depth in (2, 4) and isinstance(transparent, int):
        picture.info["transparency"] = (transparent & (1 << depth) - 1) * 255 // ((1 << depth) - 1)
