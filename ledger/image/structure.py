"""Estimates from a file's structure what decoding it would cost, before any decoder sees the file.

Each container format has one walk over the undecoded bytes. A walk stops silently where the structure is broken; the
decoder then reports the damage. The limits that a walk checks also bound the walk. Runs inside a worker.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator

from ledger.errors import InputError
from ledger.image.formats import AVIF, BMP, GIF, HEIC, JPEG, PNG, PSD, SVG, TIFF, WEBP, ImageFormat
from ledger.image.kinds.tiff_structure import directories, is_page
from ledger.image.limits import MAX_IN_FILE, DecodeLimits


class Costs:
    """Counts the parts of a file, and refuses it as soon as there are more than allowed."""

    def __init__(self, kind: ImageFormat, limits: DecodeLimits) -> None:
        self._kind = kind
        self._limits = limits
        self._counted: Counter[str] = Counter()
        self.pictures = 0
        """Frames or pages that the file shows."""

    def add(self, what: str, number: int = 1) -> None:
        """Counts parts. Raises InputError (`too-complex`) above MAX_IN_FILE[what]."""
        self._counted[what] += number
        if self._counted[what] > MAX_IN_FILE[what]:
            raise InputError(
                f"the {self._kind.decoder} file has more than {MAX_IN_FILE[what]:,} {what}: decoding it would take too "
                "much",
                code="too-complex",
                hint="Save the picture again with another program: ordinary pictures have far fewer.",
            )

    def canvas(self, width: int, height: int) -> None:
        """Checks the size of the canvas. Raises InputError (`too-many-pixels`)."""
        check_pixels(width * height, self._limits)


def check_structure(kind: ImageFormat, data: bytes, limits: DecodeLimits) -> int:
    """The number of frames or pages in a file, of which only the first is decoded; at least 1.

    Raises InputError: `too-many-pixels` for the declared canvas, `too-complex` for the limits of MAX_IN_FILE.
    """
    costs = Costs(kind, limits)
    _WALKS[kind](data, costs)
    return max(1, costs.pictures)


def check_pixels(pixels: int, limits: DecodeLimits) -> None:
    """Raises InputError (`too-many-pixels`) when a header declares too many pixels."""
    if pixels > limits.max_pixels:
        raise InputError(
            f"the picture declares {pixels:,} pixels; at most {limits.max_pixels:,} are accepted",
            code="too-many-pixels",
            hint="Send a smaller copy.",
        )


_MARKER = re.compile(rb"\xff+[^\x00\xff]")
_BARE = frozenset((0x01, *range(0xD0, 0xD9)))
"""JPEG markers without a length: TEM, RST0 to RST7, SOI."""
_FRAME_HEADERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SCAN, _END, _APP1, _APP2 = 0xDA, 0xD9, 0xE1, 0xE2


def _jpeg(data: bytes, costs: Costs) -> None:
    """ISO/IEC 10918-1, B.1.1 and B.2. Between two markers are a segment and, after a scan's header, its data."""
    position = 2
    while (found := _MARKER.search(data, position)) is not None:
        marker, position = data[found.end() - 1], found.end()
        if marker == _END:
            return
        if marker in _BARE:
            continue
        costs.add("parts")
        length = int.from_bytes(data[position : position + 2], "big")
        body = data[position + 2 : position + length]
        if marker in _FRAME_HEADERS:
            costs.canvas(int.from_bytes(body[3:5], "big"), int.from_bytes(body[1:3], "big"))
        elif marker == _SCAN:
            costs.add("scans")
        elif marker == _APP1 and body.startswith(b"Exif\0"):
            costs.add("bytes of EXIF data", len(body))
        elif marker == _APP2 and body.startswith(b"ICC_PROFILE\0"):
            costs.add("bytes of colour profile", len(body))
        position += max(2, length)


