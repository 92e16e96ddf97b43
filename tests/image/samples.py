"""Pictures and broken files that Pillow and the formats themselves make."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

import numpy as np
from PIL import Image

from ledger.image.canonical_image import Pixels


def save(picture: Image.Image, file_format: str, **options: object) -> bytes:
    file = BytesIO()
    picture.save(file, file_format, **options)
    return file.getvalue()


def textured(width: int, height: int, seed: int = 0) -> Image.Image:
    """Smooth random shapes in colour: something that every codec keeps and every hash sees."""
    small = np.random.default_rng(seed).integers(0, 256, (7, 9, 3), dtype=np.uint8)
    return Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)


def pixels_of(picture: Image.Image) -> Pixels:
    return np.asarray(picture.convert("RGB"))


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_of_size(width: int, height: int, *, complete: bool = False) -> bytes:
    """A PNG whose header declares any size: a few bytes of data, or (`complete`) all of it, RGBA, fully transparent."""
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    data = zlib.compress(bytes((4 * width + 1) * height) if complete else bytes(1000), 1)
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", data) + png_chunk(b"IEND", b"")


def slow_svg(octaves: int = 4000) -> bytes:
    """A drawing of a few bytes that takes minutes to render."""
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="512" height="512"><filter id="f">'
        f'<feTurbulence baseFrequency=".1" numOctaves="{octaves}"/></filter>'
        '<rect width="512" height="512" filter="url(#f)"/></svg>'
    ).encode()
