"""Small files that cost a decoder much, each built from what its format allows."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable

from PIL import Image

from tests.image.samples import png_chunk, png_of_size, save, textured


def jpeg_segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def progressive_jpeg(width: int, height: int, scans: int) -> bytes:
    """A JPEG of any size whose last scan, a refinement of all blocks, is there `scans` times."""
    data = save(textured(64, 64).convert("L"), "JPEG", progressive=True)
    frame, last = data.index(b"\xff\xc2"), data.rindex(b"\xff\xda")
    head = data[: frame + 5] + struct.pack(">HH", height, width) + data[frame + 9 : last]
    return head + data[last:-2] * scans + b"\xff\xd9"


def slow_jpeg(side: int = 10_000, scans: int = 90) -> bytes:
    """Within every limit of structure, and some seconds of processor time: every scan has something for all blocks."""
    data = save(textured(500, 500).resize((side, side)).convert("L"), "JPEG", progressive=True, quality=60)
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * scans + b"\xff\xd9"


def jpeg_of_segments(number: int) -> bytes:
    data = save(textured(64, 64), "JPEG")
    return data[:2] + jpeg_segment(0xFE, b"") * number + data[2:]


def jpeg_with_profile(size: int) -> bytes:
    data = save(textured(64, 64), "JPEG")
    part = jpeg_segment(0xE2, b"ICC_PROFILE\0\1\1" + bytes(60_000))
    return data[:2] + part * (size // 60_000 + 1) + data[2:]


def jpeg_with_exif(size: int) -> bytes:
    data = save(textured(64, 64), "JPEG")
    return data[:2] + jpeg_segment(0xE1, b"Exif\0\0MM\0*" + bytes(60_000)) * (size // 60_000 + 1) + data[2:]


def png_of_chunks(number: int) -> bytes:
    data = png_of_size(4, 4, complete=True)
    return data[:33] + png_chunk(b"teSt", b"") * number + data[33:]


def apng(frames: int) -> bytes:
    data = png_of_size(4, 4, complete=True)
    control = png_chunk(b"acTL", struct.pack(">II", frames, 0))
    frame = png_chunk(b"fcTL", struct.pack(">IIIIIHHBB", 0, 4, 4, 0, 0, 1, 10, 0, 0))
    return data[:33] + control + frame * frames + data[33:]


def gif(frames: int, size: tuple[int, int] = (1, 1)) -> bytes:
    screen = b"GIF89a" + struct.pack("<HHBBB", *size, 0x80, 0, 0) + bytes(6)
    return screen + (b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00") * frames + b"\x3b"


def gif_of_comments(number: int) -> bytes:
    return gif(0)[:-1] + b"\x21\xfe" + b"\x01a" * number + b"\0" + gif(1)[19:]


def webp(canvas: tuple[int, int], frames: int = 1) -> bytes:
    """The canvas that the header declares, and `frames` frames of one pixel in it."""
    image = save(Image.new("RGB", (1, 1)), "WEBP", lossless=True)[12:]
    head = struct.pack("<I", 0x02)[:1] + bytes(3) + _uint24(canvas[0] - 1) + _uint24(canvas[1] - 1)
    frame = bytes(6) + _uint24(0) + _uint24(0) + _uint24(10) + b"\0" + image
    body = _riff(b"VP8X", head) + _riff(b"ANIM", bytes(6)) + _riff(b"ANMF", frame) * frames
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def _uint24(value: int) -> bytes:
    return struct.pack("<I", value)[:3]


def _riff(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)


def avif(width: int, height: int) -> bytes:
    """A picture of 64 pixels that declares any size."""
    data = save(textured(64, 64), "AVIF")
    at = data.index(b"ispe") + 8
    return data[:at] + struct.pack(">II", width, height) + data[at + 8 :]


def avif_of_boxes(number: int) -> bytes:
    data = save(textured(64, 64), "AVIF")
    end = struct.unpack(">I", data[:4])[0]
    return data[:end] + struct.pack(">I4s", 8, b"free") * number + data[end:]


def tiff(tags: list[tuple[int, int, int, int]], following: int = 0, extra: bytes = b"") -> bytes:
    """One directory of (tag, type, count, value) at offset 8, then the next one's offset, then `extra`."""
    entries = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + struct.pack("<I", following) + extra


