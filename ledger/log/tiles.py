"""C2SP tlog-tiles: the objects of a tree of a given size, their paths and their bytes. No I/O happens here.

A tile at level l holds up to 256 nodes of level 8l of the Merkle tree. An entry bundle holds the entries below a tile
of level 0. A *partial* tile or bundle has a width from 1 to 255.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ledger.errors import VerificationError
from ledger.log.entry import MAX_ENTRY_BYTES
from ledger.log.merkle import HASH_BYTES, MAX_SIZE

FULL_WIDTH = 256
LEVEL_BITS = 8
"""A tile spans eight levels of the Merkle tree."""
MAX_LEVEL = 63
MAX_BUNDLE_BYTES = FULL_WIDTH * (2 + MAX_ENTRY_BYTES)
CHECKPOINT_PATH = "checkpoint"

_PATH = re.compile(r"tile/(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Tile:
    """A tile, or an entry bundle if `level` is None. Width 256 means full. Raises ValueError outside the format."""

    level: int | None
    index: int
    width: int = FULL_WIDTH

    def __post_init__(self) -> None:
        if self.level is not None and not 0 <= self.level <= MAX_LEVEL:
            raise ValueError(f"tile level {self.level} is not between 0 and {MAX_LEVEL}")
        if not 0 <= self.index <= MAX_SIZE // FULL_WIDTH:
            raise ValueError(f"tile index {self.index} is not between 0 and {MAX_SIZE // FULL_WIDTH}")
        if not 1 <= self.width <= FULL_WIDTH:
            raise ValueError(f"tile width {self.width} is not between 1 and {FULL_WIDTH}")

    @property
    def path(self) -> str:
        """Path below the log's prefix, such as `tile/0/x001/x234/067.p/5`."""
        groups = [f"{self.index % 1000:03d}"]
        rest = self.index // 1000
        while rest:
            groups.append(f"x{rest % 1000:03d}")
            rest //= 1000
        level = "entries" if self.level is None else str(self.level)
        partial = "" if self.width == FULL_WIDTH else f".p/{self.width}"
        return f"tile/{level}/{'/'.join(reversed(groups))}{partial}"

    @property
    def is_partial(self) -> bool:
        return self.width < FULL_WIDTH

    @property
    def full(self) -> Tile:
        """The full tile that will replace this partial one."""
        return Tile(self.level, self.index)

    @property
    def start(self) -> int:
        """Index of its first node (first entry) within its level."""
        return self.index * FULL_WIDTH

    @property
    def end(self) -> int:
        """One past the index of its last node."""
        return self.start + self.width


def parse_path(path: str) -> Tile:
    """The tile at `path`. Raises VerificationError (`bad-tile-path`) if `path` is not exactly a Tile's path."""
    match = _PATH.fullmatch(path) if len(path) <= 128 else None
    if match is None:
        raise VerificationError(f"not a tlog-tiles path: {path[:128]!r}", code="bad-tile-path")
    level, groups, width = match.groups()
    try:
        tile = Tile(
            None if level == "entries" else int(level),
            int(groups.replace("x", "").replace("/", "")),
            FULL_WIDTH if width is None else int(width),
        )
    except ValueError as error:
        raise VerificationError(f"not a tlog-tiles path: {path!r}: {error}", code="bad-tile-path") from error
    if tile.path != path:
        raise VerificationError(f"not a tlog-tiles path: expected {tile.path!r}, got {path!r}", code="bad-tile-path")
    return tile


def tile_at(level: int | None, index: int, size: int) -> Tile:
    """The tile (full or partial) with this index in a tree of `size` leaves. Raises ValueError if there is none."""
    count = _level_count(level, size) - index * FULL_WIDTH
    if count <= 0:
        raise ValueError(f"a tree of {size} leaves has no tile {index} at level {level}")
    return Tile(level, index, min(count, FULL_WIDTH))


def level_tiles(level: int | None, old: int, new: int) -> Iterator[Tile]:
    """The tiles of one level (None: entry bundles) that a tree gains when it grows from `old` to `new` leaves."""
    before, after = _level_count(level, old), _level_count(level, new)
    if before < after:
        for index in range(before // FULL_WIDTH, -(-after // FULL_WIDTH)):
            yield tile_at(level, index, new)


def growth(old: int, new: int) -> Iterator[Tile]:
    """Every object that growing from `old` to `new` leaves adds: entry bundles, then tiles, level by level upward.

    `growth(0, size)` is the whole log. Raises ValueError unless 0 <= old <= new < 2^63.
    """
    if not 0 <= old <= new <= MAX_SIZE:
        raise ValueError(f"a log cannot grow from {old} to {new} leaves")
    yield from level_tiles(None, old, new)
    for level in range(levels(new)):
        yield from level_tiles(level, old, new)


def levels(size: int) -> int:
    """How many levels of tiles a tree of `size` leaves has (0 for the empty tree)."""
    return -(-size.bit_length() // LEVEL_BITS)


def pack_hashes(hashes: Sequence[bytes]) -> bytes:
    return b"".join(hashes)


def unpack_hashes(data: bytes, tile: Tile) -> list[bytes]:
    """The tile's hashes. Raises VerificationError (`bad-tile`) unless `data` holds exactly as many as its width."""
    if len(data) != tile.width * HASH_BYTES:
        raise VerificationError(
            f"{tile.path}: expected {tile.width * HASH_BYTES} bytes, got {len(data)}", code="bad-tile"
        )
    return [data[start : start + HASH_BYTES] for start in range(0, len(data), HASH_BYTES)]


def pack_entries(entries: Sequence[bytes]) -> bytes:
    """Entries, each after its length as a big-endian uint16. Raises OverflowError for entries over 65,535 bytes."""
    parts: list[bytes] = []
    for entry in entries:
        parts += (len(entry).to_bytes(2, "big"), entry)
    return b"".join(parts)


def unpack_entries(data: bytes, tile: Tile) -> list[bytes]:
    """The bundle's entries. Raises VerificationError (`bad-entry-bundle`) when it is cut short, too long, or does not
    have exactly as many entries as the tile's width."""
    entries: list[bytes] = []
    position = 0
    while position < len(data) and len(entries) < tile.width:
        start = position + 2
        position = start + int.from_bytes(data[position:start], "big")
        if start > len(data) or position > len(data):
            raise VerificationError(
                f"{tile.path}: entry {tile.start + len(entries)} is cut short", code="bad-entry-bundle"
            )
        entries.append(data[start:position])
    if len(entries) != tile.width or position != len(data):
        raise VerificationError(
            f"{tile.path}: expected {tile.width} entries and nothing more, got {len(entries)} entries "
            f"and {len(data) - position} more bytes",
            code="bad-entry-bundle",
        )
    return entries


def _level_count(level: int | None, size: int) -> int:
    return size >> LEVEL_BITS * (level or 0)
