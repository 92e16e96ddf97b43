"""Reads the layouts of a TIFF's channels that Pillow does not know: alpha beside CMYK, 16-bit grey with alpha, CIELAB
of 16 bits, channels that are stored apart, extra channels."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

from PIL import Image

from ledger.errors import InputError
from ledger.image.frame import Frame, associated
from ledger.image.kinds.channels import Numbers, Stored, read_channels
from ledger.image.kinds.tiff_structure import directories, tag_values
from ledger.image.limits import DecodeLimits
from ledger.image.structure import check_pixels

_COLOURS = {0: ("L", 1), 1: ("L", 1), 2: ("RGB", 3), 5: ("CMYK", 4), 8: ("LAB", 3)}
"""Mode and number of colour channels of each PhotometricInterpretation; of 0, white is zero."""
_COMPRESSIONS = frozenset((1, 5, 8, 32773, 32946))
"""None, LZW, Deflate, PackBits, and Deflate's older number."""
_ASSOCIATED, _UNASSOCIATED = 1, 2
_SIGNED = [value ^ 128 for value in range(256)]
_MOST_CHANNELS = 16
_TAGS = frozenset(
    (256, 257, 258, 259, 262, 266, 273, 274, 277, 278, 279, 284, 317, 322, 323, 324, 325, 332, 338, 339, 34675)
)


@dataclass(frozen=True, slots=True)
class _Layout:
    stored: Stored
    mode: str
    samples: int
    planar: bool
    extra: Numbers
    """What each channel beside the colours is."""
    white_is_zero: bool


def tiff_frame(data: bytes, page: int, limits: DecodeLimits) -> Frame | None:
    """Page `page` of a TIFF, from 0; None for a layout that is not read here either.

    Raises InputError (`too-many-pixels`), and what Pillow raises for damaged data.
    """
    directory = next(islice(directories(data), page, None), None)
    if directory is None:
        return None
    tags = tag_values(data, directory, _TAGS)
    layout = _layout(tags)
    if layout is None:
        return None
    check_pixels(layout.stored.width * layout.stored.height * layout.samples // 4, limits)
    channels = _channels(data, layout)
    colours, alpha, multiplied = _picture(layout, channels)
    if alpha is not None and multiplied:
        colours = associated(colours, alpha)
    if profile := tags.get(34675):
        colours.info["icc_profile"] = bytes(value & 255 for value in profile)
    return Frame(colours, tags.get(274, (1,))[0], alpha)


def _layout(tags: dict[int, Numbers]) -> _Layout | None:
    def one(tag: int, otherwise: int) -> int:
        return next(iter(tags.get(tag, ())), otherwise)

    photometric, samples, compression = one(262, -1), one(277, 1), one(259, 1)
    bits, formats = set(tags.get(258, (1,))), set(tags.get(339, (1,)))
    mode, colours = _COLOURS.get(photometric, ("", 0))
    known = mode and compression in _COMPRESSIONS and colours <= samples <= _MOST_CHANNELS
    if not known or bits not in ({8}, {16}) or not formats <= {1, 4} or one(332, 1) != 1 or one(317, 1) not in (1, 2):
        return None
    width, height, tile_width = one(256, 0), one(257, 0), one(322, 0)
    offsets, sizes = tags.get(324 if tile_width else 273, ()), tags.get(325 if tile_width else 279, ())
    if not width or not height or not offsets or len(offsets) != len(sizes):
        return None
    stored = Stored(
        width=width,
        height=height,
        bits=bits.pop(),
        compression=compression,
        offsets=offsets,
        sizes=sizes,
        rows=one(323, 0) if tile_width else min(one(278, height), height),
        tile_width=tile_width,
        differences=one(317, 1) == 2 and compression != 1,
        fill_order=one(266, 1),
    )
    extra = tags.get(338, ()) + (0,) * samples
    return _Layout(stored, mode, samples, one(284, 1) == 2, extra[: samples - colours], photometric == 0)


def _channels(data: bytes, layout: _Layout) -> list[Image.Image]:
    stored = layout.stored
    if not layout.planar:
        return read_channels(data, stored.of(stored.offsets, stored.sizes, layout.samples))
    each = len(stored.offsets) // layout.samples
    if not each:
        raise InputError("the TIFF file is damaged: it has too few strips", code="damaged")
    return [
        read_channels(data, stored.of(stored.offsets[at : at + each], stored.sizes[at : at + each]))[0]
        for at in range(0, each * layout.samples, each)
    ]


def _picture(layout: _Layout, channels: list[Image.Image]) -> tuple[Image.Image, Image.Image | None, bool]:
    """The colours, alpha, and whether alpha is multiplied into the colours."""
    colours = channels[: layout.samples - len(layout.extra)]
    if layout.white_is_zero:
        colours = [each.point([255 - value for value in range(256)]) for each in colours]
    if layout.mode == "LAB":
        colours = [colours[0], *(each.point(_SIGNED) for each in colours[1:])]
    merged = colours[0] if layout.mode == "L" else Image.merge(layout.mode, colours)
    for kind, channel in zip(layout.extra, channels[len(colours) :], strict=True):
        if kind in (_ASSOCIATED, _UNASSOCIATED):
            return merged, channel, kind == _ASSOCIATED and layout.mode != "LAB"
    return merged, None, False
