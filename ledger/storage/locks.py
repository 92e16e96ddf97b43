"""Locks that end with the process that holds them: PostgreSQL's advisory locks."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.storage.database import Database

PUBLISHER = 0x617274_7075626C
PROJECTOR = 0x617274_70726F6A
CALIBRATION = 0x617274_63616C69
DEDUPLICATION = 0x617274_64656475
HOLDER_KEYS = 0x617274_6B657973
"""Keys of this database's advisory locks; any numbers will do as long as they stay the same."""


class ProcessLock:
    """Entering says at once whether nobody else, in this process or another, is at the work that the key names.

    The lock belongs to a connection and is gone when that is, even by SIGKILL.
    """

    def __init__(self, database: Database, key: int) -> None:
        self._database = database
        self._key = key

    @contextmanager
    def __call__(self) -> Iterator[bool]:
        with self._database.session() as connection:
            obtained = bool(
                connection.execute(sa.text("SELECT pg_try_advisory_lock(:key)"), {"key": self._key}).scalar()
            )
            try:
                yield obtained
            finally:
                if obtained:
                    connection.execute(sa.text("SELECT pg_advisory_unlock(:key)"), {"key": self._key})


class TurnLock:
    """Entering waits until nobody else, in this process or another, is at the work that the key names.

    Raises PushbackError (`database-busy`) after ten seconds. Threads wait for each other first, so that those who wait
    do not hold the connections that the one at work needs.
    """

    def __init__(self, database: Database, key: int) -> None:
        self._database = database
        self._key = key
        self._turn = threading.Lock()

    @contextmanager
    def __call__(self) -> Iterator[None]:
        with self._turn, self._database.session() as connection:
            connection.execute(sa.text("SELECT pg_advisory_lock(:key)"), {"key": self._key})
            try:
                yield
            finally:
                connection.execute(sa.text("SELECT pg_advisory_unlock(:key)"), {"key": self._key})


class PublisherLock(ProcessLock):
    """`ledger.log.publish.PublisherLock`: the only publisher of the database.

    After a SIGKILL another publisher may start while this one finishes its round, which create-only tiles and the
    checks of a round allow for.
    """

    def __init__(self, database: Database) -> None:
        super().__init__(database, PUBLISHER)


def lock_projections(connection: Connection) -> None:
    """Wait until no other transaction projects; held to the end of this one. Raises as a lock timeout does."""
    connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": PROJECTOR})
