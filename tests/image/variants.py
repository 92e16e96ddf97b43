"""A small file of each format and variant that people have: the table in docs/reference/pictures.md is made of them.

`python -m tests.image.variants` writes the table anew.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

from PIL import Image

from ledger.errors import InputError
from ledger.image.decode import decode
from ledger.image.limits import DEFAULT_LIMITS
from tests.image.bombs import apng
from tests.image.photoshop import CMYK as PSD_CMYK
from tests.image.photoshop import MULTICHANNEL, NO_MERGED_IMAGE, psd
from tests.image.photoshop import RGB as PSD_RGB
from tests.image.samples import png_chunk, save, textured

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "pictures.md"
BEGIN, END = "<!-- table -->\n", "<!-- end of table -->\n"

GREY, RGB, CMYK, YCBCR, CIELAB = 1, 2, 5, 6, 8
"""TIFF's PhotometricInterpretation."""
SIDE = 8


def tiff_of(
    bits: Sequence[int],
    photometric: int,
    *,
    planar: bool = False,
    extra: Sequence[int] = (),
    sample_format: int = 1,
    compression: int = 1,
) -> bytes:
    """An uncompressed TIFF of 8 by 8 pixels, with `bits` of each channel and ExtraSamples `extra`."""
    planes = len(bits) if planar else 1
    size = SIDE * SIDE * sum(bits) // 8 // planes
    tags: list[tuple[int, str, Sequence[int]]] = [
        *((256, "I", [SIDE]), (257, "I", [SIDE]), (258, "H", bits), (259, "H", [compression])),
        *((262, "H", [photometric]), (273, "I", [0] * planes), (277, "H", [len(bits)]), (278, "I", [SIDE])),
        *((279, "I", [size] * planes), (284, "H", [2 if planar else 1])),
        *([(338, "H", extra)] if extra else []),
        (339, "H", [sample_format] * len(bits)),
    ]
    start = 10 + 12 * len(tags) + 4
    values_at = start
    data_at = start + sum(len(values) * struct.calcsize(kind) for _, kind, values in tags if _outside(kind, values))
    entries, outside = b"", b""
    for tag, kind, numbers in tags:
        values = [data_at + size * plane for plane in range(planes)] if tag == 273 else numbers
        body = struct.pack(f"<{len(values)}{kind}", *values)
        entries += struct.pack("<HHI", tag, 3 if kind == "H" else 4, len(values))
        if _outside(kind, values):
            entries, outside = entries + struct.pack("<I", values_at + len(outside)), outside + body
        else:
            entries += body.ljust(4, b"\0")
    pixels = bytes(at * 37 % 251 for at in range(size * planes))
    return b"II*\0\x08\0\0\0" + struct.pack("<H", len(tags)) + entries + bytes(4) + outside + pixels


