"""The same picture in a file without what does not decide its pixels (FORMAT.md): text, dates, resolutions, previews.

A decoder that stumbles over one of these gets the file once more without them. Runs in a worker.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from ledger.errors import InputError
from ledger.image.formats import AVIF, JPEG, PNG, ImageFormat
from ledger.image.limits import MAX_IN_FILE

_PROFILE = "bytes of colour profile"
_SHORTEST_TRANSPARENCY = {b"\0": 2, b"\2": 6}
"""Bytes of a tRNS chunk for each colour type of a PNG that has one transparent colour."""
_TEXTS = (b"tEXt", b"zTXt", b"iTXt")
_COMMENT, _SCAN = 0xFE, 0xDA
_DECISIVE_SEGMENTS = (
    (0xE0, b"JFIF\0", 14),
    (0xE1, b"Exif\0", 0),
    (0xE2, b"ICC_PROFILE\0", 14),
    (0xEE, b"Adobe", 12),
)
"""Marker, beginning and least length of the JPEG segments whose content decides colours or the orientation."""


def bare_file(kind: ImageFormat, data: bytes) -> bytes:
    """The file `data`, or a copy without the parts that count for nothing.

    Raises InputError (`too-complex`) for a PNG's colour profile that is larger than the limit when unpacked.
    """
    if kind is PNG:
        return _bare_png(data)
    if kind is JPEG:
        return _bare_jpeg(data)
    return _bare_avif(data) if kind is AVIF else data


def without_text(png: bytes) -> bytes:
    """A PNG without its texts. Pillow would take texts named `exif`, `icc_profile` or `transparency` for these."""
    if not any(kind in png for kind in _TEXTS):
        return png
    return b"".join(body for kind, body in _png_parts(png) if kind not in _TEXTS)


def _png_parts(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Type and bytes of each chunk; the signature, and what follows a broken chunk, have the type of none."""
    yield b"", png[:8]
    position = 8
    while position + 12 <= len(png):
        length, kind = int.from_bytes(png[position : position + 4], "big"), png[position + 4 : position + 8]
        end = position + 12 + length
        if not kind.isalpha() or end > len(png):
            break
        yield kind, png[position:end]
        position = end
    yield b"", png[position:]


def _bare_png(data: bytes) -> bytes:
    """PNG, third edition, sections 5.3 and 5.4: a lower-case first letter means that a chunk is ancillary."""
    return b"".join(
        chunk for kind, chunk in _png_parts(data) if not kind[:1].islower() or _decides(kind, data[24:26], chunk)
    )


def _decides(kind: bytes, header: bytes, chunk: bytes) -> bool:
    """Whether an ancillary chunk decides pixels, and is intact. `header`: bits and colour type of the picture."""
    if kind not in (b"tRNS", b"iCCP", b"eXIf"):
        return False
    body = chunk[8:-4]
    if zlib.crc32(chunk[4:-4]) != int.from_bytes(chunk[-4:], "big"):
        return False
    if kind == b"tRNS":
        return len(body) >= _SHORTEST_TRANSPARENCY.get(header[1:], 0)
    return kind == b"eXIf" or _is_profile(body)


def _is_profile(body: bytes) -> bool:
    name, _, rest = body.partition(b"\0")
    if not name or not rest or rest[0] != 0:
        return False
    unpacking = zlib.decompressobj()
    try:
        unpacking.decompress(rest[1:], MAX_IN_FILE[_PROFILE])
    except zlib.error:
        return False
    if unpacking.unconsumed_tail:
        raise InputError(
            f"the PNG file has more than {MAX_IN_FILE[_PROFILE]:,} {_PROFILE}: decoding it would take too much",
            code="too-complex",
            hint="Save the picture again without its colour profile.",
        )
    return True


def _bare_jpeg(data: bytes) -> bytes:
    parts, position = [data[:2]], 2
    for marker, start, position in jpeg_segments(data):
        if not _is_application(marker) or _is_decisive(marker, data[start + 4 : position]):
            parts.append(data[start:position])
    return b"".join((*parts, data[position:]))


def jpeg_segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Marker, start and end of each segment before the first scan of a JPEG (ISO/IEC 10918-1, B.1.1)."""
    position = 2
    while position + 4 <= len(data) and data[position] == 0xFF:
        marker = data[position + 1]
        end = position + 2 + int.from_bytes(data[position + 2 : position + 4], "big")
        if marker == _SCAN or not 0xC0 <= marker <= _COMMENT or end > len(data) or end < position + 4:
            return
        yield marker, position, end
        position = end


def _is_application(marker: int) -> bool:
    return 0xE0 <= marker <= 0xEF or marker == _COMMENT


def _is_decisive(marker: int, body: bytes) -> bool:
    return any(
        marker == known and body.startswith(beginning) and len(body) >= least
        for known, beginning, least in _DECISIVE_SEGMENTS
    )


def _bare_avif(data: bytes) -> bytes:
    """ISO/IEC 14496-12, 8.11.6: the entries of EXIF and XMP items get a type that readers pass over."""
    bare = bytearray(data)
    for meta, start, end in _boxes(data, 0, len(data)):
        for table, first, last in _boxes(data, start + 4, end) if meta == b"meta" else ():
            if table != b"iinf":
                continue
            for entry, at, _ in _boxes(data, first + (6 if data[first : first + 1] == b"\0" else 8), last):
                kind = at + (8 if data[at : at + 1] == b"\2" else 10)
                if entry == b"infe" and data[kind : kind + 4] in (b"Exif", b"mime"):
                    bare[kind : kind + 4] = b"free"
    return bytes(bare)


def _boxes(data: bytes, position: int, limit: int) -> Iterator[tuple[bytes, int, int]]:
    """Type, start and end of the content of the boxes in a row, without those of 64-bit or open length."""
    while position + 8 < limit:
        end = position + int.from_bytes(data[position : position + 4], "big")
        if not position + 8 < end <= limit:
            return
        yield data[position + 4 : position + 8], position + 8, end
        position = end
