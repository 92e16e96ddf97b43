"""Reads the merged image of Photoshop files (PSD and PSB), as Adobe's specification of the file formats describes it.

Layers are never read. The merged image's rows are raw or packed as in a TIFF, so Pillow's TIFF decoder reads them.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from PIL import Image

from ledger.errors import InputError
from ledger.image.failures import unsupported
from ledger.image.frame import Frame
from ledger.image.kinds.channels import Stored, read_channels

_MODES = {0: ("1", 1), 1: ("L", 1), 2: ("P", 1), 3: ("RGB", 3), 4: ("CMYK", 4), 8: ("L", 1), 9: ("LAB", 3)}
"""Mode and number of channels of each colour mode; a duotone (8) is shown as its greys."""
_NAMES = {0: "bitmap", 1: "grey", 2: "indexed", 3: "RGB", 4: "CMYK", 7: "multichannel", 8: "duotone", 9: "CIELAB"}
_RAW, _PACKED = 0, 1
_PACK_BITS = 32773
_PROFILE, _CLEAR_INDEX, _VERSION_INFO = 1039, 1047, 1057
_INVERTED = [255 - value for value in range(256)]
_TIFF_HEAD = b"MM\0*\0\0\0\0"
"""In place of the file's first eight bytes, so that the TIFF decoder takes it; samples of 16 bits are big-endian."""


@dataclass(frozen=True, slots=True)
class _Merged:
    """Where the merged image is, and what the file says of it."""

    start: int
    width: int
    height: int
    channels: int
    bits: int
    wide: bool
    """Whether it is a PSB, whose lengths have more bytes."""


def photoshop_frame(data: bytes) -> Frame:
    """The merged image. `ledger.image.structure` has checked its size.

    Raises InputError (`unsupported-format`, which names the variant; `damaged`), and what Pillow raises.
    """
    version, channels, height, width, bits, mode = struct.unpack_from(">4xH6xHIIHH", data)
    name, colours = _MODES.get(mode, ("", 0))
    if not name or (name == "1") != (bits == 1) or bits not in (1, 8, 16) or (name == "P" and bits != 8):
        raise unsupported(f"Photoshop, {_NAMES.get(mode, f'colours of kind {mode}')}, {bits} bits per channel")
    position, palette = _section(data, 26, 4)
    position, resources = _section(data, position, 4)
    found = dict(_resources(data, *resources))
    if found.get(_VERSION_INFO, b"\0\0\0\1\1")[4:5] == b"\0":
        raise InputError(
            "Photoshop, saved without a merged image: only its layers are in the file",
            code="unsupported-format",
            hint="Save it in Photoshop with “Maximize compatibility”, or export it as PNG.",
        )
    wide = version == 2
    position, layers = _section(data, position, 8 if wide else 4)
    if channels < colours:
        raise InputError("the PSD file is damaged: it has too few channels", code="damaged")
    merged = _Merged(position, width, height, channels, bits, wide)
    transparent = channels > colours and name != "P" and _first_is_transparency(data, *layers, wide=wide)
    planes = [_plane(data, merged, number) for number in range(colours + transparent)]
    picture = _picture(name, planes[:colours], data[slice(*palette)], found)
    return Frame(picture, 1, planes[colours] if transparent else None, matted=True)


def _section(data: bytes, position: int, length: int) -> tuple[int, tuple[int, int]]:
    """The end of a section with its length before it, and the range of its content."""
    start = position + length
    end = start + int.from_bytes(data[position:start])
    if end > len(data):
        raise EOFError("truncated")
    return end, (start, end)


def _resources(data: bytes, position: int, end: int) -> Iterator[tuple[int, bytes]]:
    """Number and content of the image resources; the first of each that matters here."""
    wanted = {_PROFILE, _CLEAR_INDEX, _VERSION_INFO}
    while position + 12 <= end:
        number, name = struct.unpack_from(">4xHB", data, position)
        start = position + 6 + (name // 2 + 1) * 2
        size = int.from_bytes(data[start : start + 4])
        if number in wanted:
            wanted.remove(number)
            yield number, data[start + 4 : min(start + 4 + size, end)]
        position = start + 4 + size + size % 2


def _first_is_transparency(data: bytes, start: int, end: int, *, wide: bool) -> bool:
    """Whether the first channel after the colours is the merged image's transparency: a negative count of layers."""
    at = start + (8 if wide else 4)
    return at + 2 <= end and int.from_bytes(data[at : at + 2], signed=True) < 0


def _plane(data: bytes, merged: _Merged, number: int) -> Image.Image:
    width, height = merged.width, merged.height
    row = (width * merged.bits + 7) // 8
    kind = int.from_bytes(data[merged.start : merged.start + 2])
    start = merged.start + 2
    if kind == _RAW:
        offsets: tuple[int, ...] = (start + number * row * height,)
        sizes: tuple[int, ...] = (row * height,)
    elif kind == _PACKED:
        # The lengths of all rows come first; those of later channels are not needed.
        rows = struct.unpack_from(f">{(number + 1) * height}{'I' if merged.wide else 'H'}", data, start)
        start += merged.channels * height * (4 if merged.wide else 2) + sum(rows[: number * height])
        sizes = rows[number * height :]
        offsets = tuple(accumulate(sizes[:-1], initial=start))
    else:
        raise unsupported(f"Photoshop, compression {kind} of the merged image")
    if offsets[-1] + sizes[-1] > len(data):
        raise EOFError("truncated")
    stored = Stored(width, height, merged.bits, _PACK_BITS if kind else 1, offsets, sizes, 1 if kind else height)
    return read_channels(_TIFF_HEAD + data[len(_TIFF_HEAD) :], stored)[0]


def _picture(name: str, planes: list[Image.Image], palette: bytes, found: dict[int, bytes]) -> Image.Image:
    if name == "P":
        picture = Image.frombytes("P", planes[0].size, planes[0].tobytes())
        colours = palette.ljust(768, b"\0")
        picture.putpalette([colours[at + step] for at in range(256) for step in (0, 256, 512)])
        if len(clear := found.get(_CLEAR_INDEX, b"")) >= 2 and clear[:1] == b"\0":
            picture.info["transparency"] = clear[1]
    elif name == "CMYK":
        picture = Image.merge(name, [plane.point(_INVERTED) for plane in planes])
    else:
        picture = planes[0] if len(planes) == 1 else Image.merge(name, planes)
    if profile := found.get(_PROFILE):
        picture.info["icc_profile"] = profile
    return picture
