"""Turns committed entries into durable tiles. It only creates objects, so repeating it, even after a crash, is safe."""

from __future__ import annotations

from collections.abc import Iterable

from ledger.errors import IntegrityError
from ledger.log.entry import Entry
from ledger.log.merkle import CompactRange, leaf_hash, root_of
from ledger.log.objects import ObjectStore
from ledger.log.reader import read_tile
from ledger.log.tiles import (
    FULL_WIDTH,
    LEVEL_BITS,
    Tile,
    levels,
    pack_entries,
    pack_hashes,
    tile_at,
    unpack_hashes,
)


class TileWriter:
    """Extends a published tree of `size` leaves by entries and writes the new objects.

    Reads the partial tiles at the right edge of the published tree. The entries of its partial bundle must be passed
    again (from `first_entry`), and are compared with the published hashes. Raises IntegrityError and PushbackError as
    the methods do; VerificationError (`missing-tile`, `bad-tile`) when the published tiles are damaged.
    """

    def __init__(self, objects: ObjectStore, size: int) -> None:
        self._objects = objects
        self._published = size
        self.first_entry = size - size % FULL_WIDTH
        self._next = self.first_entry
        self._bundle: list[bytes] = []
        self._rows: list[list[bytes]] = [self._published_row(level) for level in range(levels(size))]
        self._known = self._rows[0] if self._rows else []
        if self._rows:
            self._rows[0] = []

    def write(self, entries: Iterable[Entry]) -> int:
        """Writes bundles and tiles as they fill, then the partial ones. Returns the new tree size.

        The objects are durable after `ObjectStore.sync`. Raises IntegrityError when the entries have a gap
        (`entry-gap`), a stored leaf hash is not its entry's (`entry-altered`), or the entries differ from the published
        ones (`forked`, `object-differs`); PushbackError when the store cannot be reached.
        """
        for entry in entries:
            self._add(entry)
        if self._next < self._published:
            raise IntegrityError(
                f"{self._published} entries are published, but the database has only {self._next}", code="entry-gap"
            )
        self._write_partials()
        return self._next

    def edge(self) -> CompactRange:
        """The right edge of the tree written so far."""
        nodes: list[bytes] = []
        for row in reversed(self._rows):
            position = 0
            for level in reversed(range(LEVEL_BITS)):
                if len(row) >> level & 1:
                    nodes.append(root_of(row[position : position + (1 << level)]))
                    position += 1 << level
        return CompactRange(self._next, tuple(nodes))

    def _published_row(self, level: int) -> list[bytes]:
        count = self._published >> LEVEL_BITS * level
        if count % FULL_WIDTH == 0:
            return []
        tile = tile_at(level, count // FULL_WIDTH, self._published)
        found, data = read_tile(self._objects, tile)
        return unpack_hashes(data, found)[: tile.width]

    def _add(self, entry: Entry) -> None:
        if entry.leaf_index != self._next:
            raise IntegrityError(
                f"expected entry {self._next} of the log, got entry {entry.leaf_index}",
                code="entry-gap",
                hint="Rows are missing in the database. Restore it from a backup that is not older than the last "
                "checkpoint.",
            )
        node = leaf_hash(entry.envelope)
        if node != entry.leaf_hash:
            raise IntegrityError(
                f"entry {entry.leaf_index}: expected leaf hash {node.hex()}, the database says {entry.leaf_hash.hex()}",
                code="entry-altered",
                hint="`artledger db check` compares the database with the published log.",
            )
        position = entry.leaf_index - self.first_entry
        if position < len(self._known) and self._known[position] != node:
            raise IntegrityError(
                f"entry {entry.leaf_index}: expected the published leaf hash {self._known[position].hex()}, "
                f"the database has {node.hex()}",
                code="forked",
                hint="This database does not belong to the published log. Nothing was signed.",
            )
        self._next += 1
        self._bundle.append(entry.envelope)
        if len(self._bundle) == FULL_WIDTH:
            self._put(Tile(None, self._next // FULL_WIDTH - 1), pack_entries(self._bundle))
            self._bundle = []
        self._push(0, node)

    def _push(self, level: int, node: bytes) -> None:
        if level == len(self._rows):
            self._rows.append([])
        row = self._rows[level]
        row.append(node)
        if len(row) == FULL_WIDTH:
            self._put(Tile(level, (self._next >> LEVEL_BITS * (level + 1)) - 1), pack_hashes(row))
            self._rows[level] = []
            self._push(level + 1, root_of(row))

    def _write_partials(self) -> None:
        if self._bundle:
            self._put(tile_at(None, self._next // FULL_WIDTH, self._next), pack_entries(self._bundle))
        for level, row in enumerate(self._rows):
            if row:
                index = self._next >> LEVEL_BITS * (level + 1)
                self._put(tile_at(level, index, self._next), pack_hashes(row))

    def _put(self, tile: Tile, data: bytes) -> None:
        self._objects.put_new(tile.path, data)
