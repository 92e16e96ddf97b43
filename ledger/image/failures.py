"""Names why a file could not be decoded: cut off, of a variant that is not supported, too large for memory, damaged."""

from __future__ import annotations

import re
import struct
from typing import NamedTuple

from PIL import UnidentifiedImageError
from PIL.TiffImagePlugin import COMPRESSION_INFO

from ledger.errors import InputError
from ledger.image.bare import jpeg_segments
from ledger.image.formats import BMP, GIF, HEIC, JPEG, PNG, PSD, TIFF, ImageFormat, is_cut_short
from ledger.image.kinds.tiff_structure import Directory, directories

_SHORTEST_HEADERS = 128
"""An unreadable file with a known format and fewer bytes than this was cut off."""
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_READ_FRAMES, _PROGRESSIVE = frozenset((0xC0, 0xC1, 0xC2, 0xC9, 0xCA)), frozenset((0xC2, 0xCA))
"""Markers of a JPEG's frame (ISO/IEC 10918-1, B.1.1.3): all, those that are decoded, the progressive ones."""
_PHOTOMETRIC = {0: "grey", 1: "grey", 2: "RGB", 3: "palette", 5: "CMYK", 6: "YCbCr", 8: "CIELAB", 32803: "raw sensor"}
_BMP_VARIANT = re.compile(r"Unsupported BMP (bitfields layout|compression|pixel depth)(?: \((\d+)\))?$")
_BMP_WORDS = {
    "bitfields layout": "unusual masks of the colours",
    "compression": "compression {}",
    "pixel depth": "{} bits per pixel",
}
"""What Pillow says of a BMP, in our words."""
NOT_HEVC = "HEIC (HEIF), compressed otherwise than by HEVC"
_UNKNOWN_TO_LIBHEIF = ("unsupported", "no decoding plugin", "not supported")
_SAMPLES = {2: "signed", 3: "floating-point", 5: "complex", 6: "complex"}


def out_of_memory() -> InputError:
    return InputError(
        "decoding the picture needs more memory than one picture may use",
        code="decode-memory",
        hint="Send a smaller copy.",
    )


def failure(kind: ImageFormat, data: bytes, error: Exception) -> InputError:
    """The error for a file that cannot be decoded. Codecs report causes in several ways, or not at all."""
    unidentified = isinstance(error, UnidentifiedImageError)
    incomplete = _is_incomplete(kind, data) or (kind is PSD and isinstance(error, EOFError | struct.error))
    if incomplete or (unidentified and len(data) < _SHORTEST_HEADERS):
        return InputError(
            f"the {kind.decoder} file ends too early",
            code="truncated",
            hint="Download or copy the picture again, and send the complete file.",
        )
    if variant := unsupported_variant(kind, data, error):
        return unsupported(variant)
    if kind is HEIC and "Security limit exceeded" in str(error):
        return InputError(
            "the HEIC file has more parts than its decoder accepts",
            code="too-complex",
            hint="Save the picture as JPEG or PNG.",
        )
    if not _has_memory(kind, data):
        return out_of_memory()
    # Pillow's message can quote the file's bytes, so keep it short and printable.
    detail = "".join(letter for letter in str(error)[:120] if letter.isprintable() and not unidentified)
    if isinstance(error, EOFError) or "truncated" in detail.lower():
        detail = "its data ends before the picture does"
    message = f"the {kind.decoder} file is damaged"
    return InputError(
        f"{message} ({detail})" if detail else message,
        code="damaged",
        hint="If a program can open the picture, save it there as PNG or JPEG and send that file.",
    )


def unsupported(variant: str) -> InputError:
    return InputError(
        f"{variant}: this variant is not supported",
        code="unsupported-format",
        hint="Save the picture as PNG or JPEG, with 8 or 16 bits per channel.",
    )


