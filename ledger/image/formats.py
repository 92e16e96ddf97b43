"""Recognises the format of a picture by its first bytes. File names and declared types are never trusted."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ledger.errors import InputError


@dataclass(frozen=True, slots=True)
class ImageFormat:
    """An accepted format: its name, which is Pillow's where Pillow decodes it, and the media type in records."""

    decoder: str
    media_type: str


PNG = ImageFormat("PNG", "image/png")
JPEG = ImageFormat("JPEG", "image/jpeg")
WEBP = ImageFormat("WEBP", "image/webp")
GIF = ImageFormat("GIF", "image/gif")
TIFF = ImageFormat("TIFF", "image/tiff")
AVIF = ImageFormat("AVIF", "image/avif")
BMP = ImageFormat("BMP", "image/bmp")
HEIC = ImageFormat("HEIC", "image/heic")
PSD = ImageFormat("PSD", "image/vnd.adobe.photoshop")
SVG = ImageFormat("SVG", "image/svg+xml")
ACCEPTED = (PNG, JPEG, WEBP, GIF, TIFF, AVIF, BMP, HEIC, PSD, SVG)

_PREFIXES: tuple[tuple[bytes, ImageFormat], ...] = (
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"\xff\xd8\xff", JPEG),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (b"II*\0", TIFF),
    (b"MM\0*", TIFF),
    (b"II+\0", TIFF),
    (b"MM\0+", TIFF),
    (b"8BPS", PSD),
)

_REFUSED: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "PDF"),
    (b"%!PS", "PostScript"),
    (b"\0\0\1\0", "ICO"),
    (b"\0\0\0\x0cjP  ", "JPEG 2000"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\0\0\0\x0cJXL ", "JPEG XL"),
    (b"qoif", "QOI"),
    (b"gimp xcf", "GIMP XCF"),
)

_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"mif2")
"""ISO/IEC 23008-12, 10.2 and annex B."""

_BMP_HEADERS = frozenset((12, 40, 52, 56, 64, 108, 124))
"""Lengths of the headers that BMP files have."""

_SVG_ROOT = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?svg[\s>/]")

_HINT = "Save the picture as JPEG or PNG. WebP, GIF, TIFF, AVIF, HEIC, BMP, PSD and SVG are supported, too."


def sniff(data: bytes) -> ImageFormat:
    """The format of the file with these bytes.

    Raises InputError: `empty-file`, `unsupported-format` for other kinds of pictures, `not-an-image`.
    """
    if not data:
        raise InputError("the file is empty (zero bytes)", code="empty-file", hint=_HINT)
    for prefix, accepted in _PREFIXES:
        if data.startswith(prefix):
            return accepted
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return WEBP
    if data[4:8] == b"ftyp":
        # ISO/IEC 23000-22: the major brand and then the compatible ones, after a four-byte minor version.
        brands = data[8 : min(int.from_bytes(data[:4], "big"), 128)]
        if b"avif" in brands or b"avis" in brands:
            return AVIF
        if not brands.startswith(b"crx ") and any(brand in brands for brand in _HEIF_BRANDS):
            return HEIC
        raise _unsupported("Canon CR3" if brands.startswith(b"crx ") else "MP4, QuickTime and other video")
    if data.startswith(b"BM") and int.from_bytes(data[14:18], "little") in _BMP_HEADERS:
        return BMP
    for prefix, name in _REFUSED:
        if data.startswith(prefix):
            raise _unsupported(name)
    if _is_svg(data[:4096]):
        return SVG
    kind = "text" if _looks_like_text(data[:512]) else "of an unknown format"
    raise InputError(f"this is not a picture: the file's content is {kind}", code="not-an-image", hint=_HINT)


def _is_svg(head: bytes) -> bool:
    """Whether a file is XML whose root, as far as can be seen, is an SVG drawing."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        head = head.decode("utf-16", "ignore").encode()
    markup = head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<") and b"<html" not in head.lower()
    return markup and _SVG_ROOT.search(head) is not None


def is_cut_short(kind: ImageFormat, data: bytes) -> bool:
    """Whether a WebP, AVIF or HEIC container states a length beyond the end of `data`.

    Source: RFC 9649 section 2.4; ISO/IEC 14496-12, 4.2 (boxes).
    """
    if kind is WEBP:
        return int.from_bytes(data[4:8], "little") + 8 > len(data)
    position = 0
    while kind in (AVIF, HEIC) and position < len(data):
        size = int.from_bytes(data[position : position + 4], "big")
        if size < 8:  # to the end of the file, a 64-bit length, or nonsense
            return False
        position += size
    return position > len(data)


def _unsupported(name: str) -> InputError:
    return InputError(f"{name} files are not supported", code="unsupported-format", hint=_HINT)


def _looks_like_text(head: bytes) -> bool:
    return b"\0" not in head and sum(byte < 9 or 13 < byte < 32 for byte in head) == 0
