"""Logins of an embedded cluster: the owner, and the service, which owns nothing and has no memberships.

Untrusted values travel on the service's connections. If those connections were the owner's with `SET ROLE`, an injected
statement could `RESET ROLE` and become the owner, a superuser, again.
"""

from __future__ import annotations

import secrets

import psycopg
from psycopg import sql

from ledger.storage.database import SERVICE_ROLE
from ledger.storage.embedded.cluster import SUPERUSER, Home, write_private

DATABASE = "artledger"
ANSWERS = ("does not exist", "password authentication failed", "not permitted to log in")
"""Answers of a server that is ready, but does not know this login yet."""


def connect(home: Home, database: str, user: str = SUPERUSER) -> psycopg.Connection[tuple[object, ...]]:
    """A connection outside a transaction. Raises psycopg.OperationalError."""
    return psycopg.connect(
        host=home.socket_note.read_text(),
        user=user,
        password=password_of(home, user),
        dbname=database,
        autocommit=True,
        connect_timeout=10,
    )


def password_of(home: Home, user: str) -> str:
    return (home.password if user == SUPERUSER else home.service_password).read_text()


def service_can_log_in(home: Home) -> bool:
    """Whether the service can log in to its database. Raises psycopg.OperationalError while the server is not ready."""
    if not home.service_password.exists():
        return False
    try:
        connect(home, DATABASE, SERVICE_ROLE).close()
    except psycopg.OperationalError as error:
        if any(answer in str(error) for answer in ANSWERS):
            return False
        raise
    return True


def prepare(home: Home) -> None:
    """Creates the database and the service's login if missing, as the owner. The login always gets a new password.

    The caller holds the start lock. Raises psycopg.OperationalError while the server is not ready.
    """
    password = secrets.token_urlsafe(32)
    with connect(home, "postgres") as connection:
        exists = connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [SERVICE_ROLE]).fetchone()
        verifier = connection.pgconn.encrypt_password(password.encode(), SERVICE_ROLE.encode(), b"scram-sha-256")
        connection.execute(
            sql.SQL(
                "{verb} ROLE {role} LOGIN PASSWORD {word} NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"
            ).format(
                verb=sql.SQL("CREATE" if exists is None else "ALTER"),
                role=sql.Identifier(SERVICE_ROLE),
                word=sql.Literal(verifier.decode()),
            )
        )
        write_private(home.service_password, password)
        if connection.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE]).fetchone() is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
