"""What the vectors are built of: PNG, GIF and ICC structures written byte by byte, pictures from Pillow's encoders."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from io import BytesIO

from PIL import Image

GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6
"""PNG's colour types."""


def smooth(width: int, height: int) -> Image.Image:
    """A colour gradient that every lossy codec keeps."""
    rows = bytearray()
    for y in range(height):
        for x in range(width):
            rows += bytes((255 * x // width, 255 * y // height, 255 - 255 * (x + y) // (width + height)))
    return Image.frombytes("RGB", (width, height), bytes(rows))


def with_black(picture: Image.Image) -> Image.Image:
    """CMYK in which every plane differs."""
    cyan, magenta, yellow = picture.split()
    return Image.merge("CMYK", (cyan, magenta, yellow, Image.linear_gradient("L").resize(picture.size)))


def samples(count: int, step: int = 37) -> bytes:
    """So many bytes, of all values."""
    return bytes((at * step + at // 7) % 256 for at in range(count))


def save(picture: Image.Image, file_format: str, **options: object) -> bytes:
    file = BytesIO()
    picture.save(file, file_format, **options)
    return file.getvalue()


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(
    size: tuple[int, int],
    depth: int,
    colour: int,
    rows: Sequence[bytes],
    *chunks: tuple[bytes, bytes],
    interlaced: bool = False,
    after: Sequence[tuple[bytes, bytes]] = (),
) -> bytes:
    """`rows` without filter bytes: row n gets filter n modulo 5 where it fits; of an interlaced picture, with them."""
    header = struct.pack(">IIBBBBB", *size, depth, colour, 0, 0, interlaced)
    step = max(1, depth * {GREY: 1, RGB: 3, PALETTE: 1, GREY_ALPHA: 2, RGBA: 4}[colour] // 8)
    data = b"".join(rows) if interlaced else b"".join(filtered(rows, step))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        chunk(*each) for each in ((b"IHDR", header), *chunks, (b"IDAT", zlib.compress(data, 9)), *after, (b"IEND", b""))
    )


def filtered(rows: Sequence[bytes], step: int) -> list[bytes]:
    """Each row with its filter's number before it: all five in turn (PNG, third edition, section 9)."""
    found, above = [], bytes(len(rows[0]))
    for number, row in enumerate(rows):
        line = bytearray([number % 5])
        for at, value in enumerate(row):
            left, corner = (row[at - step], above[at - step]) if at >= step else (0, 0)
            line.append((value - predicted(number % 5, left, above[at], corner)) % 256)
        found.append(bytes(line))
        above = row
    return found


def predicted(kind: int, left: int, up: int, corner: int) -> int:
    """What a PNG filter expects of a byte, from its neighbours."""
    if kind == 4:
        estimate = left + up - corner
        return min((left, up, corner), key=lambda each: abs(estimate - each))
    return (0, left, up, (left + up) // 2)[kind]


def exif(orientation: int) -> bytes:
    """An EXIF block with nothing but the orientation."""
    return b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0)


def gif(screen: tuple[int, int], frames: Sequence[tuple[tuple[int, int], Image.Image, int | None, int]]) -> bytes:
    """Frames on a screen: each its corner, picture (mode P), transparent index and disposal; the encoder's own LZW."""
    data = b""
    for corner, picture, transparent, disposal in frames:
        encoded = save(picture, "GIF", optimize=False)
        size = 3 * 2 ** ((encoded[10] & 7) + 1)
        table, at = encoded[13 : 13 + size], encoded.index(b"\x2c", 13 + size)
        packed = 0x80 | (encoded[10] & 7) | (encoded[at + 9] & 0x40)
        flags = disposal << 2 | (transparent is not None)
        control = struct.pack("<BBBBHBB", 0x21, 0xF9, 4, flags, 10, transparent or 0, 0)
        place = b"\x2c" + struct.pack("<HHHHB", *corner, *picture.size, packed)
        data += control + place + table + encoded[at + 10 : -1]
    return b"GIF89a" + struct.pack("<HHBBB", *screen, 0x80, 0, 0) + bytes((9, 99, 199, 1, 2, 3)) + data + b"\x3b"


def number(value: float) -> bytes:
    """s15Fixed16Number (ICC.1, 4.6)."""
    return struct.pack(">i", round(value * 65536))


def xyz(x: float, y: float, z: float) -> bytes:
    return b"XYZ \0\0\0\0" + number(x) + number(y) + number(z)


def gamma(exponent: float) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(exponent * 256)) + b"\0\0"


def profile(kind: bytes, space: bytes, connection: bytes, tags: dict[bytes, bytes]) -> bytes:
    """An ICC profile, version 2.4."""
    text = b"desc\0\0\0\0" + struct.pack(">I", 5) + b"test\0" + bytes(78) + b"\0\0\0"
    tags = {b"desc": text, b"cprt": b"text\0\0\0\0none\0\0\0\0", b"wtpt": xyz(0.9642, 1, 0.8249), **tags}
    table, body, start = struct.pack(">I", len(tags)), b"", 128 + 4 + 12 * len(tags)
    for name, data in tags.items():
        table += name + struct.pack(">II", start + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    head = b"\0\0\0\0\x02\x40\0\0" + kind + space + connection + struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp"
    head += bytes(28) + number(0.9642) + number(1) + number(0.8249)
    whole = head + bytes(128 - 4 - len(head)) + table + body
    return struct.pack(">I", len(whole) + 4) + whole


def matrix_profile(red: bytes, green: bytes, blue: bytes, exponent: float) -> bytes:
    curve = gamma(exponent)
    colorants = {b"rXYZ": red, b"gXYZ": green, b"bXYZ": blue}
    return profile(b"mntr", b"RGB ", b"XYZ ", colorants | {b"rTRC": curve, b"gTRC": curve, b"bTRC": curve})


def lut8(corners: Sequence[tuple[int, int, int]], inputs: int) -> bytes:
    """A table with two grid points an axis, the last input fastest: each corner's L, a and b in 8 bits."""
    identity = b"".join(number(each) for each in (1, 0, 0, 0, 1, 0, 0, 0, 1))
    ramp = bytes(range(256))
    grid = b"".join(bytes(each) for each in corners)
    return b"mft1\0\0\0\0" + bytes((inputs, 3, 2, 0)) + identity + ramp * inputs + grid + ramp * 3


WIDE = matrix_profile(xyz(0.5151, 0.2412, -0.0011), xyz(0.2920, 0.6922, 0.0419), xyz(0.1571, 0.0666, 0.7841), 2.2)
"""The primaries of Display P3, with a plain gamma."""
EXCHANGED = matrix_profile(xyz(0.1431, 0.0606, 0.7141), xyz(0.3851, 0.7169, 0.0971), xyz(0.4361, 0.2225, 0.0139), 2.2)
"""sRGB's primaries, red and blue exchanged."""
GREY_PROFILE = profile(b"mntr", b"GRAY", b"XYZ ", {b"kTRC": gamma(1.0)})
RGB_TABLE = profile(
    b"scnr",
    b"RGB ",
    b"Lab ",
    {
        b"A2B0": lut8(
            [
                *((0, 128, 128), (60, 158, 40), (180, 40, 200), (230, 90, 120)),
                *((130, 200, 190), (150, 220, 60), (240, 110, 220), (255, 128, 128)),
            ],
            3,
        )
    },
)
CMYK_TABLE = profile(
    b"prtr",
    b"CMYK",
    b"Lab ",
    {
        b"A2B0": lut8(
            [
                (255 * (8 - 2 * c - 3 * m - y) // 8 * (4 - 3 * k) // 4, 128 + 50 * (m - c), 128 + 60 * y - 20 * (c + m))
                for c in (0, 1)
                for m in (0, 1)
                for y in (0, 1)
                for k in (0, 1)
            ],
            4,
        )
    },
)
