"""Errors of a database say what is wrong and never a secret."""

from __future__ import annotations

import socket
import threading

import pytest
import sqlalchemy as sa

from ledger.errors import ConflictError, InputError, LedgerError, PushbackError
from ledger.storage.database import Database
from ledger.storage.locks import PublisherLock
from ledger.storage.log.entries import PostgresEntryStore
from ledger.storage.schema import check_schema
from tests.log.contracts import draft

SECRET = "s3cret-passw0rd"


def told(error: LedgerError) -> str:
    """Everything that a log or a traceback would show."""
    parts = [error.message, str(error.hint), repr(error)]
    cause: BaseException | None = error.__cause__
    while cause is not None:
        parts += [str(cause), repr(cause)]
        cause = cause.__cause__
    return " ".join(parts)


def test_nobody_listens() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with Database(f"postgresql://user:{SECRET}@127.0.0.1:{port}/ledger") as database:
        with pytest.raises(PushbackError) as refused:
            check_schema(database)
        assert SECRET not in repr(database) + str(database)
    assert refused.value.code == "database-unreachable"
    assert "127.0.0.1/ledger" in refused.value.message
    assert SECRET not in told(refused.value)


def test_a_wrong_password(database_url: str) -> None:
    url = sa.make_url(database_url).set(password=SECRET).render_as_string(hide_password=False)
    with Database(url) as database, pytest.raises(PushbackError, match="password authentication failed") as refused:
        check_schema(database)
    assert refused.value.code == "database-unreachable"
    assert SECRET not in told(refused.value)


@pytest.mark.parametrize(
    "url", ["", "nonsense", f"mysql://user:{SECRET}@host/db", f"postgresql://u:{SECRET}@h:port/db"]
)
def test_urls_that_are_none(url: str) -> None:
    with pytest.raises(InputError) as refused:
        Database(url)
    assert refused.value.code == "database-url"
    assert SECRET not in told(refused.value)


def test_parameters_stay_out_of_errors(database: Database) -> None:
    def insert_twice() -> None:
        with database.begin() as connection:
            for _ in range(2):
                connection.execute(
                    sa.text("INSERT INTO artist (artist_id, name) VALUES (gen_random_uuid(), :name)"), {"name": SECRET}
                )

    with pytest.raises(ConflictError) as refused:
        insert_twice()
    assert refused.value.code == "database-conflict"
    assert SECRET not in refused.value.message


def test_a_lost_connection_is_pushed_back_and_the_next_one_works(
    database: Database, entries: PostgresEntryStore
) -> None:
    def cut_and_go_on(connection: sa.Connection) -> None:
        cut(connection, database)
        connection.execute(sa.text("SELECT 1"))

    with pytest.raises(PushbackError) as refused:
        entries.append([draft(b"lost")], cut_and_go_on)
    assert refused.value.code == "database-unreachable"
    assert entries.append([draft(b"kept")])[0].entry.leaf_index == 0


def test_a_commit_of_unknown_outcome_says_so(database: Database, entries: PostgresEntryStore) -> None:
    """The connection is cut after everything was sent but the commit."""
    with pytest.raises(PushbackError) as refused:
        entries.append([draft(b"unknown")], lambda connection: cut(connection, database))
    assert refused.value.code == "commit-unknown"
    assert entries.head().size == 0


def cut(connection: sa.Connection, database: Database) -> None:
    """End the connection from the server's side."""
    own = connection.execute(sa.text("SELECT pg_backend_pid()")).scalar_one()
    with database.begin_as_owner() as other:
        other.execute(sa.text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": own})


def test_one_publisher_at_a_time(database: Database, database_url: str) -> None:
    lock = PublisherLock(database)
    with Database(database_url) as other, lock() as first:
        assert first
        with PublisherLock(other)() as second:
            assert not second
        with lock() as third:
            assert not third
    with lock() as again:
        assert again


def test_the_lock_ends_with_its_connection(database: Database, database_url: str) -> None:
    holding, released = threading.Event(), threading.Event()

    def hold() -> None:
        with Database(database_url) as other, PublisherLock(other)() as obtained:
            assert obtained
            holding.set()
            assert released.wait(30)

    def hold_until_cut() -> None:
        with pytest.raises(PushbackError):
            hold()

    holder = threading.Thread(target=hold_until_cut)
    holder.start()
    assert holding.wait(30)
    with database.begin_as_owner() as connection:
        connection.execute(
            sa.text(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE locktype = 'advisory'"
                " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            )
        )
    with PublisherLock(database)() as obtained:
        assert obtained
    released.set()
    holder.join(30)
    assert not holder.is_alive()
