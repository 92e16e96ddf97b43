"""Appends in one round trip while no other process appends.

The process that appended last knows the tree's right edge. One self-committing statement advances the head row, if it
is still as known, and inserts the entries. If another process was faster, the statement changes nothing, and the
ordinary path (lock, look up, COPY, commit) is used until this process again appends twice in a row.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

from ledger.errors import ConflictError, PushbackError
from ledger.log.entry import Appended, CommitUnknownError, Draft, Entry
from ledger.log.merkle import CompactRange, leaf_hash
from ledger.record.party import Party
from ledger.storage.database import Database, driver
from ledger.storage.log.required_signatures import DraftMaker
from ledger.storage.log.revocation import revocation_key, signers

_APPEND = """
WITH head AS (
  UPDATE log_head SET size = %(new_size)s, edge = %(edge)b, root = %(root)b
  WHERE size = %(size)s AND root = %(known_root)b
  RETURNING date_trunc('milliseconds', clock_timestamp()) AS now
), added AS (
  INSERT INTO entry (leaf_index, record_id, leaf_hash, envelope, appended_at, dedup_key)
  SELECT %(size)s + place - 1, encode(substr(%(ids)b, 16 * place::int - 15, 16), 'hex')::uuid,
         substr(%(hashes)b, 32 * place::int - 31, 32), envelope, head.now, dedup_key
  FROM head, unnest(%(envelopes)b::bytea[], %(keys)b::bytea[]) WITH ORDINALITY AS each (envelope, dedup_key, place)
)
SELECT now FROM head
"""
"""All ids are sent as one value, and all hashes as another, because their lengths are fixed."""


class QuickAppender:
    """Remembers the tree after this process's last append. Threads may share it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._tree: CompactRange | None = None
        self._ours: CompactRange | None = None
        self._unrevoked: frozenset[str] = frozenset()
        self._keyless: frozenset[Party] = frozenset()
        self._busy = threading.Lock()

    def append(self, drafts: Sequence[Draft], makers: Sequence[DraftMaker]) -> list[Appended] | None:
        """The new entries, or None if nothing was done and the ordinary path must be used.

        That is so if the head is not as known, a record id or dedup key is already on the log, rows must be written
        alongside, a signer's key may be revoked, a maker may have a key, keys change, or another thread is appending.

        Raises CommitUnknownError when the connection was lost: the entries are all on the log, or none is.
        """
        if any(draft.alongside is not None for draft in drafts) or not self._busy.acquire(blocking=False):
            return None
        try:
            tree, self._tree = self._tree, None
            known = (
                tree is not None and self._signers_are_good(drafts) and all(map(self._party_keys_are_current, makers))
            )
            return self._attempt(tree, drafts) if known and tree is not None else None
        finally:
            self._busy.release()

    def learn(
        self, before: CompactRange, after: CompactRange, unrevoked: frozenset[str], keyless: frozenset[Party]
    ) -> None:
        """Records an append by the ordinary path, with keys not revoked and parties without keys at that point. After
        two of ours in a row, the next may be quick."""
        with self._busy:
            self._unrevoked, self._keyless = unrevoked, keyless
            self._tree = after if before == self._ours else None
            self._ours = after

    def _signers_are_good(self, drafts: Sequence[Draft]) -> bool:
        """Whether the looked-up signers still hold: no other process appended since, and these drafts revoke none."""
        if not signers(drafts) <= self._unrevoked:
            return False
        revoking = set(map(revocation_key, self._unrevoked))
        return not any(draft.dedup_key in revoking for draft in drafts)

    def _party_keys_are_current(self, maker: DraftMaker) -> bool:
        """Whether the looked-up keys still hold: no other process appended since, and these drafts change no keys."""
        return maker.key is None and (not maker.asks or maker.party in self._keyless)

    def _attempt(self, tree: CompactRange, drafts: Sequence[Draft]) -> list[Appended] | None:
        hashes = [leaf_hash(draft.envelope) for draft in drafts]
        after = tree.extend(hashes)
        parameters = {
            "size": tree.size,
            "known_root": tree.root(),
            "new_size": after.size,
            "edge": list(after.edge),
            "root": after.root(),
            "ids": b"".join(bytes.fromhex(draft.record_id.replace("-", "")) for draft in drafts),
            "hashes": b"".join(hashes),
            "envelopes": [draft.envelope for draft in drafts],
            "keys": [draft.dedup_key for draft in drafts] if any(draft.dedup_key for draft in drafts) else [],
        }
        try:
            with self._database.kept_session() as connection, driver(connection).cursor(binary=True) as cursor:
                row = cursor.execute(_APPEND, parameters, prepare=True).fetchone()
        except ConflictError:
            return None
        except PushbackError as error:
            raise CommitUnknownError(f"the outcome of a commit is unknown: {error.message}") from error
        if row is None:
            return None
        self._tree = self._ours = after
        return [
            Appended(Entry(index, draft.record_id, digest, draft.envelope, row[0]), repeated=False)
            for index, (draft, digest) in enumerate(zip(drafts, hashes, strict=True), tree.size)
        ]
