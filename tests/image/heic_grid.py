"""HEIC files as phones write them: a grid of tiles (ISO/IEC 23008-12, 6.6.2.3), here all the same tile."""

from __future__ import annotations

import struct
from pathlib import Path

TILE = Path(__file__).parents[1] / "conformance" / "pixels" / "files" / "plain.heic"
TILE_SIZE = (64, 64)
"""As it is coded; the file shows the upper 48 rows."""


def box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(body), kind) + body


def full_box(kind: bytes, body: bytes, version: int = 0) -> bytes:
    return box(kind, struct.pack(">I", version << 24) + body)


def heic_grid(rows: int, columns: int, *, size: tuple[int, int] | None = None, tiles: int | None = None) -> bytes:
    """`size` and `tiles`: what the file says where that is not what the grid has."""
    width, height = size or (columns * TILE_SIZE[0], rows * TILE_SIZE[1])
    data = TILE.read_bytes()
    at = data.index(b"hvcC") - 4
    decoder = data[at : at + struct.unpack_from(">I", data, at)[0]]
    coded = data[data.index(b"mdat") + 4 :]
    grid = struct.pack(">BBBBII", 0, 1, rows - 1, columns - 1, width, height)
    sizes = full_box(b"ispe", struct.pack(">II", *TILE_SIZE)) + full_box(b"ispe", struct.pack(">II", width, height))
    number = rows * columns if tiles is None else tiles
    items = range(1, number + 1)
    whole = number + 1
    kinds = [*((item, b"hvc1") for item in items), (whole, b"grid")]
    entries = [full_box(b"infe", struct.pack(">HH4sx", item, 0, kind), 2) for item, kind in kinds]
    # Of each item, the properties that describe it; those of a decoder are essential (bit 7).
    described = [*(struct.pack(">HBBB", item, 2, 0x81, 2) for item in items), struct.pack(">HBB", whole, 1, 3)]
    associations = struct.pack(">I", whole) + b"".join(described)
    head = box(b"ftyp", b"heic\0\0\0\0mif1heic")

    def meta(offset: int) -> bytes:
        places = [(item, offset, len(coded)) for item in items] + [(whole, offset + len(coded), len(grid))]
        located = b"".join(struct.pack(">HHHII", item, 0, 1, start, length) for item, start, length in places)
        return full_box(
            b"meta",
            full_box(b"hdlr", struct.pack(">I4s12xx", 0, b"pict"))
            + full_box(b"pitm", struct.pack(">H", whole))
            + full_box(b"iloc", struct.pack(">BBH", 0x44, 0, whole) + located)
            + full_box(b"iinf", struct.pack(">H", whole) + b"".join(entries))
            + full_box(b"iref", box(b"dimg", struct.pack(f">HH{number}H", whole, number, *items)))
            + box(b"iprp", box(b"ipco", decoder + sizes) + full_box(b"ipma", associations)),
        )

    return head + meta(len(head) + len(meta(0)) + 8) + box(b"mdat", coded + grid)
