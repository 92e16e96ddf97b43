"""Reads the directories of a TIFF file without decoding: TIFF 6.0 section 2, and BigTIFF with 64-bit offsets."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from ledger.errors import InputError

_WIDTHS = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
"""Bytes of a value of each field type."""
_UNSIGNED = {1: "B", 3: "H", 4: "I", 7: "B", 16: "Q"}
"""The codes in `struct` of the field types of whole numbers."""
_STRIPS = frozenset((273, 324))
"""StripOffsets and TileOffsets."""
_SIZES = frozenset((279, 325))
"""StripByteCounts and TileByteCounts."""
_PROFILE, _PLANAR, _SEPARATE = 34675, 284, 2
_FACTS = {
    254: "subfile",
    256: "width",
    257: "height",
    258: "bits",
    259: "compression",
    262: "photometric",
    277: "samples",
    339: "sample_format",
}
"""Tags whose first number is a field of Directory."""
_MOST_ENTRIES = 65_535
"""Largest number of entries read per directory; a TIFF that is not a BigTIFF cannot have more."""


@dataclass(slots=True)
class Directory:
    """The facts that one directory states."""

    offset: int
    """Where its entries begin."""
    entries: int
    width: int = 0
    height: int = 0
    strips: int = 0
    tag_bytes: int = 0
    profile_bytes: int = 0
    subfile: int = 0
    bits: int = 1
    compression: int = 1
    photometric: int = 0
    samples: int = 1
    sample_format: int = 1
    planar: bool = False
    end: int = 0
    """Where the data of the strips and tiles ends that are listed first and last."""


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
    layout = _layout(data)
    big = layout.offset.size == 8
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


_NO_PAGE = 0b101
"""Bits of NewSubfileType: a smaller version of another page, a mask of it."""


def is_page(directory: Directory) -> bool:
    return not directory.subfile & _NO_PAGE


def pages(data: bytes) -> Iterator[int]:
    """Numbers, from 0, of the directories that are pages. The first directory always counts."""
    yield 0
    for number, directory in enumerate(directories(data)):
        if number and is_page(directory):
            yield number


def _layout(data: bytes) -> _Layout:
    order = "<" if data[:2] == b"II" else ">"
    big = data[2:4] in (b"+\0", b"\0+")
    return _Layout(
        "little" if order == "<" else "big",
        struct.Struct(order + ("Q" if big else "H")),
        struct.Struct(order + ("HHQ8s" if big else "HHI4s")),
        struct.Struct(order + ("Q" if big else "I")),
    )


def tag_values(data: bytes, directory: Directory, tags: frozenset[int]) -> dict[int, tuple[int, ...]]:
    """The unsigned numbers of these tags of a directory, as many of each as the file has. Tags of other field types
    are left out."""
    layout = _layout(data)
    found: dict[int, tuple[int, ...]] = {}
    for number in range(min(directory.entries, _MOST_ENTRIES)):
        tag, kind, count, value = layout.entry.unpack_from(data, directory.offset + number * layout.entry.size)
        if tag not in tags or kind not in _UNSIGNED:
            continue
        width = _WIDTHS[kind]
        inline = width * count <= len(value)
        stored = value[: width * count] if inline else bytes(_elsewhere(data, value, width * count, layout))
        order = "<" if layout.order == "little" else ">"
        found[tag] = struct.unpack(
            f"{order}{len(stored) // width}{_UNSIGNED[kind]}", stored[: len(stored) // width * width]
        )
    return found


def _directory(data: bytes, start: int, number: int, layout: _Layout) -> Directory:
    directory = Directory(start, number)
    offsets, sizes = (0, 0), (0, 0)
    for position in range(start, start + min(number, _MOST_ENTRIES) * layout.entry.size, layout.entry.size):
        tag, kind, count, value = layout.entry.unpack_from(data, position)
        size = _WIDTHS.get(kind, 0) * count
        directory.tag_bytes += size
        stored = value[:size] if size <= len(value) else _elsewhere(data, value, size, layout)
        if tag in _STRIPS:
            directory.strips += count
            offsets = _ends(stored, kind, layout)
        elif tag in _SIZES:
            sizes = _ends(stored, kind, layout)
        elif tag == _PROFILE:
            directory.profile_bytes += size
        elif tag == _PLANAR:
            directory.planar = _number(stored, kind, layout) == _SEPARATE
        elif tag in _FACTS:
            setattr(directory, _FACTS[tag], _number(stored, kind, layout))
    directory.end = max(offset + size for offset, size in zip(offsets, sizes, strict=True))
    return directory


def _elsewhere(data: bytes, value: bytes, size: int, layout: _Layout) -> memoryview:
    """The content of a value that the entry points to."""
    offset = int.from_bytes(value, layout.order)
    return memoryview(data)[offset : offset + size]


def _ends(stored: bytes | memoryview, kind: int, layout: _Layout) -> tuple[int, int]:
    """The first and the last number of a value."""
    width = _WIDTHS.get(kind, 1)
    return _number(stored, kind, layout), _number(stored[-width:], kind, layout)


def _number(stored: bytes | memoryview, kind: int, layout: _Layout) -> int:
    """The first unsigned number of a value; 0 for other field types."""
    width = _WIDTHS.get(kind, 0)
    return int.from_bytes(stored[:width], layout.order) if kind in (1, 3, 4, 16) else 0
