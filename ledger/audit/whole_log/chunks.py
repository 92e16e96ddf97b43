"""The part of a replay that any process can do alone: checks entry bundles against their tiles, and their records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from ledger.audit.entries import ExaminedEntry, examine, naming_leaf
from ledger.audit.statement_rules import Gist
from ledger.audit.whole_log.tiles import require_tile_root
from ledger.errors import VerificationError
from ledger.log.fetch import HttpLog
from ledger.log.merkle import leaf_hash
from ledger.log.objects import ObjectReader
from ledger.log.reader import read_tile
from ledger.log.tiles import Tile, unpack_entries, unpack_hashes
from ledger.record import dsse
from ledger.record.predicates import KeyRecord

_PARALLEL_READS = 8
"""Concurrent requests per process while reading over the network."""


@dataclass(frozen=True, slots=True)
class Task:
    """Consecutive entry bundles."""

    bundles: tuple[Tile, ...]
    expected_roots: tuple[bytes | None, ...]
    """The hash of each bundle's tile; None if the signed root already covers it."""
    keys: Mapping[str, bytes] | None
    """Keys known so far, which verify records; None if the entries are not Artledger records."""
    origin: str
    """The log's origin."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """An entry that was checked by itself."""

    leaf_hash: bytes
    examined: ExaminedEntry
    entry: bytes
    """The entry's bytes if it must be examined again once its signer's key is known; else empty."""


Row = tuple[bytes, bytes, Gist, tuple[str, ...], bool, KeyRecord | None]
"""A Leaf as it travels between processes: objects would take several times as long to pickle."""


@dataclass(frozen=True, slots=True)
class Done:
    first: int
    """Leaf index of the first leaf."""
    end: int
    """One past the index of the last leaf."""
    rows: tuple[Row, ...]
    """Empty if the entries are not Artledger records."""

    def leaves(self, start: int) -> list[Leaf]:
        """The leaves from index `start` on."""
        rows = self.rows[max(0, start - self.first) :]
        return [
            Leaf(digest, ExaminedEntry(gist, signers, verified, key), entry)
            for digest, entry, gist, signers, verified, key in rows
        ]


def check_chunk(objects: ObjectReader, task: Task) -> Done:
    """Checks every bundle of the task: the tile against the tile above, entries against the tile, each entry alone.

    Raises VerificationError that names the tile or the entry; PushbackError while the log cannot be read.
    """
    rows: list[Row] = []
    keys = None if task.keys is None else dict(task.keys)
    paths = [(bundle, Tile(0, bundle.index, bundle.width)) for bundle in task.bundles]
    for (bundle, tile), expected, (bundle_data, tile_data) in zip(
        paths, task.expected_roots, _read_all(objects, paths), strict=True
    ):
        hashes = unpack_hashes(tile_data[1], tile_data[0])[: tile.width]
        require_tile_root(tile, hashes, expected)
        entries = unpack_entries(bundle_data[1], bundle_data[0])[: bundle.width]
        rows += _check_entries(bundle, entries, hashes, keys, task.origin)
    return Done(task.bundles[0].start, task.bundles[-1].end, tuple(rows))


def _check_entries(
    bundle: Tile, entries: Sequence[bytes], hashes: Sequence[bytes], keys: dict[str, bytes] | None, origin: str
) -> list[Row]:
    """Checks entries and adds the keys that they announce to `keys`. Whether a key was valid when it signed is checked
    later."""
    rows: list[Row] = []
    for index, (entry, expected) in enumerate(zip(entries, hashes, strict=True), bundle.start):
        computed = leaf_hash(entry)
        if computed != expected:
            raise VerificationError(
                f"{bundle.path}: entry {index}: expected leaf hash {expected.hex()}, got {computed.hex()}",
                code="entry-mismatch",
            )
        if keys is None:
            continue
        try:
            it = examine(entry, keys, origin)
        except VerificationError as error:
            raise naming_leaf(index, error) from error
        if it.key is not None:
            keys.update(dsse.keys_by_id([bytes.fromhex(it.key.public_key)]))
        again = b"" if it.verified else entry
        rows.append((computed, again, it.gist, it.signers, it.verified, it.key))
    return rows


_Read = tuple[Tile, bytes]


def _read_all(objects: ObjectReader, paths: Sequence[tuple[Tile, Tile]]) -> list[tuple[_Read, _Read]]:
    if not isinstance(objects, HttpLog):
        return [(read_tile(objects, bundle), read_tile(objects, tile)) for bundle, tile in paths]
    with ThreadPoolExecutor(_PARALLEL_READS) as pool:
        found = list(pool.map(lambda tile: read_tile(objects, tile), [tile for pair in paths for tile in pair]))
    return list(zip(found[::2], found[1::2], strict=True))
