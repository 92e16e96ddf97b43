"""Erasing what is personal: in the transaction that withdraws a work, of a whole person, and from the disk.

The log holds random ids, digests and salted commitments: it stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

import psycopg
import sqlalchemy as sa
from psycopg.errors import Diagnostic
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from ledger.log.entry import Alongside
from ledger.storage.database import Database, driver

REWRITTEN = ("artist", "account", "access_token", "work_detail", "preview", "claim_detail", "pg_statistic")
"""Tables with names, links, titles and pictures, and the statistics in which the server keeps frequent values."""
SECONDS_FOR_LOCK = 30
"""To wait for a table that somebody uses."""
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
        with self._database.owner_session() as connection:
            connection.execute(sa.text(f"SET lock_timeout = '{SECONDS_FOR_LOCK}s'"))
            left = []
            # Each rewrite's statistics replace those that were kept: pg_statistic comes last.
            for table in REWRITTEN:
                if not _done(connection, f"VACUUM (FULL, ANALYZE) {table}"):
                    left.append(f"the server's files of {table}, until it needs their room")
                elif not _forgotten(connection, table):
                    left.append(f"the server's statistics of {table}, until it has rows again")
            if not all(_done(connection, statement) for statement in _WRITE_AHEAD_LOG):
                left.append("the server's write-ahead log, for as long as its settings say")
        return tuple(left)


def _forgotten(connection: Connection, table: str) -> bool:
    """Removes the statistics of an empty table, which ANALYZE leaves as they were; False without the right to."""
    if connection.execute(sa.text(f"SELECT EXISTS (SELECT FROM {table})")).scalar_one():  # noqa: S608 - our own names
        return True
    return _done(connection, f"DELETE FROM pg_statistic WHERE starelid = '{table}'::regclass")  # noqa: S608


def _done(connection: Connection, statement: str) -> bool:
    """False where this login has not the right, or somebody uses the table for long."""
    warnings: list[Diagnostic] = []  # what VACUUM skips for want of a right it only warns of

    def hear(said: Diagnostic) -> None:
        if said.severity_nonlocalized == "WARNING":
            warnings.append(said)

    raw = driver(connection)
    raw.add_notice_handler(hear)
    try:
        connection.execute(sa.text(statement))
    except DBAPIError as error:
        if isinstance(error.orig, psycopg.errors.InsufficientPrivilege | psycopg.errors.LockNotAvailable):
            return False
        raise
    finally:
        raw.remove_notice_handler(hear)
    return not warnings
