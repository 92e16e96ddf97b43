"""Reads entries from rows of the table `entry`, and writes them by COPY."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import Any
from uuid import UUID

from psycopg.rows import TupleRow
from sqlalchemy.engine import Connection

from ledger.errors import IntegrityError
from ledger.log.entry import Draft, Entry
from ledger.storage.bulk import copy_rows
from ledger.storage.database import driver
from ledger.storage.tables.log import entry

COLUMNS = "leaf_index, record_id::text, leaf_hash, envelope, appended_at"
"""Columns of an entry. The server formats ids as text, which is faster than in Python when reading a whole log."""


def read_batch(connection: Connection, start: int, end: int) -> list[Entry]:
    """The entries with start <= leaf_index < end that the log has.

    Raises IntegrityError (`log-gap`) when one below the tree's size is missing.
    """
    with driver(connection).cursor(binary=True) as cursor:
        cursor.execute("SELECT size FROM log_head")  # first, because a later size could count entries not read here
        size = (cursor.fetchone() or (0,))[0]
        cursor.execute(
            f"SELECT {COLUMNS} FROM entry WHERE leaf_index >= %s AND leaf_index < %s ORDER BY leaf_index",  # noqa: S608
            (start, min(end, size)),
        )
        batch = [entry_of(row) for row in cursor.fetchall()]
    for expected, found in zip_longest(range(start, min(end, size)), (each.leaf_index for each in batch)):
        if expected != found:
            raise _gap(start if expected is None else expected)
    return batch


def write_entries(connection: Connection, fresh: Sequence[tuple[Entry, Draft]]) -> None:
    columns = ("leaf_index", "record_id", "leaf_hash", "envelope", "appended_at", "dedup_key")
    rows = (
        (new.leaf_index, UUID(new.record_id), new.leaf_hash, new.envelope, new.appended_at, draft.dedup_key)
        for new, draft in fresh
    )
    copy_rows(connection, entry, columns, rows)


def entry_of(row: TupleRow | Sequence[Any]) -> Entry:
    """The entry of a row of COLUMNS."""
    return Entry(row[0], row[1], row[2], row[3], row[4])


def _gap(index: int) -> IntegrityError:
    return IntegrityError(
        f"entry {index} is missing from the database",
        code="log-gap",
        hint="Entries were removed outside Artledger. Restore the database from a backup.",
    )
