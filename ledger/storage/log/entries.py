"""The log's entries in PostgreSQL: one locked row gives gapless indexes and holds the tree's right edge."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.errors import InputError, PushbackError
from ledger.log.entry import MAX_ENTRY_BYTES, Alongside, Appended, CommitUnknownError, Draft, Entry, TreeHead
from ledger.log.merkle import CompactRange, leaf_hash
from ledger.record.dsse import signers_of
from ledger.storage.database import Database, driver
from ledger.storage.log.entry_rows import COLUMNS, entry_of, read_batch, write_entries
from ledger.storage.log.head import Head, advance_head, lock_head, not_created
from ledger.storage.log.quick_append import QuickAppender
from ledger.storage.log.required_signatures import DraftMaker, ValidKeys, keep_keys, maker_of_draft
from ledger.storage.log.revocation import refused, revocation_key, signers

BATCH = 2_000
"""Entries per query while reading: some megabytes."""


class PostgresEntryStore:
    """`EntryStore` (ledger/log/entry.py) over the tables `entry` and `log_head`; threads and processes may share it.

    Every method raises PushbackError (`database-unreachable`, `database-busy`, `disk-full`) as Database.begin does, and
    ConflictError (`log-not-created`) before `create_log`.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._quick = QuickAppender(database)
        self._origin: str | None = None

    def create_log(self, origin: str) -> str:
        """Creates an empty log if there is none. Returns the log's origin; that of an existing log never changes."""
        with self._database.begin() as connection:
            connection.execute(
                sa.text(
                    "INSERT INTO log_head (only_row, origin, size, edge, root)"
                    " VALUES (true, :origin, 0, '{}', :root) ON CONFLICT DO NOTHING"
                ),
                {"origin": origin, "root": CompactRange().root()},
            )
        return self.origin()

    def origin(self) -> str:
        """The log's origin (C2SP tlog-checkpoint), read once because it never changes."""
        if self._origin is None:
            with self._database.begin() as connection:
                self._origin = connection.execute(sa.text("SELECT origin FROM log_head")).scalar()
        if self._origin is None:
            raise not_created()
        return self._origin

    def head(self) -> TreeHead:
        with self._database.begin() as connection:
            row = connection.execute(sa.text("SELECT size, root FROM log_head")).one_or_none()
        if row is None:
            raise not_created()
        return TreeHead(row.size, bytes(row.root))

    def append(self, drafts: Sequence[Draft], alongside: Alongside | None = None) -> Sequence[Appended]:
        """As EntryStore says. `alongside` gets the SQLAlchemy connection.

        Raises InputError (`entry-too-large`) before anything is written; ConflictError: `database-conflict` when rows
        alongside break a constraint, `key-revoked` when a revoked key signed a new entry, `signature-missing` when the
        maker of a new entry has a valid key and did not sign.
        """
        _require_sizes(drafts)
        makers = [maker_of_draft(draft) for draft in drafts]
        if alongside is None:
            try:
                quickly = self._quick.append(drafts, makers)
            except CommitUnknownError as unknown:
                return self._settle(drafts, makers, unknown)
            if quickly is not None:
                return quickly
        return self._append(drafts, makers, alongside)

    def _settle(
        self, drafts: Sequence[Draft], makers: Sequence[DraftMaker], unknown: CommitUnknownError
    ) -> Sequence[Appended]:
        """Resolves a commit with an unknown outcome by appending again: a record id never becomes two entries, and the
        head's lock waits for a commit still in progress. Entries of the lost attempt are not reported as repeats."""
        try:
            appended = self._append(drafts, makers, None)
        except PushbackError as error:
            raise unknown from error
        return [
            replace(each, repeated=each.repeated and each.entry.envelope != draft.envelope)
            for each, draft in zip(appended, drafts, strict=True)
        ]

    def _append(
        self, drafts: Sequence[Draft], makers: Sequence[DraftMaker], alongside: Alongside | None
    ) -> Sequence[Appended]:
        committing = False
        try:
            with self._database.begin() as connection:
                head = lock_head(connection)
                known, good = _Known(connection, drafts), ValidKeys(connection, makers)
                appended = _place(drafts, makers, known, good, head)
                fresh = [(each.entry, draft) for each, draft in zip(appended, drafts, strict=True) if not each.repeated]
                announced = [
                    own.key for own, each in zip(makers, appended, strict=True) if own.key and not each.repeated
                ]
                after = head.tree.extend(entry.leaf_hash for entry, _ in fresh)
                if fresh:
                    write_entries(connection, fresh)
                    advance_head(connection, after)
                    keep_keys(connection, announced)
                    _run_alongside(connection, [draft for _, draft in fresh], alongside)
                committing = True
        except PushbackError as error:
            if committing:
                raise CommitUnknownError(f"the outcome of a commit is unknown: {error.message}") from error
            raise
        self._quick.learn(head.tree, after, known.unrevoked(), good.keyless(makers))
        return appended

    def read(self, start: int, end: int) -> Iterator[Entry]:
        """As EntryStore says, in batches, without holding a connection between them. Raises IntegrityError (`log-gap`)
        when an entry below the tree's size is missing."""
        position = start
        while position < end:
            with self._database.begin() as connection:
                batch = read_batch(connection, position, min(end, position + BATCH))
            yield from batch
            position += len(batch)
            if not batch:
                return

    def get(self, record_id: str) -> Entry | None:
        return self._one("record_id", UUID(record_id))

    def get_many(self, record_ids: Iterable[str]) -> dict[str, Entry]:
        """Entries by record id, in one query; unknown ids are left out."""
        query = f"SELECT {COLUMNS} FROM entry WHERE record_id = ANY(%s)"  # noqa: S608 - our own names
        with self._database.begin() as connection, driver(connection).cursor(binary=True) as cursor:
            cursor.execute(query, ([UUID(record_id) for record_id in record_ids],))
            return {entry.record_id: entry for entry in map(entry_of, cursor)}

    def by_dedup_key(self, key: bytes) -> Entry | None:
        return self._one("dedup_key", key)

    def _one(self, column: str, value: UUID | bytes) -> Entry | None:
        with self._database.begin() as connection, driver(connection).cursor(binary=True) as cursor:
            cursor.execute(f"SELECT {COLUMNS} FROM entry WHERE {column} = %s", (value,))  # noqa: S608 - our own names
            row = cursor.fetchone()
        return None if row is None else entry_of(row)


