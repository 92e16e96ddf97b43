"""The published vectors of canonical pixels: our decoder gives them; so does a PNG reader that shares no code with it.

The reader below is written from FORMAT.md and the PNG specification, with zlib and struct alone.
"""

from __future__ import annotations

import hashlib
import json
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from ledger.image.decode import decode
from ledger.image.limits import DEFAULT_LIMITS

FOLDER = Path(__file__).parent
VECTORS: list[dict[str, Any]] = json.loads((FOLDER / "vectors.json").read_text())
BY_HAND = [each for each in VECTORS if each["file"].endswith(".png") and not each["profile"]]
Pixel = tuple[int, int, int]


def name_of(vector: dict[str, Any]) -> str:
    return str(vector["file"])


def content(vector: dict[str, Any]) -> bytes:
    return (FOLDER / "files" / name_of(vector)).read_bytes()


@pytest.mark.parametrize("vector", VECTORS, ids=name_of)
def test_our_decoder(vector: dict[str, Any]) -> None:
    data = content(vector)
    assert hashlib.sha256(data).hexdigest() == vector["sha256"]
    found = decode(data, DEFAULT_LIMITS)
    assert (found.width, found.height) == (vector["width"], vector["height"])
    assert found.pixel_sha256 == vector["pixel_sha256"]
    canonical_pixels = decode(data, DEFAULT_LIMITS, canonical=True).pixel_sha256
    assert canonical_pixels == vector.get("canonical_pixel_sha256", vector["pixel_sha256"])
    view = {"background": "black" if found.over_black else "white", "frame": found.frame}
    assert view == vector.get("view", {"background": "white", "frame": 1})
    working = {"width": found.working_size[0], "height": found.working_size[1]}
    assert working | {"sha256": hashlib.sha256(found.working).hexdigest()} == vector["working"]


def test_there_are_at_least_forty_and_each_file_has_one() -> None:
    assert len(VECTORS) >= 40
    assert sorted(map(name_of, VECTORS)) == sorted(path.name for path in (FOLDER / "files").iterdir())
    kinds = {".png", ".jpg", ".gif", ".webp", ".tif", ".avif", ".bmp", ".heic", ".psd", ".svg"}
    assert {Path(name_of(each)).suffix for each in VECTORS} == kinds
    assert all(len(content(each)) < 2**14 for each in VECTORS)


@pytest.mark.parametrize("vector", BY_HAND, ids=name_of)
def test_a_reader_that_shares_no_code(vector: dict[str, Any]) -> None:
    width, height, pixels = canonical(content(vector))
    rows = b"".join(map(bytes, pixels))
    digest = hashlib.sha256(b"artledger/pixels/v1\n" + struct.pack(">II", width, height) + rows).hexdigest()
    expected = vector.get("canonical_pixel_sha256", vector["pixel_sha256"])
    assert (width, height, digest) == (vector["width"], vector["height"], expected)


@pytest.mark.parametrize(
    "name",
    ["lossless.webp", "rgb-lzw.tif", "baseline-444.jpg", "baseline-420.jpg", "baseline-422.jpg", "progressive.jpg"],
)
def test_another_build_of_the_decoders(name: str) -> None:
    """OpenCV has libwebp, libtiff and libjpeg-turbo of its own."""
    [vector] = [each for each in VECTORS if each["file"] == name]
    pixels = cv2.imdecode(np.frombuffer(content(vector), np.uint8), cv2.IMREAD_COLOR)
    assert pixels is not None
    head = b"artledger/pixels/v1\n" + struct.pack(">II", vector["width"], vector["height"])
    assert hashlib.sha256(head + pixels[:, :, ::-1].tobytes()).hexdigest() == vector["pixel_sha256"]


