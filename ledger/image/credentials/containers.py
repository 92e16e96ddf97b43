"""Finds the manifest store in a PNG, JPEG or WebP file (C2PA 2.2, appendix A.3).

The bytes are untrusted, so every walk is bounded. Most files have no manifest; this module finds that out in
microseconds, before another process or library is started.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ledger.image.formats import JPEG, PNG, WEBP

MAX_PARTS = 65_536
"""Largest number of chunks or segments read; a manifest after them is not found."""

_JPEG_WITHOUT_LENGTH = frozenset((0x01, *range(0xD0, 0xD8)))
_APP11 = 0xEB
_SCAN = 0xDA


def is_walked(media_type: str) -> bool:
    """Whether `embedded_manifest` knows this format."""
    return media_type in _WALKS


def embedded_manifest(data: bytes, media_type: str) -> bytes | None:
    """The manifest store's bytes (JUMBF); None if there is none, or the file is cut short or of another format."""
    walk = _WALKS.get(media_type)
    return None if walk is None else walk(data)


def _from_png(data: bytes) -> bytes | None:
    """The first `caBX` chunk (PNG, third edition, section 5.3)."""
    position = 8
    for _ in range(MAX_PARTS):
        length, kind = int.from_bytes(data[position : position + 4], "big"), data[position + 4 : position + 8]
        if position + 12 + length > len(data):
            return None
        if kind == b"caBX":
            return data[position + 8 : position + 8 + length]
        position += 12 + length
    return None


def _from_webp(data: bytes) -> bytes | None:
    """The first `C2PA` chunk (RFC 9649 section 2.3)."""
    position = 12
    for _ in range(MAX_PARTS):
        kind, length = data[position : position + 4], int.from_bytes(data[position + 4 : position + 8], "little")
        if len(kind) < 4 or position + 8 + length > len(data):
            return None
        if kind == b"C2PA":
            return data[position + 8 : position + 8 + length]
        position += 8 + length + length % 2
    return None


def _from_jpeg(data: bytes) -> bytes | None:
    """JUMBF boxes in APP11 segments (ISO/IEC 19566-5, D.2): `JP`, a box number, a sequence number, and the box's header
    repeated in each segment. The first box with the label `c2pa` is the store."""
    boxes: dict[bytes, bytearray] = {}
    for segment in jpeg_application_data(data, _APP11):
        if segment[:2] != b"JP" or len(segment) < 16:
            continue
        number = segment[2:4]
        if number in boxes:
            boxes[number] += segment[16:]
        else:
            boxes[number] = bytearray(segment[8:])
    # A superbox begins with its description box: header (8), its header (8), type (16), toggles (1), label.
    stores = [box for box in boxes.values() if box[4:8] == b"jumb" and box[33:38] == b"c2pa\0"]
    return bytes(stores[0]) if stores else None


def jpeg_application_data(data: bytes, wanted: int) -> Iterator[bytes]:
    """Contents of a JPEG's segments with this marker before the first scan (ISO/IEC 10918-1, B.1.1)."""
    position = 2
    for _ in range(MAX_PARTS):
        if position + 4 > len(data) or data[position] != 0xFF:
            return
        marker = data[position + 1]
        if marker == 0xFF:
            position += 1
            continue
        if marker in _JPEG_WITHOUT_LENGTH:
            position += 2
            continue
        length = int.from_bytes(data[position + 2 : position + 4], "big")
        if marker == _SCAN or length < 2 or position + 2 + length > len(data):
            return
        if marker == wanted:
            yield data[position + 4 : position + 2 + length]
        position += 2 + length


_WALKS: dict[str, Callable[[bytes], bytes | None]] = {
    PNG.media_type: _from_png,
    JPEG.media_type: _from_jpeg,
    WEBP.media_type: _from_webp,
}