def _require_sizes(drafts: Sequence[Draft]) -> None:
    for draft in drafts:
        if not 1 <= len(draft.envelope) <= MAX_ENTRY_BYTES:
            raise InputError(
                f"record {draft.record_id} has {len(draft.envelope)} bytes, an entry has 1 to {MAX_ENTRY_BYTES}",
                code="entry-too-large",
            )


def _run_alongside(connection: Connection, fresh: Sequence[Draft], alongside: Alongside | None) -> None:
    for draft in fresh:
        if draft.alongside is not None:
            draft.alongside(connection)
    if alongside is not None:
        alongside(connection)


class _Known:
    """The entries that drafts of a batch repeat: those on the log, and new ones of the batch itself."""

    def __init__(self, connection: Connection, drafts: Sequence[Draft]) -> None:
        self._by_id: dict[str, Entry] = {}
        self._by_key: dict[bytes, Entry] = {}
        self._signers = signers(drafts)
        keys = [draft.dedup_key for draft in drafts if draft.dedup_key is not None]
        keys += map(revocation_key, self._signers)
        with driver(connection).cursor(binary=True) as cursor:
            cursor.execute(
                f"SELECT {COLUMNS}, dedup_key FROM entry WHERE record_id = ANY(%s) OR dedup_key = ANY(%s)",  # noqa: S608
                ([UUID(draft.record_id) for draft in drafts], keys),
            )
            for row in cursor:
                self.add(entry_of(row), row[5])

    def add(self, entry: Entry, dedup_key: bytes | None) -> None:
        self._by_id[entry.record_id] = entry
        if dedup_key is not None:
            self._by_key[dedup_key] = entry

    def find(self, draft: Draft) -> Entry | None:
        by_key = None if draft.dedup_key is None else self._by_key.get(draft.dedup_key)
        return self._by_id.get(draft.record_id) or by_key

    def require_unrevoked(self, draft: Draft) -> None:
        for keyid in signers([draft]):
            if revocation_key(keyid) in self._by_key:
                raise refused(keyid)

    def unrevoked(self) -> frozenset[str]:
        """Signers of the batch that are still not revoked after it."""
        return frozenset(keyid for keyid in self._signers if revocation_key(keyid) not in self._by_key)


def _place(
    drafts: Sequence[Draft], makers: Sequence[DraftMaker], known: _Known, good: ValidKeys, head: Head
) -> list[Appended]:
    appended: list[Appended] = []
    index = head.tree.size
    for draft, own in zip(drafts, makers, strict=True):
        earlier = known.find(draft)
        if earlier is not None:
            appended.append(Appended(earlier, repeated=True))
            continue
        known.require_unrevoked(draft)
        good.require_signed(own, signers_of(draft.envelope))
        if own.key is not None:
            good.take(own.key)
        entry = Entry(index, draft.record_id, leaf_hash(draft.envelope), draft.envelope, head.now)
        known.add(entry, draft.dedup_key)
        appended.append(Appended(entry, repeated=False))
        index += 1
    return appended
