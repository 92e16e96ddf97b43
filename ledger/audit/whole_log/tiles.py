"""Verifies a log's hash tiles from a signed root downward, so that it can name a wrong one."""

from __future__ import annotations

from collections.abc import Iterator

from ledger.errors import VerificationError
from ledger.log.checkpoint import SignedCheckpoint
from ledger.log.merkle import leaf_hash, root_of
from ledger.log.objects import ObjectReader
from ledger.log.reader import TileReader, read_tile
from ledger.log.tiles import FULL_WIDTH, LEVEL_BITS, Tile, levels, tile_at, unpack_entries, unpack_hashes


class TileAuthority:
    """The tiles of one signed tree. The root covers partial tiles; the tile above covers each full tile."""

    def __init__(self, objects: ObjectReader, signed: SignedCheckpoint) -> None:
        self._objects = objects
        self._signed = signed
        self._reader = TileReader(objects)

    def require_root(self) -> None:
        """Requires that the right edge's tiles give the signed root, and every full tile above level 0 matches its
        parent.

        Raises VerificationError (`tile-mismatch`, `root-mismatch`, `missing-tile`, `bad-tile`) that names the first
        object.
        """
        size, root = self._signed.size, self._signed.root
        computed = self._reader.root(size)
        if computed != root:
            self._name_wrong_partial()
            raise VerificationError(
                f"the checkpoint of size {size}: expected root {root.hex()} from its tiles, got {computed.hex()}",
                code="root-mismatch",
            )
        for level in reversed(range(1, levels(size))):
            for index in range((size >> LEVEL_BITS * level) // FULL_WIDTH):
                tile = Tile(level, index)
                self.require_tile(tile, self.hashes(tile))

    def hashes(self, tile: Tile) -> list[bytes]:
        """A tile's served hashes. If a full tile is served instead of a partial one, only those of the partial one."""
        found, data = read_tile(self._objects, tile)
        return unpack_hashes(data, found)[: tile.width]

    def expected_root(self, tile: Tile) -> bytes | None:
        """The hash of this full tile according to the tile above; None for a partial one, which the root covers."""
        if tile.is_partial or tile.level is None:
            return None
        return self._reader.node(LEVEL_BITS * (tile.level + 1), tile.index, self._signed.size)

    def require_tile(self, tile: Tile, hashes: list[bytes]) -> None:
        """Raises VerificationError (`tile-mismatch`) unless a full tile has the hash that its parent states."""
        require_tile_root(tile, hashes, self.expected_root(tile))

    def root_at(self, size: int) -> bytes:
        """Root of the first `size` leaves, from tiles that `require_root` has verified."""
        return self._reader.root(size, within=self._signed.size)

    def _name_wrong_partial(self) -> None:
        """Finds the partial tile that contradicts the tiles below it, when the root does not match."""
        size = self._signed.size
        for level in range(levels(size)):
            width = (size >> LEVEL_BITS * level) % FULL_WIDTH
            if width == 0:
                continue
            tile = tile_at(level, (size >> LEVEL_BITS * level) // FULL_WIDTH, size)
            for position, (expected, got) in enumerate(zip(self._below(tile), self.hashes(tile), strict=True)):
                if expected != got:
                    raise VerificationError(
                        f"{tile.path}: hash {position}: expected {expected.hex()} from what stands below it, "
                        f"got {got.hex()}",
                        code="tile-mismatch",
                    )

    def _below(self, tile: Tile) -> Iterator[bytes]:
        if tile.level == 0:
            bundle = Tile(None, tile.index, tile.width)
            found, data = read_tile(self._objects, bundle)
            yield from map(leaf_hash, unpack_entries(data, found)[: tile.width])
        else:
            for index in range(tile.start, tile.end):
                yield root_of(self.hashes(Tile((tile.level or 0) - 1, index)))


def require_tile_root(tile: Tile, hashes: list[bytes], expected: bytes | None) -> None:
    """Raises VerificationError (`tile-mismatch`) unless the hashes give the expected root (None: no comparison)."""
    if expected is not None and (computed := root_of(hashes)) != expected:
        raise VerificationError(
            f"{tile.path}: expected it to hash to {expected.hex()}, as the tile above says, got {computed.hex()}",
            code="tile-mismatch",
        )
