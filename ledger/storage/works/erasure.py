"""Erases personal data: of a withdrawn work, of a person, and from the disk.

The log stays unchanged: it holds only random ids, digests and salted commitments.
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

REWRITTEN = (
    "artist", "account", "access_token", "work_detail", "preview", "second_view", "claim_detail",
    "webhook", "verified_domain", "pg_statistic",
)  # fmt: skip
"""Tables with names, links, addresses, titles and pictures, and the server's statistics of frequent values."""
SECONDS_FOR_LOCK = 30
"""Longest wait for a table in use."""
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
        """Erases names, credit, source, preview, vectors and compared pairs, in the transaction of the withdrawals."""
        ids = [UUID(work_id) for work_id in work_ids]

        def erase(connection: Connection) -> None:
            connection.execute(sa.text("DELETE FROM work_detail WHERE work_id = ANY(:ids)"), {"ids": ids})

        return erase

    def of_person(self, account_id: str) -> None:
        """Erases an artist's name, the account with its tokens, and its texts in claims and responses. Withdraw the
        works first."""
        with self._database.begin() as connection:
            for statement in _OF_PERSON:
                connection.execute(sa.text(statement), {"id": UUID(account_id)})

    def from_disk(self) -> tuple[str, ...]:
        """Makes the server rewrite those tables and drop its write-ahead log. Otherwise a deleted row stays on the disk
        until its space is reused. Returns descriptions of what could not be erased.

        Readers of the tables wait meanwhile: seconds for tens of thousands of previews.
        """
        with self._database.owner_session() as connection:
            connection.execute(sa.text(f"SET lock_timeout = '{SECONDS_FOR_LOCK}s'"))
            left = []
            # Each rewrite replaces the table's statistics, so pg_statistic comes last.
            for table in REWRITTEN:
                if not _done(connection, f"VACUUM (FULL, ANALYZE) {table}"):
                    left.append(f"the server's files of {table}, until their space is reused")
                elif not _delete_statistics(connection, table):
                    left.append(f"the server's statistics of {table}, until it has rows again")
            if not all(_done(connection, statement) for statement in _WRITE_AHEAD_LOG):
                left.append("the server's write-ahead log, as long as its settings keep it")
        return tuple(left)


def _delete_statistics(connection: Connection, table: str) -> bool:
    """Deletes the statistics of an empty table, which ANALYZE does not change. False without the right to do so."""
    if connection.execute(sa.text(f"SELECT EXISTS (SELECT FROM {table})")).scalar_one():  # noqa: S608 - our own names
        return True
    return _done(connection, f"DELETE FROM pg_statistic WHERE starelid = '{table}'::regclass")  # noqa: S608


def _done(connection: Connection, statement: str) -> bool:
    """Runs a statement. False if this login lacks the right, or the table is in use for too long."""
    warnings: list[Diagnostic] = []  # if a right is missing, VACUUM skips the table with a warning only

    def collect_warnings(said: Diagnostic) -> None:
        if said.severity_nonlocalized == "WARNING":
            warnings.append(said)

    raw = driver(connection)
    raw.add_notice_handler(collect_warnings)
    try:
        connection.execute(sa.text(statement))
    except DBAPIError as error:
        if isinstance(error.orig, psycopg.errors.InsufficientPrivilege | psycopg.errors.LockNotAvailable):
            return False
        raise
    finally:
        raw.remove_notice_handler(collect_warnings)
    return not warnings
