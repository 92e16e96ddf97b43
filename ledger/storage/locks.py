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
WEBHOOKS = 0x617274_77656268
"""Keys of this database's advisory locks. The numbers are arbitrary but must never change."""


class ProcessLock:
    """Tries to take the lock of a key at once; yields whether it was free, in this process and all others.

    The lock belongs to a connection and ends with it, even after SIGKILL.
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
    """Waits for the lock of a key, held by at most one thread of all processes.

    Raises PushbackError (`database-busy`) after ten seconds. Threads of a process first wait for each other, so that
    waiting threads do not hold connections that the working one needs.
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

    After a SIGKILL, another publisher may start while this one's last round still finishes. Create-only tiles and the
    checks of a round make this safe.
    """

    def __init__(self, database: Database) -> None:
        super().__init__(database, PUBLISHER)


def lock_projections(connection: Connection) -> None:
    """Waits until no other transaction projects, and holds the lock to the end of this one. May time out."""
    connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": PROJECTOR})
