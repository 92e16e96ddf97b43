"""A database that does not fit is named with what to do; migrating is safe to repeat and to do at once."""

from __future__ import annotations

import subprocess
import sys
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from ledger.errors import ConflictError, LedgerError, PushbackError
from ledger.storage import schema
from ledger.storage.database import Database
from ledger.storage.log.entries import PostgresEntryStore
from ledger.storage.schema import check_schema, upgrade
from tests.conftest import DatabaseUrl, admin
from tests.log.contracts import draft


@pytest.fixture
def empty(database_server: DatabaseUrl) -> Iterator[Database]:
    """A database without a schema."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    admin(database_server("postgres"), f"CREATE DATABASE {name}")
    try:
        with Database(database_server(name)) as database:
            yield database
    finally:
        admin(database_server("postgres"), f"DROP DATABASE {name} WITH (FORCE)")


def refusal(database: Database) -> LedgerError:
    with pytest.raises(LedgerError) as refused:
        check_schema(database)
    return refused.value


def run_as_owner(database: Database, *statements: str) -> None:
    with database.begin_as_owner() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))


def test_a_migrated_database_fits(database: Database) -> None:
    check_schema(database)
    assert upgrade(database) is False


def test_an_empty_one_asks_for_the_upgrade(empty: Database) -> None:
    error = refusal(empty)
    assert isinstance(error, ConflictError)
    assert error.code == "database-not-migrated"
    assert "artledger db upgrade" in str(error.hint)
    assert upgrade(empty) is True
    check_schema(empty)


def test_threads_and_processes_that_migrate_at_once_all_succeed(empty: Database) -> None:
    program = (
        "import os\n"
        "from ledger.storage.database import Database\n"
        "from ledger.storage.schema import upgrade\n"
        "with Database(os.environ['URL']) as database:\n"
        "    upgrade(database)\n"
    )
    url = empty._url.render_as_string(hide_password=False)
    running = [subprocess.Popen([sys.executable, "-c", program], env={"URL": url}) for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: upgrade(empty), range(2)))
    assert [process.wait() for process in running] == [0, 0]
    check_schema(empty)


def test_a_newer_schema_is_left_alone(database: Database) -> None:
    run_as_owner(database, "UPDATE alembic_version SET version_num = '9999'")
    assert refusal(database).code == "database-newer"
    with pytest.raises(ConflictError) as refused:
        upgrade(database)
    assert refused.value.code == "database-newer"


def test_an_older_schema_asks_for_the_upgrade(database: Database) -> None:
    run_as_owner(database, "UPDATE alembic_version SET version_num = '0001'")
    assert refusal(database).code == "database-not-migrated"


def test_pgvector_missing_or_too_old(database: Database) -> None:
    run_as_owner(database, "UPDATE pg_extension SET extversion = '0.7.4' WHERE extname = 'vector'")
    error = refusal(database)
    assert error.code == "pgvector-too-old"
    assert "0.7.4" in error.message
    run_as_owner(database, "DROP EXTENSION vector CASCADE")
    assert refusal(database).code == "pgvector-missing"


def test_an_old_server_is_refused(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "MIN_SERVER", 990_000)
    assert refusal(database).code == "server-too-old"


def test_a_database_that_is_not_utf8_is_refused(database_server: DatabaseUrl) -> None:
    name = f"test_{uuid.uuid4().hex[:12]}"
    admin(
        database_server("postgres"),
        f"CREATE DATABASE {name} ENCODING 'SQL_ASCII' LOCALE_PROVIDER libc LOCALE 'C' TEMPLATE template0",
    )
    try:
        with Database(database_server(name)) as database, pytest.raises(ConflictError) as refused:
            upgrade(database)
        assert refused.value.code == "database-encoding"
    finally:
        admin(database_server("postgres"), f"DROP DATABASE {name} WITH (FORCE)")


def test_a_migration_gives_up_behind_a_long_lock(empty: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGOPTIONS", "")
    with empty.begin_as_owner() as other:
        other.execute(sa.text(f"SELECT pg_advisory_xact_lock({0x617274_6D696772})"))
        with pytest.raises(PushbackError) as refused:
            upgrade_quickly(empty)
    assert refused.value.code == "database-busy"
    assert upgrade(empty) is True


def upgrade_quickly(database: Database) -> None:
    """The same, with a lock timeout that a test can wait for."""
    from unittest.mock import patch

    real = sa.text
    with patch("sqlalchemy.text", lambda text: real(text.replace("'10s'", "'100ms'"))):
        upgrade(database)


def test_an_owner_without_special_rights_can_migrate_where_the_role_exists(
    empty: Database, database: Database, database_server: DatabaseUrl
) -> None:
    """A managed server: the database's owner is no superuser; an administrator granted the service's role once."""
    check_schema(database)
    owner, name = f"owner_{uuid.uuid4().hex[:8]}", sa.make_url(empty._url).database
    admin(
        database_server("postgres"),
        f"CREATE ROLE {owner} LOGIN PASSWORD 'secret-of-owner'",
        f"ALTER DATABASE {name} OWNER TO {owner}",
    )
    url = sa.make_url(database_server(str(name))).set(username=owner, password="secret-of-owner")
    try:
        with Database(url.render_as_string(hide_password=False)) as modest:
            for prepare in ("CREATE EXTENSION vector", f"GRANT artledger_service TO {owner}"):
                with pytest.raises(ConflictError) as refused:
                    upgrade(modest)
                assert refused.value.code == "database-rights"
                assert prepare.removesuffix(owner) in str(refused.value.hint)
                admin(database_server(str(name)), prepare)
            assert upgrade(modest) is True
            check_schema(modest)
            store = PostgresEntryStore(modest)
            store.create_log("localhost/artledger/test")
            assert store.append([draft(b"leaf")])[0].entry.leaf_index == 0
    finally:
        admin(database_server("postgres"), f"ALTER DATABASE {name} OWNER TO CURRENT_USER")
        admin(database_server(str(name)), f"REASSIGN OWNED BY {owner} TO CURRENT_USER", f"DROP OWNED BY {owner}")
        admin(database_server("postgres"), f"DROP ROLE {owner}")
