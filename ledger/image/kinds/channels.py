"""Reads single channels of raw or packed rows by giving them to Pillow's TIFF decoder as grey pictures.

A TIFF of any number of channels becomes grey TIFFs that the decoder knows: one per channel where the file keeps its
channels apart, else one whose rows have all channels. The data is not copied apart from that: a new directory at the
end of the file points to the same strips or tiles.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace
from io import BytesIO

from PIL import Image, ImageChops

_SHORT, _LONG = "H", "I"
_FIELD_TYPES = {_SHORT: 3, _LONG: 4}
"""Of a TIFF, by their codes in `struct`."""
_GREY, _WHITE_IS_ZERO = 1, 0
_CARRY = [0, *[1] * 255]
Numbers = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Stored:
    """How a TIFF stores the samples of one channel, or of `channels` channels in each pixel."""

    width: int
    height: int
    bits: int
    """8 or 16; 1 with one channel."""
    compression: int
    offsets: Numbers
    sizes: Numbers
    rows: int
    """Rows of a strip or a tile."""
    channels: int = 1
    tile_width: int = 0
    """0 where the file has strips."""
    differences: bool = False
    """Whether each sample is stored as its difference from the one to the left (predictor 2)."""
    fill_order: int = 1

    def of(self, offsets: Numbers, sizes: Numbers, channels: int = 1) -> Stored:
        """The same with other strips or tiles, of so many channels."""
        return replace(self, offsets=offsets, sizes=sizes, channels=channels)


def read_channels(data: bytes, stored: Stored) -> list[Image.Image]:
    """The channels of a file, each of mode L (mode 1 for one bit), of 16 bits the high byte."""
    if stored.channels == 1:
        return [_high_byte(_grey(data, stored))]
    wide = replace(
        stored,
        width=stored.width * stored.channels,
        tile_width=stored.tile_width * stored.channels,
        channels=1,
        differences=False,
    )
    low, high = _bytes_of(_grey(data, wide))
    size = (stored.width, stored.height)
    channels = []
    for number in range(stored.channels):
        least, most = (
            Image.frombytes("L", size, each[number :: stored.channels]) if each else None for each in (low, high)
        )
        assert most is not None  # noqa: S101 - only the low bytes can be missing
        channels.append(_summed(least, most, stored.tile_width or stored.width) if stored.differences else most)
    return channels


def _grey(data: bytes, stored: Stored) -> Image.Image:
    order = "<" if data[:2] == b"II" else ">"
    tags = _tags(stored)
    start = len(data) + len(data) % 2
    outside_at = start + 2 + 12 * len(tags) + 4
    entries, outside = b"", b""
    for tag, kind, values in tags:
        body = struct.pack(f"{order}{len(values)}{kind}", *values)
        entries += struct.pack(order + "HHI", tag, _FIELD_TYPES[kind], len(values))
        if len(body) > 4:
            entries, outside = entries + struct.pack(order + "I", outside_at + len(outside)), outside + body
        else:
            entries += body.ljust(4, b"\0")
    directory = struct.pack(order + "H", len(tags)) + entries + bytes(4) + outside
    # A BigTIFF, too, gets the header of a plain one: no offset is beyond four bytes.
    head = struct.pack(order + "2sHI", data[:2], 42, start)
    file = b"".join((head, data[len(head) :], bytes(len(data) % 2), directory))
    with Image.open(BytesIO(file), formats=["TIFF"]) as picture:
        picture.load()
        return picture


def _tags(stored: Stored) -> Sequence[tuple[int, str, Numbers]]:
    photometric = _WHITE_IS_ZERO if stored.bits == 1 else _GREY
    tiled = bool(stored.tile_width)
    return [
        (256, _LONG, (stored.width,)),
        (257, _LONG, (stored.height,)),
        (258, _SHORT, (stored.bits,)),
        (259, _SHORT, (stored.compression,)),
        (262, _SHORT, (photometric,)),
        (266, _SHORT, (stored.fill_order,)),
        *([] if tiled else [(273, _LONG, stored.offsets)]),
        (277, _SHORT, (1,)),
        *([] if tiled else [(278, _LONG, (stored.rows,)), (279, _LONG, stored.sizes)]),
        (284, _SHORT, (1,)),
        *([(317, _SHORT, (2,))] if stored.differences else []),
        *([(322, _LONG, (stored.tile_width,)), (323, _LONG, (stored.rows,))] if tiled else []),
        *([(324, _LONG, stored.offsets), (325, _LONG, stored.sizes)] if tiled else []),
    ]


def _bytes_of(grey: Image.Image) -> tuple[bytes, bytes]:
    """The low bytes (empty for 8 bits) and the high bytes of all samples."""
    pixels = grey.tobytes()
    if not grey.mode.startswith("I;16"):
        return b"", pixels
    return (pixels[1::2], pixels[::2]) if grey.mode == "I;16B" else (pixels[::2], pixels[1::2])


def _high_byte(grey: Image.Image) -> Image.Image:
    if not grey.mode.startswith("I;16"):
        return grey
    return Image.frombytes("L", grey.size, _bytes_of(grey)[1])


def _summed(low: Image.Image | None, high: Image.Image, tile: int) -> Image.Image:
    """The high bytes of the running sums of each row, which begin anew in each tile."""
    columns = range(0, high.width, tile)
    for left in columns:
        box = (left, 0, min(left + tile, high.width), high.height)
        low_part = None if low is None else low.crop(box)
        high.paste(_running_sum(low_part, high.crop(box)), box)
    return high


def _running_sum(low: Image.Image | None, high: Image.Image) -> Image.Image:
    """In log2(width) steps, each of which adds the sums so far from `step` columns to the left."""
    step = 1
    while step < high.width:
        high = ImageChops.add_modulo(high, _shifted(high, step))
        if low is not None:
            total = ImageChops.add_modulo(low, _shifted(low, step))
            # Where the sum of the low bytes is less than one of them, it has carried.
            carry = ImageChops.subtract(low, total).point(_CARRY)
            high, low = ImageChops.add_modulo(high, carry), total
        step *= 2
    return high


def _shifted(picture: Image.Image, step: int) -> Image.Image:
    moved = Image.new("L", picture.size)
    moved.paste(picture.crop((0, 0, picture.width - step, picture.height)), (step, 0))
    return moved