def unsupported_variant(kind: ImageFormat, data: bytes, error: Exception) -> str:
    """The variant of a file that the decoder does not know; empty where the reason is another."""
    if kind is JPEG and (frame := _frame(data)) is not None:
        return _jpeg_variant(frame)
    known = isinstance(error, UnidentifiedImageError | KeyError) or "raw mode" in str(error)
    if kind is TIFF and known:
        first = next(directories(data), None)
        if first is not None and first.width and first.height and first.strips:
            return _tiff_variant(first)
    said = str(error)
    if kind is BMP and (found := _BMP_VARIANT.match(said)):
        return f"BMP, {_BMP_WORDS[found[1]].format(found[2])}"
    if kind is HEIC and any(words in said.lower() for words in _UNKNOWN_TO_LIBHEIF):
        return NOT_HEVC
    if kind is HEIC and b"moov" in data and b"pitm" not in data:
        return "HEIC (HEIF), a sequence without a still picture"
    return ""


class _Frame(NamedTuple):
    """The header of a JPEG's frame (ISO/IEC 10918-1, B.2.2)."""

    marker: int
    bits: int
    height: int
    width: int
    channels: int
    sampling: bytes
    """Of each channel: how often it is sampled across (upper four bits) and down (lower four)."""

    @property
    def samples(self) -> int:
        """Samples of all channels: chroma often has a quarter."""
        across, down = [each >> 4 for each in self.sampling], [each & 15 for each in self.sampling]
        shares = sum(one * other for one, other in zip(across, down, strict=True))
        return self.width * self.height * shares // max(1, max(across, default=1) * max(down, default=1))


def _frame(data: bytes) -> _Frame | None:
    for marker, start, end in jpeg_segments(data):
        if marker in _FRAMES and end - start >= 10:
            bits, height, width, channels = struct.unpack_from(">BHHB", data, start + 4)
            return _Frame(marker, bits, height, width, channels, data[start + 11 : end : 3])
    return None


def _jpeg_variant(frame: _Frame) -> str:
    if frame.marker not in _READ_FRAMES:
        return "JPEG, lossless" if frame.marker & 3 == 3 else "JPEG, hierarchical"
    if frame.bits != 8:
        return f"JPEG, {frame.bits} bits per channel"
    return "" if frame.channels in (1, 3, 4) else f"JPEG, {frame.channels} channels"


def _tiff_variant(first: Directory) -> str:
    """For example "TIFF, planar CMYK, 5 channels of 8 bits"."""
    planar = "planar " if first.planar else ""
    colours = _PHOTOMETRIC.get(first.photometric, f"colours of kind {first.photometric}")
    bits = f"{_SAMPLES.get(first.sample_format, '')} {first.bits} bits".strip()
    channels = f"{first.samples} channels" if first.samples > 1 else "1 channel"
    packed = "" if first.compression in COMPRESSION_INFO else f", compression {first.compression}"
    return f"TIFF, {planar}{colours}, {channels} of {bits}{packed}"


def _is_incomplete(kind: ImageFormat, data: bytes) -> bool:
    """Whether the file's own end is missing."""
    if kind is PNG:
        return b"IEND\xaeB`\x82" not in data
    if kind is JPEG:
        scan = data.rfind(b"\xff\xda")
        return scan < 0 or data.rfind(b"\xff\xd9") < scan
    if kind is GIF:
        return not data.rstrip(b"\0").endswith(b";")
    if kind is TIFF:
        first = next(directories(data), None)
        return first is None or first.end > len(data)
    if kind is BMP:
        return len(data) < 26 or _end_of_bmp(data) > len(data)
    return is_cut_short(kind, data)


def _end_of_bmp(data: bytes) -> int:
    """Where the rows of a BMP end; 0 where they are packed."""
    if int.from_bytes(data[14:18], "little") == 12:
        width, height, _, bits = struct.unpack_from("<HHHH", data, 18)
    else:
        if int.from_bytes(data[30:34], "little") not in (0, 3):
            return 0
        width, height, _, bits = struct.unpack_from("<iiHH", data, 18)
    return int.from_bytes(data[10:14], "little") + int((width * bits + 31) // 32 * 4 * abs(height))


def _has_memory(kind: ImageFormat, data: bytes) -> bool:
    """Whether a decoder could have had what it needs. Some call a failed allocation a broken file."""
    frame = _frame(data) if kind is JPEG else None
    if frame is None:
        return True
    pixels = frame.width * frame.height
    # A progressive JPEG's coefficients are kept, of two bytes each; the picture has four bytes per pixel.
    kept = 2 * frame.samples if frame.marker in _PROGRESSIVE else 0
    try:
        bytearray(4 * pixels + kept)
    except MemoryError:
        return False
    return True
