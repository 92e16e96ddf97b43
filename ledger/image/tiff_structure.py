"""Reads the directories of a TIFF file without decoding: TIFF 6.0 section 2, and BigTIFF with 64-bit offsets."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from ledger.errors import InputError

_WIDTHS = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
"""Bytes of a value of each field type."""
_STRIPS = frozenset((273, 324))
"""StripOffsets and TileOffsets."""
_WIDTH, _HEIGHT, _PROFILE = 256, 257, 34675
_MOST_ENTRIES = 65_535
"""Largest number of entries read per directory; a TIFF that is not a BigTIFF cannot have more."""


@dataclass(slots=True)
class Directory:
    """The facts that one directory states."""

    entries: int
    width: int = 0
    height: int = 0
    strips: int = 0
    tag_bytes: int = 0
    profile_bytes: int = 0


@dataclass(frozen=True, slots=True)
class _Layout:
    """The sizes and formats of a TIFF's or a BigTIFF's fields."""

    order: Literal["little", "big"]
    number: struct.Struct
    entry: struct.Struct
    offset: struct.Struct


def directories(data: bytes) -> Iterator[Directory]:
    """The directories of the chain, as far as it can be followed.

    Raises InputError (`damaged`) if the chain forms a loop.
    """
    order = "<" if data[:2] == b"II" else ">"
    big = data[2:4] in (b"+\0", b"\0+")
    layout = _Layout(
        "little" if order == "<" else "big",
        struct.Struct(order + ("Q" if big else "H")),
        struct.Struct(order + ("HHQ8s" if big else "HHI4s")),
        struct.Struct(order + ("Q" if big else "I")),
    )
    seen: set[int] = set()
    try:
        (offset,) = layout.offset.unpack_from(data, 8 if big else 4)
        while offset:
            if offset in seen:
                raise InputError(
                    "the TIFF file is damaged: its directories form a loop",
                    code="damaged",
                    hint="Save the picture again with another program.",
                )
            seen.add(offset)
            (number,) = layout.number.unpack_from(data, offset)
            yield _directory(data, offset + layout.number.size, number, layout)
            (offset,) = layout.offset.unpack_from(data, offset + layout.number.size + number * layout.entry.size)
    except struct.error:
        return


def _directory(data: bytes, start: int, number: int, layout: _Layout) -> Directory:
    directory = Directory(number)
    for position in range(start, start + min(number, _MOST_ENTRIES) * layout.entry.size, layout.entry.size):
        tag, kind, count, value = layout.entry.unpack_from(data, position)
        size = _WIDTHS.get(kind, 0) * count
        directory.tag_bytes += size
        if tag in _STRIPS:
            directory.strips += count
        elif tag == _PROFILE:
            directory.profile_bytes += size
        elif tag == _WIDTH:
            directory.width = _number(value, kind, layout)
        elif tag == _HEIGHT:
            directory.height = _number(value, kind, layout)
    return directory


def _number(value: bytes, kind: int, layout: _Layout) -> int:
    """The first unsigned number of a value that is stored in the entry itself; 0 for other field types."""
    width = _WIDTHS.get(kind, 0)
    return int.from_bytes(value[:width], layout.order) if kind in (1, 3, 4, 16) and width <= len(value) else 0
