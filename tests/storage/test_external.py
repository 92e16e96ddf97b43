"""A server that somebody else runs, over TCP: nothing differs but the URL."""

from __future__ import annotations

import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from ledger.errors import ConflictError, PushbackError
from ledger.storage.database import Database
from ledger.storage.embedded.account import ENVIRONMENT, choose_account
from ledger.storage.embedded.binaries import find_programs
from ledger.storage.log.entries import PostgresEntryStore
from ledger.storage.schema import check_schema, upgrade
from ledger.storage.search.vector_indexes import ensure_indexes
from ledger.storage.works.erasure import REWRITTEN, Erasure
from tests.log.contracts import draft
from tests.storage.works import SPEC, register, stores_of

PASSWORD = secrets.token_urlsafe(12)


@pytest.fixture
def external() -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """URL and process of a PostgreSQL that listens on TCP and asks for a password."""
    folder = Path(tempfile.mkdtemp(prefix="artledger-external-"))
    account = choose_account("nobody", folder)
    programs = find_programs(account)
    data, word = folder / "data", folder / "password"
    data.mkdir(mode=0o700)
    word.write_text(PASSWORD)
    for path in (folder, data, word):
        account.give(path)
    made = account.run(
        [programs / "initdb", "-D", data, "-E", "UTF8", "-U", "keeper", "-A", "scram-sha-256", f"--pwfile={word}", "-N"]
    )
    assert made.returncode == 0, made.stderr
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [programs / "postgres", "-D", data, "-p", str(port), "-h", "127.0.0.1", "-k", "", "-F"],
        user=account.uid,
        group=account.gid,
        extra_groups=[] if account.uid is not None else None,
        cwd=folder,
        env=dict(ENVIRONMENT),
        stderr=subprocess.PIPE,
    )
    assert server.stderr is not None
    while b"ready to accept connections" not in (line := server.stderr.readline()):
        assert line, "the server ended"
    yield f"postgresql://keeper:{PASSWORD}@127.0.0.1:{port}/postgres", server
    server.kill()
    server.communicate()
    shutil.rmtree(folder)


def test_the_main_ways_over_tcp(external: tuple[str, subprocess.Popen[bytes]]) -> None:
    url, server = external
    with Database(url) as database:
        assert upgrade(database)
        check_schema(database)
        stores = stores_of(database)
        register(stores, 20)
        assert stores.corpus.state().works == 20
        sessions = psutil.Process(server.pid).children()
        server.kill()
        server.wait()
        psutil.wait_procs(sessions, timeout=30)  # they notice only after a moment that the server is gone
        with pytest.raises(PushbackError) as refused:
            stores.entries.append([draft(b"nobody there")])
    assert refused.value.code == "database-unreachable"
    assert PASSWORD not in refused.value.message


def test_the_service_may_be_another_login(external: tuple[str, subprocess.Popen[bytes]]) -> None:
    """An operator gives the running service a login that is only a member of the service's role, as README says."""
    url, _ = external
    with Database(url) as database:
        upgrade(database)
        PostgresEntryStore(database).create_log("localhost/artledger/test")
    with psycopg.connect(url) as connection:
        connection.execute("CREATE ROLE web LOGIN PASSWORD 'web-password' IN ROLE artledger_service")
    with Database(url.replace(f"keeper:{PASSWORD}", "web:web-password")) as database:
        check_schema(database)
        store = PostgresEntryStore(database)
        assert store.append([draft(b"leaf")])[0].entry.leaf_index == 0
        with database.session() as session:
            session.execute(sa.text("RESET ROLE"))
            for statement in (
                "UPDATE entry SET envelope = 'x'",
                "DELETE FROM entry",
                "TRUNCATE entry",
                "ALTER TABLE entry DISABLE TRIGGER entry_append_only",
                "SET ROLE keeper",
                "SET SESSION AUTHORIZATION keeper",
                "COPY entry TO PROGRAM 'cat'",
            ):
                with pytest.raises(DBAPIError, match=r"permission denied|must be owner"):
                    session.execute(sa.text(statement))


def test_what_only_the_owner_may_do_is_said(external: tuple[str, subprocess.Popen[bytes]]) -> None:
    url, _ = external
    with Database(url) as database:
        upgrade(database)
        stores = stores_of(database)
        register(stores, 3)
    with psycopg.connect(url) as connection:
        connection.execute("CREATE ROLE web LOGIN PASSWORD 'web-password' IN ROLE artledger_service")
    with Database(url.replace(f"keeper:{PASSWORD}", "web:web-password")) as database:
        with pytest.raises(ConflictError, match="only the database's owner can") as refused:
            ensure_indexes(database, SPEC.digest, at_least=1)
        assert refused.value.code == "database-rights"
        left = Erasure(database).from_disk()
        assert len(left) == len(REWRITTEN) + 1, "what the server only warns of is left, too"