def _png(data: bytes, costs: Costs) -> None:
    """PNG, third edition, section 5.3."""
    position, animated, shown = 8, False, 0
    while position + 8 <= len(data):
        length, kind = int.from_bytes(data[position : position + 4], "big"), data[position + 4 : position + 8]
        body = position + 8
        costs.add("parts")
        if kind == b"IHDR":
            costs.canvas(int.from_bytes(data[body : body + 4], "big"), int.from_bytes(data[body + 4 : body + 8], "big"))
        elif kind == b"acTL":
            animated = True
        elif kind == b"fcTL":
            costs.add("frames")
            shown += 1
        elif kind == b"IDAT" and not shown:
            shown = 1  # a picture that the animation does not show
        elif kind == b"iCCP":
            costs.add("bytes of colour profile", length)
        elif kind == b"eXIf":
            costs.add("bytes of EXIF data", length)
        elif kind == b"IEND":
            break
        position = body + length + 4
    costs.pictures = shown if animated else 1


def _gif(data: bytes, costs: Costs) -> None:
    """GIF89a, sections 18 to 26: screen, then blocks, each a chain of sub-blocks of at most 255 bytes."""
    costs.canvas(int.from_bytes(data[6:8], "little"), int.from_bytes(data[8:10], "little"))
    position = 13 + _colour_table(data, 10)
    while position < len(data):
        if data[position] == 0x2C:
            costs.add("frames")
            costs.pictures += 1
            edges = [int.from_bytes(data[position + at : position + at + 2], "little") for at in (1, 3, 5, 7)]
            costs.canvas(edges[0] + edges[2], edges[1] + edges[3])
            position += 11 + _colour_table(data, position + 9)
        elif data[position] == 0x21:
            position += 2
        else:
            return
        while position < len(data) and data[position]:
            costs.add("sub-blocks")
            position += 1 + data[position]
        position += 1


def _colour_table(data: bytes, flags: int) -> int:
    """Bytes of the colour table, according to the flags at this position."""
    packed = data[flags] if flags < len(data) else 0
    return 3 * 2 ** ((packed & 7) + 1) if packed & 0x80 else 0