_GREY = [(256, 3, 1, 100), (257, 3, 1, 100), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1)]


def tiff_of_strips(strips: int) -> bytes:
    start = 8 + 2 + 12 * 8 + 4
    tags = [*_GREY, (273, 4, strips, start), (278, 3, 1, 1), (279, 4, strips, start)]
    return tiff(tags, 0, struct.pack("<I", start) * strips + bytes(10_000))


def tiff_loop() -> bytes:
    """Its only directory is followed by itself."""
    start = 8 + 2 + 12 * 8 + 4
    return tiff([*_GREY, (273, 4, 1, start), (278, 3, 1, 100), (279, 4, 1, 10_000)], 8, bytes(10_000))


def tiff_of_directories(number: int) -> bytes:
    """A chain of directories of one tag each."""
    first = tiff_loop()
    start = len(first)
    chain = b"".join(
        struct.pack("<HHHIII", 1, 254, 4, 1, 0, start + 18 * (at + 1) if at + 1 < number else 0) for at in range(number)
    )
    end = 8 + 2 + 12 * 8
    return first[:end] + struct.pack("<I", start) + first[end + 4 :] + chain


def tiff_of_tags(number: int, size: int) -> bytes:
    """Tags that all claim the same `size` bytes."""
    start = 8 + 2 + 12 * (8 + number) + 4
    tags = [*_GREY, (273, 4, 1, start), (278, 3, 1, 100), (279, 4, 1, 10_000)]
    return tiff([*tags, *((40_000 + n % 20_000, 7, size, start) for n in range(number))], 0, bytes(max(size, 10_000)))


def tiff_with_profile(size: int) -> bytes:
    return tiff([*_GREY, (34675, 7, size, 8)], 0, bytes(100))


def png_with_profile_bomb() -> bytes:
    """A profile that inflates to 200 MB."""
    data = png_of_size(4, 4, complete=True)
    squeezed = zlib.compressobj(9)
    body = b"".join(squeezed.compress(bytes(2**20)) for _ in range(200)) + squeezed.flush()
    return data[:33] + png_chunk(b"iCCP", b"x\0\0" + body) + data[33:]


def png_of_many_small_idats(number: int) -> bytes:
    return png_of_size(4, 4)[:33] + png_chunk(b"IDAT", b"\0") * number


COMPLEX: dict[str, Callable[[], bytes]] = {
    "JPEG with 5,000 scans": lambda: progressive_jpeg(4000, 4000, 5_000),
    "JPEG with 200,000 comments": lambda: jpeg_of_segments(200_000),
    "JPEG with 20 MB of colour profile": lambda: jpeg_with_profile(20 * 2**20),
    "JPEG with 20 MB of EXIF data": lambda: jpeg_with_exif(20 * 2**20),
    "PNG of 2,000,000 chunks": lambda: png_of_chunks(2_000_000),
    "PNG of 1,000,000 pieces of data": lambda: png_of_many_small_idats(1_000_000),
    "PNG with 10,000 frames": lambda: apng(10_000),
    "GIF with 10,000 frames": lambda: gif(10_000),
    "GIF with 10,000,000 pieces of comment": lambda: gif_of_comments(10_000_000),
    "WebP with 10,000 frames": lambda: webp((1, 1), 10_000),
    "AVIF with 1,000,000 boxes": lambda: avif_of_boxes(1_000_000),
    "TIFF with 100,000 strips": lambda: tiff_of_strips(100_000),
    "TIFF with 10,000 directories": lambda: tiff_of_directories(10_000),
    "TIFF with 60,000 tags of 1 MB": lambda: tiff_of_tags(60_000, 2**20),
    "TIFF with a profile of 100 MB": lambda: tiff_with_profile(100 * 2**20),
}
CANVASES: dict[str, Callable[[], bytes]] = {
    "PNG": lambda: png_of_size(50_000, 50_000),
    "JPEG": lambda: progressive_jpeg(60_000, 60_000, 1),
    "GIF": lambda: gif(1, (60_000, 60_000)),
    "WebP": lambda: webp((16_000_000, 200)),
    "AVIF": lambda: avif(60_000, 60_000),
    "TIFF": lambda: tiff([(256, 4, 1, 60_000), (257, 4, 1, 60_000), *_GREY[2:], (273, 4, 1, 8)], 0, bytes(100)),
}
