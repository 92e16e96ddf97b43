"""Restores published entries into a database at their indexes, so that the log can continue.

The caller has already audited the log. Entries are restored byte for byte. Data outside the log (names, vectors,
documents) cannot be restored.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.errors import ConflictError, VerificationError
from ledger.log.entry import Draft, Entry, TreeHead
from ledger.log.merkle import EMPTY_ROOT, leaf_hash
from ledger.record import dsse
from ledger.record.predicates import KeyRecord
from ledger.record.repeats import repeat_key
from ledger.record.statement import Statement, parse_payload
from ledger.record.times import parse_time
from ledger.storage.database import Database
from ledger.storage.log.entries import PostgresEntryStore
from ledger.storage.log.entry_rows import write_entries
from ledger.storage.log.head import advance_head, lock_head
from ledger.storage.log.required_signatures import keep_keys
from ledger.storage.log.revocation import FOUNDING_KEY, event_key
from ledger.storage.tables import LOG, PRIMARY, PROJECTIONS


class EntryRestore:
    """Every method raises PushbackError when the database cannot be reached."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def head(self, origin: str, *, onto: bool) -> TreeHead:
        """The head from which the log `origin` continues; the empty log's if there is no log.

        Raises ConflictError: `database-not-empty` if any table has a row, unless `onto`; `other-log` if the database
        holds a log with another name.
        """
        with self._database.begin() as connection:
            held = connection.execute(sa.text("SELECT origin, size, root FROM log_head")).one_or_none()
            filled = _first_filled(connection)
        if held is not None and held.origin != origin:
            raise ConflictError(
                f"this database holds the log {held.origin}, not {origin}",
                code="other-log",
                hint="Name another, empty database: ARTLEDGER_DATABASE_URL, or --data for an embedded one",
            )
        if filled is not None and not onto:
            raise ConflictError(
                f"the database is not empty: the table {filled} has rows",
                code="database-not-empty",
                hint="Restore into an empty database. To complete an older backup of this log, or to continue after an "
                "interruption, add --continue",
            )
        return TreeHead(0, EMPTY_ROOT) if held is None else TreeHead(held.size, bytes(held.root))

    def create(self, origin: str) -> None:
        """Creates the empty log if there is none."""
        PostgresEntryStore(self._database).create_log(origin)

    def append(self, head: TreeHead, envelopes: Sequence[bytes], root: bytes) -> TreeHead:
        """Writes the entries that follow `head`, in one transaction, and returns the new head.

        `root` is the log's root after them. Raises VerificationError (`root-mismatch`) if they give another root,
        ConflictError (`log-moved`) if the log in the database is no longer at `head`. Then nothing is written.
        """
        with self._database.begin() as connection:
            locked = lock_head(connection)
            if (locked.tree.size, locked.tree.root()) != (head.size, head.root):
                raise ConflictError(
                    f"the log in this database grew to {locked.tree.size} entries while it was restored",
                    code="log-moved",
                    hint="Stop everything else that uses this database, then run the same command with --continue",
                )
            hashes = [leaf_hash(envelope) for envelope in envelopes]
            tree = locked.tree.extend(hashes)
            if tree.root() != root:
                raise VerificationError(
                    f"entries {head.size} to {tree.size - 1} give root {tree.root().hex()}, the audited log has "
                    f"{root.hex()}: it changed while it was read",
                    code="root-mismatch",
                )
            statements = [parse_payload(dsse.parse(envelope).payload) for envelope in envelopes]
            keys = _unused(connection, [_dedup_key(index, each) for index, each in enumerate(statements, head.size)])
            rows = zip(statements, hashes, envelopes, keys, strict=True)
            write_entries(connection, [_row(index, *row) for index, row in enumerate(rows, head.size)])
            advance_head(connection, tree)
            keep_keys(connection, [each.predicate for each in statements if isinstance(each.predicate, KeyRecord)])
        return TreeHead(tree.size, tree.root())


def _row(index: int, statement: Statement, digest: bytes, envelope: bytes, key: bytes | None) -> tuple[Entry, Draft]:
    """The row of an entry. The log does not hold the time of appending; the statement's own time replaces it."""
    made_at = parse_time(statement.predicate.generated_at)
    entry = Entry(index, statement.record_id, digest, envelope, made_at)
    return entry, Draft(statement.record_id, envelope, key)


def _unused(connection: Connection, keys: Sequence[bytes | None]) -> list[bytes | None]:
    """The keys, with None for repeats of a key in the database or this batch. Such repeats are normal: a claim about a
    picture makes its own verification, which may ask the same question as an earlier one."""
    statement = sa.text("SELECT dedup_key FROM entry WHERE dedup_key = ANY(:keys)")
    asked = {"keys": [key for key in keys if key is not None]}
    used = {bytes(key) for key in connection.execute(statement, asked).scalars()}
    first: list[bytes | None] = []
    for key in keys:
        first.append(None if key in used else key)
        if key is not None:
            used.add(key)
    return first


def _dedup_key(index: int, statement: Statement) -> bytes | None:
    """The dedup keys to restore: those of key events, which refuse revoked keys, and of repeated questions.

    A repeat writes no rows. So kinds whose rows are lost (calibrations, models, statements of use) get no key here:
    when they are made again, they become new entries and write their rows.
    """
    record = statement.predicate
    if not isinstance(record, KeyRecord):
        return repeat_key(statement)
    if index == 0:
        return FOUNDING_KEY
    return event_key("revoked" if record.event == "revoked" else "announced", statement.subject_sha256)


def _first_filled(connection: Connection) -> str | None:
    """The first table with a row; the row of an empty log does not count."""
    for table in (*LOG, *PRIMARY, *PROJECTIONS):
        condition = " WHERE size > 0" if table.name == "log_head" else ""
        if connection.execute(sa.text(f"SELECT 1 FROM {table.name}{condition} LIMIT 1")).first():  # noqa: S608
            return table.name
    return None