def canonical(data: bytes) -> tuple[int, int, list[Pixel]]:
    chunks: dict[bytes, bytes] = {}
    at = 8
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        checksum = struct.pack(">I", zlib.crc32(data[at + 4 : at + 8 + length]))
        if kind.isupper() or checksum == data[at + 8 + length : at + 12 + length]:
            chunks[kind] = chunks.get(kind, b"") + data[at + 8 : at + 8 + length]
        at += 12 + length
    width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    data = zlib.decompress(chunks[b"IDAT"])
    grid: dict[tuple[int, int], Pixel] = {}
    passes = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
    for x0, y0, dx, dy in passes if interlaced else ((0, 0, 1, 1),):
        columns, lines = range(x0, width, dx), range(y0, height, dy)
        if not columns:
            continue
        length = (len(columns) * channels * depth + 7) // 8
        for y, row in zip(lines, unfiltered(data, length, len(lines), max(1, channels * depth // 8)), strict=True):
            values = unpacked(row, depth)
            for number, x in enumerate(columns):
                grid[x, y] = over_white(values[number * channels : (number + 1) * channels], depth, colour, chunks)
        data = data[(length + 1) * len(lines) :]
    return turned(width, height, grid, orientation(chunks.get(b"eXIf", b"")))


def unfiltered(data: bytes, length: int, height: int, step: int) -> Iterator[bytes]:
    above = bytearray(length)
    for number in range(height):
        start = number * (length + 1)
        kind, row = data[start], bytearray(data[start + 1 : start + 1 + length])
        for at in range(length):
            left, corner = (row[at - step], above[at - step]) if at >= step else (0, 0)
            up = above[at]
            guess = left + up - corner
            paeth = min((abs(guess - left), 0, left), (abs(guess - up), 1, up), (abs(guess - corner), 2, corner))[2]
            row[at] = (row[at] + (0, left, up, (left + up) // 2, paeth)[kind]) & 255
        yield bytes(row)
        above = row


def unpacked(row: bytes, depth: int) -> list[int]:
    """Samples as they are stored."""
    if depth == 16:
        return list(struct.unpack(f">{len(row) // 2}H", row))
    return [byte >> shift & (1 << depth) - 1 for byte in row for shift in range(8 - depth, -1, -depth)]


def over_white(stored: list[int], depth: int, colour: int, chunks: dict[bytes, bytes]) -> Pixel:
    clear = chunks.get(b"tRNS", b"")
    clear = clear if len(clear) >= {0: 2, 2: 6}.get(colour, 0) else b""
    if colour == 3:
        entry = stored[0]
        values, alpha = list(chunks[b"PLTE"][3 * entry : 3 * entry + 3]), clear[entry] if entry < len(clear) else 255
    else:
        eight = [each >> 8 if depth == 16 else each * 255 // ((1 << depth) - 1) for each in stored]
        values, alpha = (eight[:-1], eight[-1]) if colour in (4, 6) else (eight, 255)
        if clear and depth < 16 and list(struct.unpack(f">{len(clear) // 2}H", clear)) == stored:
            alpha = 0
    red, green, blue = ((each * alpha + 255 * (255 - alpha) + 127) // 255 for each in values * (3 // len(values)))
    return red, green, blue


def orientation(block: bytes) -> int:
    if len(block) < 22:  # the vectors' EXIF blocks have one entry
        return 1
    value = struct.unpack_from(">H", block, 18)[0]
    return value if value <= 8 else 1


def turned(width: int, height: int, grid: dict[tuple[int, int], Pixel], how: int) -> tuple[int, int, list[Pixel]]:
    """EXIF 2.32, 4.6.4: where the stored picture's row 0 and column 0 belong."""
    right, bottom = width - 1, height - 1
    where: dict[int, Callable[[int, int], tuple[int, int]]] = {
        1: lambda x, y: (x, y),
        2: lambda x, y: (right - x, y),
        3: lambda x, y: (right - x, bottom - y),
        4: lambda x, y: (x, bottom - y),
        5: lambda x, y: (y, x),
        6: lambda x, y: (y, bottom - x),
        7: lambda x, y: (right - y, bottom - x),
        8: lambda x, y: (right - y, x),
    }
    size = (height, width) if how >= 5 else (width, height)
    return *size, [grid[where[how](x, y)] for y in range(size[1]) for x in range(size[0])]
