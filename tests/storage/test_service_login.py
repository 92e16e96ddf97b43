"""The embedded database as the service uses it: whatever runs in one of its sessions, the log only grows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from ledger.app.store import Store
from ledger.settings import Settings
from ledger.storage.database import driver
from ledger.storage.embedded import EmbeddedServer, throwaway_folder
from ledger.storage.embedded.cluster import SUPERUSER, Home
from tests.storage.works import register, stores_of

OWNERS = (
    f"SET ROLE {SUPERUSER}",
    f"SET SESSION AUTHORIZATION {SUPERUSER}",
    "SET session_replication_role = replica",
    "UPDATE entry SET envelope = 'x' WHERE leaf_index = 0",
    "DELETE FROM entry",
    "TRUNCATE entry",
    "ALTER TABLE entry DISABLE TRIGGER entry_append_only",
    "ALTER TABLE entry DISABLE TRIGGER ALL",
    "ALTER TABLE entry OWNER TO artledger_service",
    "DROP TRIGGER entry_append_only ON entry",
    "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
    "DROP TABLE entry",
    "DROP TABLE entry CASCADE",
    "DROP DATABASE artledger",
    "DELETE FROM log_head",
    "UPDATE log_head SET size = 0",
    "UPDATE alembic_version SET version_num = '0001'",
    "CREATE TABLE mine (x int)",
    "CREATE SCHEMA mine",
    "CREATE RULE gone AS ON INSERT TO entry DO INSTEAD NOTHING",
    "CREATE EXTENSION file_fdw",
    "CREATE EXTENSION adminpack",
    "COPY entry TO PROGRAM 'cat'",
    "COPY entry FROM PROGRAM 'echo'",
    "COPY entry TO '/tmp/entry'",
    "SELECT pg_read_file('PG_VERSION')",
    "SELECT pg_ls_dir('.')",
    "SELECT lo_import('/etc/passwd')",
    "SELECT pg_reload_conf()",
    "ALTER SYSTEM SET archive_command = 'true'",
    "SELECT rolpassword FROM pg_authid",
    f"GRANT {SUPERUSER} TO artledger_service",
    "GRANT pg_execute_server_program TO artledger_service",
    "ALTER ROLE artledger_service SUPERUSER",
    f"ALTER ROLE {SUPERUSER} PASSWORD 'known'",
    "CREATE ROLE other LOGIN SUPERUSER",
)


@pytest.fixture(scope="module")
def parts() -> Iterator[Store]:
    """A data folder as `artledger` makes it, with three works on its log."""
    with throwaway_folder("login") as folder, ExitStack() as stack:
        made = Store(Settings(data_dir=folder), stack)
        made.entries.head()
        register(stores_of(made.database), 3)
        yield made


@pytest.mark.parametrize("statement", OWNERS)
def test_the_services_session_cannot_do_what_the_owner_can(parts: Store, statement: str) -> None:
    before = list(parts.entries.read(0, 10))
    with parts.database.session() as connection:
        for regain in ("RESET ROLE", "RESET SESSION AUTHORIZATION", "DISCARD ALL", "SET ROLE NONE"):
            connection.execute(sa.text(regain))
        with pytest.raises(DBAPIError) as refused:
            connection.execute(sa.text(statement))
        assert isinstance(refused.value.orig, psycopg.Error)
        assert refused.value.orig.sqlstate in ("42501", "0A000", "22023", "58P01"), refused.value.orig
        connection.invalidate()
    assert list(parts.entries.read(0, 10)) == before


def test_nothing_of_the_owner_is_left_in_the_services_session(parts: Store) -> None:
    with parts.database.session() as connection:
        connection.execute(sa.text("RESET ROLE"))
        who = connection.execute(sa.text("SELECT session_user || ' ' || current_user")).scalar_one()
        groups = connection.execute(
            sa.text("SELECT count(*) FROM pg_auth_members WHERE member = session_user::regrole")
        ).scalar_one()
        owned = connection.execute(
            sa.text("SELECT count(*) FROM pg_class WHERE relowner = session_user::regrole")
        ).scalar_one()
        assert driver(connection).info.user == "artledger_service"
        connection.invalidate()
    assert (who, groups, owned) == ("artledger_service artledger_service", 0, 0)


def test_it_cannot_give_itself_a_right(parts: Store) -> None:
    with parts.database.session() as connection:
        connection.execute(sa.text("GRANT UPDATE, DELETE, TRUNCATE ON entry TO artledger_service"))  # only warns
        with pytest.raises(DBAPIError, match="permission denied for table entry"):
            connection.execute(sa.text("UPDATE entry SET envelope = 'x'"))


def test_the_service_does_its_work_with_it(parts: Store) -> None:
    assert parts.works.state().works == 3


def test_a_login_that_does_not_fit_any_more_is_made_anew(parts: Store) -> None:
    """A password file that was lost, or restored from a backup, or a session that changed its own password."""
    home = Home(parts.data_dir / "postgres")
    for spoil in (home.service_password.unlink, lambda: home.service_password.write_text("another")):
        spoil()
        with (
            EmbeddedServer(parts.data_dir) as again,
            psycopg.connect(again.service_url().replace("+psycopg", "")) as connection,
        ):
            assert connection.execute("SELECT count(*) FROM entry").fetchone() is not None
        assert home.service_password.stat().st_mode & 0o777 == 0o600
