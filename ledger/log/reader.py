"""Hashes and proofs from published tiles, for receipts, the publisher's own check, and auditors."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence

from ledger.errors import IntegrityError, VerificationError
from ledger.log.checkpoint import SignedCheckpoint
from ledger.log.merkle import (
    CompactRange,
    consistency_path,
    edge_nodes,
    inclusion_path,
    node_hash,
    verify_inclusion,
)
from ledger.log.objects import ObjectReader
from ledger.log.proof import TlogProof
from ledger.log.tiles import LEVEL_BITS, Tile, tile_at, unpack_hashes


class _TileNodes:
    """One tile's hashes, and those of the seven tree levels above, computed on demand."""

    def __init__(self, hashes: Sequence[bytes]) -> None:
        self._nodes: dict[tuple[int, int], bytes] = {(0, position): node for position, node in enumerate(hashes)}

    def node(self, level: int, position: int) -> bytes:
        """The node at `level` (0 to 7) above the tile's hashes. Raises KeyError outside the tile."""
        node = self._nodes.get((level, position))
        if node is None:
            if level == 0:
                raise KeyError(position)
            node = node_hash(self.node(level - 1, 2 * position), self.node(level - 1, 2 * position + 1))
            self._nodes[level, position] = node
        return node


class TileReader:
    """Nodes of a log's tree, read from its tiles. Caches the most recently used tiles. Threads may share it.

    Nothing read here is trusted: callers check proofs against a signed root.
    """

    def __init__(self, objects: ObjectReader, *, cached_tiles: int = 1024) -> None:
        self._objects = objects
        self._cached_tiles = cached_tiles
        self._cache: OrderedDict[Tile, _TileNodes] = OrderedDict()
        self._lock = threading.Lock()

    def node(self, level: int, index: int, size: int) -> bytes:
        """Node (level, index) of the tree of `size` leaves.

        Raises VerificationError (`missing-tile`, `bad-tile`); ValueError outside the tree; PushbackError when the
        log cannot be reached.
        """
        tile_level, inner = divmod(level, LEVEL_BITS)
        first = index << inner
        nodes = self._tile(tile_at(tile_level, first >> LEVEL_BITS, size))
        return nodes.node(inner, (first % (1 << LEVEL_BITS)) >> inner)

    def root(self, size: int, within: int | None = None) -> bytes:
        """Root hash of the tree of `size` leaves, computed from its tiles, or from those of the larger tree of `within`
        leaves. Raises as `node` does."""
        nodes = (self.node(level, index, within or size) for level, index in edge_nodes(size))
        return CompactRange(size, tuple(nodes)).root()

    def inclusion_proof(self, index: int, size: int) -> list[bytes]:
        """Path of leaf `index` in the tree of `size` leaves. Raises as `node` does; ValueError outside the tree."""
        return inclusion_path(index, size, lambda level, at: self.node(level, at, size))

    def consistency_proof(self, old: int, size: int) -> list[bytes]:
        """Proof that the tree of `size` leaves extends that of `old`. Raises as `node` does."""
        return consistency_path(old, size, lambda level, at: self.node(level, at, size))

    def _tile(self, tile: Tile) -> _TileNodes:
        with self._lock:
            for wanted in (tile, tile.full):
                if wanted in self._cache:
                    self._cache.move_to_end(wanted)
                    return self._cache[wanted]
        found, data = read_tile(self._objects, tile)
        nodes = _TileNodes(unpack_hashes(data, found))
        with self._lock:
            self._cache[found] = nodes
            while len(self._cache) > self._cached_tiles:
                self._cache.popitem(last=False)
        return nodes


def read_tile(objects: ObjectReader, tile: Tile) -> tuple[Tile, bytes]:
    """The bytes of a tile or entry bundle. If a partial one is gone, those of the full one that replaced it.

    Raises VerificationError (`missing-tile`), and PushbackError when the log cannot be reached.
    """
    for wanted in (tile, tile.full) if tile.is_partial else (tile,):
        data = objects.get(wanted.path)
        if data is not None:
            return wanted, data
    raise VerificationError(f"{tile.path} is missing from the log", code="missing-tile")


def make_receipt(
    reader: TileReader, leaf: bytes, index: int, signed: SignedCheckpoint, extra: bytes | None = None
) -> TlogProof:
    """The verified C2SP tlog-proof of a leaf, given by its hash and index, under a checkpoint.

    Raises ValueError when the checkpoint does not cover the leaf; IntegrityError (`published-log-damaged`) when the
    published tiles do not lead from that leaf to the checkpoint's root; PushbackError when they cannot be reached.
    """
    try:
        path = reader.inclusion_proof(index, signed.size)
        verify_inclusion(leaf, index, signed.size, path, signed.root)
    except VerificationError as error:
        raise IntegrityError(
            f"log entry {index} cannot be proven from the published tiles: {error.message}",
            code="published-log-damaged",
            hint="`artledger audit log` names the first object that is wrong; restore it from a copy of the log.",
        ) from error
    return TlogProof(index, tuple(path), signed.data, extra)
