"""Browsers that are signed in with a token: the digest of each session's secret, and until when it lasts."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.storage.database import Database
from ledger.storage.tables.people import session


class SessionStore:
    """Times are the database's. Every method raises PushbackError when the database cannot be reached."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, secret_sha256: bytes, token_id: str, lifetime: float) -> None:
        """Stores a session that lasts `lifetime` seconds; forgets those that have ended."""
        with self._database.begin() as connection:
            _delete(connection, session.c.expires_at <= sa.func.now())
            connection.execute(
                sa.insert(session).values(
                    secret_sha256=secret_sha256,
                    token_id=token_id,
                    expires_at=sa.func.now() + timedelta(seconds=lifetime),
                )
            )

    def token_of(self, secret_sha256: bytes) -> str | None:
        """The id of the session's token; None where the session has ended, or never was."""
        with self._database.begin() as connection:
            return connection.execute(
                sa.select(session.c.token_id).where(
                    session.c.secret_sha256 == secret_sha256, session.c.expires_at > sa.func.now()
                )
            ).scalar()

    def end(self, secret_sha256: bytes) -> None:
        with self._database.begin() as connection:
            _delete(connection, session.c.secret_sha256 == secret_sha256)


def _delete(connection: Connection, condition: sa.ColumnElement[bool]) -> None:
    connection.execute(sa.delete(session).where(condition))
