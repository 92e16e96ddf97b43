"""Erasing what is personal: in the transaction that withdraws a work, of a whole person, and from the disk.

The log holds random ids, digests and salted commitments: it stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

import psycopg
import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from ledger.log.types import Alongside
from ledger.storage.database import Database

REWRITTEN = ("artist", "account", "access_token", "work_detail", "preview", "claim_detail", "pg_statistic")
"""Tables with names, links, titles and pictures, and the statistics in which the server keeps frequent values."""
_OF_PERSON = (
    "DELETE FROM work_detail WHERE artist_id = :id",
    "UPDATE artist SET name = NULL WHERE artist_id = :id",
    "DELETE FROM claim_detail WHERE party_id = :id",
    "DELETE FROM account WHERE account_id = :id",
)
_WRITE_AHEAD_LOG = ("CHECKPOINT", "SELECT pg_switch_wal()", "CHECKPOINT")


class Erasure:
    """Every method raises PushbackError when the database cannot be reached."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of_works(self, work_ids: Iterable[str]) -> Alongside:
        """Give it to the log beside withdrawals: erases names, credit, source, preview, vectors, what was compared."""
        ids = [UUID(work_id) for work_id in work_ids]

        def erase(connection: Connection) -> None:
            connection.execute(sa.text("DELETE FROM work_detail WHERE work_id = ANY(:ids)"), {"ids": ids})

        return erase

    def of_person(self, account_id: str) -> None:
        """Erases the name of an artist, the account with its tokens, and what it said in claims and responses. The
        works are withdrawn before."""
        with self._database.begin() as connection:
            for statement in _OF_PERSON:
                connection.execute(sa.text(statement), {"id": UUID(account_id)})

    def from_disk(self) -> tuple[str, ...]:
        """Has the server write those tables anew, and drop its write-ahead log: a deleted row stays on the disk
        otherwise until its place is needed. Returns what it could not do, in words.

        Readers of the tables wait meanwhile, seconds for tens of thousands of previews.
        """
        with self._database.lasting_as_owner() as connection:
            connection.execute(sa.text("SET lock_timeout = '30s'"))
            # Each rewrite's statistics replace those that were kept: pg_statistic comes last.
            left = [
                f"the server's files of {table}, until it needs their room"
                for table in REWRITTEN
                if not _done(connection, f"VACUUM (FULL, ANALYZE) {table}")
            ]
            if not all(_done(connection, statement) for statement in _WRITE_AHEAD_LOG):
                left.append("the server's write-ahead log, for as long as its settings say")
        return tuple(left)


def _done(connection: Connection, statement: str) -> bool:
    """False where the database's owner has not the right, or somebody uses the table for long."""
    try:
        connection.execute(sa.text(statement))
    except DBAPIError as error:
        if isinstance(error.orig, psycopg.errors.InsufficientPrivilege | psycopg.errors.LockNotAvailable):
            return False
        raise
    return True