def _webp(data: bytes, costs: Costs) -> None:
    """RFC 9649, sections 2.3 to 2.7."""
    position = 12
    while position + 8 <= len(data):
        kind, length = data[position : position + 4], int.from_bytes(data[position + 4 : position + 8], "little")
        head = data[position + 8 : position + 24]
        costs.add("parts")
        if kind == b"VP8X":
            costs.canvas(int.from_bytes(head[4:7], "little") + 1, int.from_bytes(head[7:10], "little") + 1)
        elif kind == b"VP8L":
            bits = int.from_bytes(head[1:5], "little")
            costs.canvas((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
        elif kind == b"VP8 ":
            costs.canvas(int.from_bytes(head[6:8], "little") & 0x3FFF, int.from_bytes(head[8:10], "little") & 0x3FFF)
        elif kind == b"ANMF":
            costs.add("frames")
            costs.pictures += 1
            costs.canvas(int.from_bytes(head[6:9], "little") + 1, int.from_bytes(head[9:12], "little") + 1)
        elif kind == b"ICCP":
            costs.add("bytes of colour profile", length)
        elif kind == b"EXIF":
            costs.add("bytes of EXIF data", length)
        position += 8 + length + length % 2


def _tiff(data: bytes, costs: Costs) -> None:
    """TIFF 6.0, section 2, and BigTIFF. Raises InputError (`damaged`) where directories form a loop."""
    for page, directory in enumerate(directories(data)):
        if page == 0:  # other pages are not decoded
            costs.canvas(directory.width, directory.height)
        costs.add("directories")
        costs.pictures += page == 0 or is_page(directory)
        costs.add("parts", directory.entries)
        costs.add("strips and tiles", directory.strips)
        costs.add("bytes of colour profile", directory.profile_bytes)
        # Overlapping tags can each claim the whole file. Tags that claim slightly too much are common.
        if directory.tag_bytes > len(data):
            costs.add("bytes of tags", directory.tag_bytes - len(data))


_CONTAINERS = {
    b"meta": 4,
    **dict.fromkeys((b"iprp", b"ipco", b"moov", b"trak", b"mdia", b"minf", b"stbl"), 0),
    b"iref": 4,
}
"""Boxes that contain boxes, and the number of bytes before those (ISO/IEC 14496-12)."""


def _heif(data: bytes, costs: Costs) -> None:
    """AVIF and HEIC: ISO/IEC 14496-12, 4.2; ISO/IEC 23008-12 for `ispe` and for pictures derived from others."""
    for kind, start, end in _boxes(data, costs):
        number = [int.from_bytes(data[start + at : start + at + 4], "big") for at in (4, 8)]
        if kind == b"ispe":
            costs.canvas(number[0], number[1])
        elif kind == b"stsz":
            costs.add("frames", number[1])
            costs.pictures = max(costs.pictures, number[1])  # the alpha channel is a track of its own
        elif kind == b"colr" and data[start : start + 4] in (b"prof", b"rICC"):
            costs.add("bytes of colour profile", end - start)
        elif kind == b"dimg":
            costs.add("tiles", (end - start) // 2)  # their numbers, of two bytes or four


def _boxes(data: bytes, costs: Costs) -> Iterator[tuple[bytes, int, int]]:
    """Type, start and end of the content of every box, including nested ones."""
    ranges = [(0, len(data))]
    while ranges:
        position, limit = ranges.pop()
        while position + 8 <= limit:
            costs.add("parts")
            size, kind, head = (
                int.from_bytes(data[position : position + 4], "big"),
                data[position + 4 : position + 8],
                8,
            )
            if size == 1:
                size, head = int.from_bytes(data[position + 8 : position + 16], "big"), 16
            end = limit if size == 0 else position + size
            if (size and size < head) or end > limit:
                break
            yield kind, position + head, end
            if kind in _CONTAINERS:
                ranges.append((position + head + _CONTAINERS[kind], end))
            position = end


def _bmp(data: bytes, costs: Costs) -> None:
    """The headers of Windows and OS/2. Raises InputError (`damaged`) where a side is zero or negative."""
    wide = int.from_bytes(data[14:18], "little") > 12
    places = ((18, 22), (22, 26)) if wide else ((18, 20), (20, 22))
    width, height = (int.from_bytes(data[start:end], "little", signed=wide) for start, end in places)
    if len(data) < 26:
        return
    _require_sides("BMP", width, height)
    costs.canvas(width, abs(height))  # a negative height: rows from the top


def _require_sides(name: str, width: int, height: int) -> None:
    """Raises InputError (`damaged`)."""
    if width <= 0 or height == 0:
        raise InputError(
            f"the {name} file is damaged: it declares {width} by {height} pixels",
            code="damaged",
            hint="Save the picture with another program.",
        )


def _psd(data: bytes, costs: Costs) -> None:
    """Adobe's Photoshop File Formats Specification: header, palette, then image resources."""
    height, width = (int.from_bytes(data[start : start + 4], "big") for start in (14, 18))
    if len(data) >= 26:
        _require_sides("PSD", width, height)
    costs.canvas(width, height)
    position = 30 + int.from_bytes(data[26:30], "big")
    end = min(position + 4 + int.from_bytes(data[position : position + 4], "big"), len(data))
    position += 4
    while position + 12 <= end:
        costs.add("parts")
        start = position + 6 + (data[position + 6] // 2 + 1) * 2
        size = int.from_bytes(data[start : start + 4], "big")
        if data[position + 4 : position + 6] == b"\x04\x0f":
            costs.add("bytes of colour profile", size)
        position = start + 4 + size + size % 2


def _svg(data: bytes, costs: Costs) -> None:
    """A drawing is always rendered at the same size. Its cost shows while it is rendered."""


_WALKS: dict[ImageFormat, Callable[[bytes, Costs], None]] = {
    PNG: _png,
    JPEG: _jpeg,
    GIF: _gif,
    WEBP: _webp,
    TIFF: _tiff,
    AVIF: _heif,
    HEIC: _heif,
    BMP: _bmp,
    PSD: _psd,
    SVG: _svg,
}