def bmp(bits: int, compression: int, *, masks: Sequence[int] = (), pixels: bytes | None = None) -> bytes:
    """A BMP of 8 by 8 pixels with the header of Windows 3."""
    rows = bytes(at * 37 % 251 for at in range(SIDE * SIDE * bits // 8)) if pixels is None else pixels
    palette = bytes(range(256)) * 4 if bits == 8 else struct.pack(f"<{len(masks)}I", *masks)
    start = 14 + 40 + len(palette)
    head = struct.pack("<IiiHHIIiiII", 40, SIDE, SIDE, 1, bits, compression, len(rows), 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", start + len(rows), 0, 0, start) + head + palette + rows


def _vector(name: str) -> bytes:
    """A published vector: no encoder of HEIC is installed."""
    return (PAGE.parents[2] / "tests" / "conformance" / "pixels" / "files" / name).read_bytes()


def _outside(kind: str, values: Sequence[int]) -> bool:
    return len(values) * struct.calcsize(kind) > 4


def _frame(marker: int, bits: int, channels: int) -> bytes:
    """The headers of a JPEG of a kind that few programs write."""
    parts = b"".join(bytes((number + 1, 0x11, 0)) for number in range(channels))
    head = struct.pack(">BHHB", bits, SIDE, SIDE, channels) + parts
    scan = bytes([channels]) + b"".join(bytes((number + 1, 0)) for number in range(channels)) + b"\0\x3f\0"
    segments = ((marker, head), (0xDA, scan))
    return (
        b"\xff\xd8"
        + b"".join(bytes((0xFF, kind)) + struct.pack(">H", len(body) + 2) + body for kind, body in segments)
        + bytes(200)
        + b"\xff\xd9"
    )


def _png(bits: int, colour: int, channels: int, *, interlaced: bool = False) -> bytes:
    passes = ((1, 1), (1, 1), (2, 1), (2, 2), (4, 2), (4, 4), (8, 4)) if interlaced else ((SIDE, SIDE),)
    rows = b"".join(bytes(1 + -(-width * channels * bits // 8)) * height for width, height in passes)
    header = struct.pack(">IIBBBBB", SIDE, SIDE, bits, colour, 0, 0, interlaced)
    chunks = ((b"IHDR", header), (b"PLTE", bytes(6)), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    known = (each for each in chunks if colour == 3 or each[0] != b"PLTE")
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(*each) for each in known)


PICTURE = textured(24, 16)
CLEAR = PICTURE.convert("RGBA")


def _saved(name: str, picture: Image.Image = PICTURE, **options: object) -> Callable[[], bytes]:
    return lambda: save(picture, name, **options)


def _tiffs(name: str, bits: Sequence[int], photometric: int, *extra: int) -> dict[tuple[str, str], Callable[[], bytes]]:
    """The variant in both orders of its channels."""
    return {
        ("TIFF", name): lambda: tiff_of(bits, photometric, extra=extra),
        ("TIFF", f"{name}, planar"): lambda: tiff_of(bits, photometric, extra=extra, planar=True),
    }


VARIANTS: dict[tuple[str, str], Callable[[], bytes]] = {
    ("PNG", "grey, 1 to 8 bits"): lambda: _png(1, 0, 1),
    ("PNG", "grey, 16 bits, with or without alpha"): lambda: _png(16, 4, 2),
    ("PNG", "palette"): lambda: _png(2, 3, 1),
    ("PNG", "RGB, 8 or 16 bits, with or without alpha"): lambda: _png(16, 6, 4),
    ("PNG", "interlaced"): lambda: _png(8, 2, 3, interlaced=True),
    ("PNG", "animated (APNG)"): lambda: apng(2),
    ("JPEG", "baseline, RGB or YCbCr"): _saved("JPEG"),
    ("JPEG", "progressive"): _saved("JPEG", progressive=True),
    ("JPEG", "grey"): _saved("JPEG", PICTURE.convert("L")),
    ("JPEG", "CMYK and YCCK"): _saved("JPEG", PICTURE.convert("CMYK")),
    ("JPEG", "12 bits"): lambda: _frame(0xC1, 12, 3),
    ("JPEG", "lossless"): lambda: _frame(0xC3, 8, 3),
    ("JPEG", "hierarchical"): lambda: _frame(0xC5, 8, 3),
    ("JPEG", "2 channels"): lambda: _frame(0xC0, 8, 2),
    ("WebP", "lossy"): _saved("WEBP"),
    ("WebP", "lossless, with alpha"): _saved("WEBP", CLEAR, lossless=True),
    ("WebP", "animated"): _saved("WEBP", save_all=True, append_images=[textured(24, 16, 1)]),
    ("GIF", "still or animated"): _saved("GIF"),
    ("AVIF", "8 bits, with or without alpha"): _saved("AVIF", CLEAR),
    ("AVIF", "sequence"): _saved("AVIF", save_all=True, append_images=[textured(24, 16, 1)]),
    **_tiffs("RGB, 8 bits", [8] * 3, RGB),
    **_tiffs("RGB, 16 bits", [16] * 3, RGB),
    **_tiffs("RGB with alpha, 8 bits", [8] * 4, RGB, 2),
    **_tiffs("RGB with associated alpha, 8 bits", [8] * 4, RGB, 1),
    **_tiffs("RGB with alpha, 16 bits", [16] * 4, RGB, 2),
    **_tiffs("RGB with an extra channel, 8 bits", [8] * 4, RGB, 0),
    **_tiffs("RGB with alpha and an extra channel, 16 bits", [16] * 5, RGB, 2, 0),
    ("TIFF", "RGB, 32 bits floating-point"): lambda: tiff_of([32] * 3, RGB, sample_format=3),
    ("TIFF", "grey, 1 to 8 bits"): lambda: tiff_of([4], GREY),
    ("TIFF", "grey, 16 bits"): lambda: tiff_of([16], GREY),
    ("TIFF", "grey, 32 bits"): lambda: tiff_of([32], GREY),
    ("TIFF", "grey, 32 bits floating-point"): lambda: tiff_of([32], GREY, sample_format=3),
    **_tiffs("grey with alpha, 8 bits", [8] * 2, GREY, 2),
    **_tiffs("grey with alpha, 16 bits", [16] * 2, GREY, 2),
    **_tiffs("CMYK, 8 bits", [8] * 4, CMYK),
    **_tiffs("CMYK, 16 bits", [16] * 4, CMYK),
    **_tiffs("CMYK with alpha, 8 bits", [8] * 5, CMYK, 2),
    **_tiffs("CMYK with alpha, 16 bits", [16] * 5, CMYK, 2),
    **_tiffs("CIELAB, 8 bits", [8] * 3, CIELAB),
    **_tiffs("CIELAB, 16 bits", [16] * 3, CIELAB),
    **_tiffs("YCbCr, 8 bits", [8] * 3, YCBCR),
    ("TIFF", "LZW, Deflate, PackBits, JPEG or fax compression"): _saved("TIFF", compression="tiff_lzw"),
    ("TIFF", "an unknown compression"): lambda: tiff_of([8], GREY, compression=34712),
    ("TIFF", "BigTIFF"): _saved("TIFF", big_tiff=True),
    ("TIFF", "several pages"): _saved("TIFF", save_all=True, append_images=[textured(24, 16, 1)]),
    ("HEIC", "8 bits, with or without alpha"): lambda: _vector("alpha.heic"),
    ("HEIC", "grey"): lambda: _vector("grey.heic"),
    ("HEIC", "10 bits"): lambda: _vector("ten-bits.heic"),
    ("HEIC", "compressed otherwise than by HEVC"): lambda: _vector("plain.heic").replace(b"hvc1", b"vvc1"),
    ("video", "MP4 or QuickTime"): lambda: b"\0\0\0\x18ftypisom\0\0\0\0isommp42" + bytes(100),
    ("camera file", "Canon CR3"): lambda: b"\0\0\0\x18ftypcrx \0\0\0\0crx isom" + bytes(100),
    ("BMP", "1 to 8 bits, grey or a palette"): _saved("BMP", PICTURE.quantize(16)),
    ("BMP", "RGB of 24 or 32 bits"): _saved("BMP"),
    ("BMP", "RGB of 16 bits"): lambda: bmp(16, 3, masks=(0xF800, 0x7E0, 0x1F)),
    ("BMP", "RLE, of 8 bits"): lambda: bmp(8, 1, pixels=b"\x08\x01\0\0" * SIDE + b"\0\1"),
    ("BMP", "other masks of 16 or 32 bits"): lambda: bmp(16, 3, masks=(0xF00, 0xF0, 0xF)),
    ("BMP", "with a JPEG or PNG inside"): lambda: bmp(24, 5),
    ("Photoshop", "PSD and PSB: merged image, 1, 8 or 16 bits"): lambda: psd((2, 1), PSD_CMYK, [b"\1\2"] * 4),
    ("Photoshop", "merged image, 32 bits"): lambda: psd((2, 1), PSD_RGB, [bytes(8)] * 3, bits=32),
    ("Photoshop", "multichannel"): lambda: psd((2, 1), MULTICHANNEL, [b"\1\2"]),
    ("Photoshop", "saved without a merged image"): lambda: psd(
        (2, 1), PSD_RGB, [b"\xff\xff"] * 3, resources=NO_MERGED_IMAGE
    ),
    ("JPEG XL", "all"): lambda: b"\xff\x0a" + bytes(100),
    ("JPEG 2000", "all"): lambda: b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(100),
    ("SVG", "drawn at 512 pixels, without text"): lambda: (
        b'<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0H9V9"/></svg>'
    ),
    ("PDF", "all"): lambda: b"%PDF-1.7\n",
}


def result(data: bytes) -> str:
    """What the table says of a file."""
    try:
        decode(data, DEFAULT_LIMITS)
    except InputError as error:
        return f"`{error.code}`: {error.message}"
    return "read"


def table() -> str:
    """Rows of Markdown, in the order of VARIANTS."""
    rows = [f"| {name} | {variant} | {result(build())} |\n" for (name, variant), build in VARIANTS.items()]
    return "| Format | Variant | Answer |\n|---|---|---|\n" + "".join(rows)


if __name__ == "__main__":
    head, _, rest = PAGE.read_text().partition(BEGIN)
    PAGE.write_text(head + BEGIN + "\n" + table() + "\n" + END + rest.partition(END)[2])
