"""Photoshop files with a merged image and no layers, as Adobe's specification describes them."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

BITMAP, GREY, INDEXED, RGB, CMYK, MULTICHANNEL, LAB = 0, 1, 2, 3, 4, 7, 9
PROFILE, CLEAR_INDEX, VERSION_INFO = 1039, 1047, 1057
NO_MERGED_IMAGE = {VERSION_INFO: b"\0\0\0\1\0" + bytes(12)}


def psd(
    size: tuple[int, int],
    mode: int,
    planes: Sequence[bytes],
    *,
    bits: int = 8,
    compression: int = 0,
    wide: bool = False,
    layers: int = 0,
    palette: bytes = b"",
    resources: Mapping[int, bytes] | None = None,
) -> bytes:
    """`planes`: the rows of each channel. `layers`: the count that the file states; negative where the first channel
    after the colours is transparency. `wide`: a PSB."""
    width, height = size
    head = b"8BPS" + struct.pack(">H6xHIIHH", 2 if wide else 1, len(planes), height, width, bits, mode)
    blocks = b"".join(
        b"8BIM" + struct.pack(">HHI", number, 0, len(body)) + body + bytes(len(body) % 2)
        for number, body in (resources or {}).items()
    )
    length = ">Q" if wide else ">I"
    info = struct.pack(">h", layers) + bytes(2)
    section = struct.pack(length, len(info)) + info
    return b"".join(
        (
            head,
            struct.pack(">I", len(palette)) + palette,
            struct.pack(">I", len(blocks)) + blocks,
            struct.pack(length, len(section)) + section,
            struct.pack(">H", compression),
            _packed(planes, height, wide=wide) if compression == 1 else b"".join(planes),
        )
    )


def _packed(planes: Sequence[bytes], height: int, *, wide: bool) -> bytes:
    """PackBits: each row in pieces of at most 128 literal bytes, and a run where a row has one value."""
    rows = [
        plane[at : at + len(plane) // height] for plane in planes for at in range(0, len(plane), len(plane) // height)
    ]
    packed = [_pack(row) for row in rows]
    return struct.pack(f">{len(packed)}{'I' if wide else 'H'}", *map(len, packed)) + b"".join(packed)


def _pack(row: bytes) -> bytes:
    if len(set(row)) == 1 and 1 < len(row) <= 128:
        return bytes((257 - len(row), row[0]))
    pieces = [row[at : at + 128] for at in range(0, len(row), 128)]
    return b"".join(bytes([len(piece) - 1]) + piece for piece in pieces)
