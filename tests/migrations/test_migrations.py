"""The migrated schema is the one in ledger/storage/tables: what `alembic check` sees, and what it does not."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from ledger.storage import tables
from ledger.storage.database import SERVICE_ROLE, Database
from tests.conftest import DatabaseUrl, admin
from tests.record.samples import MODEL
from tests.storage.works import every_kind, stores_of

ROOT = Path(__file__).parents[2]


def config_over(connection: sa.Connection) -> Config:
    config = Config(str(ROOT / "alembic.ini"))
    config.attributes["connection"] = connection
    return config


def test_autogenerate_finds_nothing_to_do(database: Database) -> None:
    with database.begin_as_owner() as connection:
        command.check(config_over(connection))


def test_indexes_checks_and_columns_are_those_of_the_tables(
    database: Database, database_server: DatabaseUrl, database_url: str
) -> None:
    """What the server makes of metadata.create_all is compared with what the migrations made, in the server's words."""
    name = (sa.make_url(database_url).database or "") + "_metadata"
    admin(database_server("postgres"), f"CREATE DATABASE {name}")
    try:
        with Database(database_server(name)) as other, other.begin_as_owner() as connection:
            connection.execute(sa.text("CREATE EXTENSION vector"))
            tables.metadata.create_all(connection)
            expected = described(connection)
        with database.begin_as_owner() as connection:
            assert described(connection) == expected
    finally:
        admin(database_server("postgres"), f"DROP DATABASE {name} WITH (FORCE)")


def described(connection: sa.Connection) -> dict[str, list[str]]:
    """Index definitions, constraints and columns as PostgreSQL prints them."""
    queries = {
        "indexes": "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'alembic_version'",
        "constraints": "SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)"
        " FROM pg_constraint WHERE connamespace = 'public'::regnamespace"
        " AND conrelid::regclass::text <> 'alembic_version'",
        "columns": "SELECT attrelid::regclass || ' ' || attname || ' ' || format_type(atttypid, atttypmod) || ' '"
        " || attnotnull || ' ' || attidentity::text FROM pg_attribute JOIN pg_class c ON c.oid = attrelid"
        " WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0 AND NOT attisdropped"
        " AND relname <> 'alembic_version'",
    }
    return {name: sorted(connection.execute(sa.text(query)).scalars()) for name, query in queries.items()}


def test_every_table_has_its_rights_and_its_kind(database: Database) -> None:
    rights = {
        "log": {"entry": "INSERT,SELECT", "log_head": "INSERT,SELECT,UPDATE"},
        "projections": {table.name: "DELETE,INSERT,SELECT,TRUNCATE,UPDATE" for table in tables.PROJECTIONS},
        "primary": {
            table.name: "INSERT,SELECT"
            if table.name in ("fingerprint_spec", "calibration_file")
            else "DELETE,INSERT,SELECT,UPDATE"
            for table in tables.PRIMARY
        },
    }
    expected = {name: granted for kind in rights.values() for name, granted in kind.items()}
    assert set(expected) == set(tables.metadata.tables)
    with database.begin_as_owner() as connection:
        rows = connection.execute(
            sa.text(
                "SELECT table_name, string_agg(privilege_type, ',' ORDER BY privilege_type) AS granted"
                " FROM information_schema.role_table_grants WHERE grantee = :role GROUP BY 1"
            ),
            {"role": SERVICE_ROLE},
        )
        found = {row.table_name: row.granted for row in rows}
    assert found == {**expected, "alembic_version": "SELECT"}


def test_what_was_projected_by_an_older_schema_is_projected_anew(database: Database) -> None:
    stores = stores_of(database)
    stores.entries.append(every_kind())
    stores.projector.catch_up()
    with database.begin_as_owner() as connection:
        command.downgrade(config_over(connection), "0012")
        command.upgrade(config_over(connection), "head")
    stores.projector.catch_up()
    with database.begin() as connection:
        rows = connection.execute(sa.text("SELECT kind, model_id::text FROM record WHERE model_id IS NOT NULL"))
        assert list(map(tuple, rows)) == [("generation", MODEL.model_id)]


def test_the_guards_fire_in_every_session(database: Database) -> None:
    """'A': always, also where session_replication_role says replica."""
    with database.begin_as_owner() as connection:
        rows = connection.execute(
            sa.text("SELECT tgname, tgenabled::text FROM pg_trigger WHERE NOT tgisinternal ORDER BY tgname")
        )
        assert dict(map(tuple, rows)) == {"entry_append_only": "A", "log_head_only_grows": "A", "log_head_stays": "A"}


def test_the_command_line_takes_a_url(database_url: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "alembic", "-x", f"url={database_url}", "current"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "(head)" in done.stdout
    assert str(sa.make_url(database_url).password) not in done.stdout + done.stderr


def test_without_a_database_it_says_how_to_name_one() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "alembic", "current"], cwd=ROOT, capture_output=True, text=True, env={}, check=False
    )
    assert done.returncode != 0
    assert "ARTLEDGER_DATABASE_URL" in done.stderr


def test_new_migrations_can_use_the_vector_types() -> None:
    template = (ROOT / "migrations" / "script.py.mako").read_text()
    assert re.search(r"^import pgvector\.sqlalchemy$", template, re.MULTILINE)
