"""Migrates a database to this code's schema, or says why it does not fit."""

from __future__ import annotations

import importlib.util
import re
import threading
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from ledger.errors import ConflictError, PushbackError
from ledger.storage.database import Database

MIN_SERVER = 150_000
"""server_version_num of PostgreSQL 15."""
MIN_PGVECTOR = (0, 8)
"""The first version with iterative index scans, without which filtered searches lose most results."""

_alembic = threading.Lock()
"""Allows one migration at a time in a process, since Alembic uses globals. env.py handles several processes."""


def upgrade(database: Database) -> bool:
    """Creates or migrates the schema as the database's owner, in one transaction. Returns whether anything changed.

    Raises ConflictError (`database-newer`, `server-too-old`, `database-encoding`, `pgvector-missing`,
    `pgvector-too-old`, `database-rights`) or PushbackError (`database-unreachable`, `database-busy` when another
    migration or a long query holds a lock).
    """
    try:
        with _alembic, database.begin_as_owner() as connection:
            _require_server(connection)
            before = _revision(connection)
            _require_known(before, database)
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            _require_pgvector(connection)
            return before != _revision(connection)
    except DBAPIError as error:
        raise _explained(error, database) from error


def check_schema(database: Database) -> None:
    """Checks, with the service's role, that the server and the schema fit this code.

    Raises ConflictError (`database-not-migrated`, `database-newer`, `server-too-old`, `database-encoding`,
    `pgvector-missing`, `pgvector-too-old`) or PushbackError (`database-unreachable`), each with a hint.
    """
    with database.begin() as connection:
        _require_server(connection)
        revision = _revision(connection)
        _require_known(revision, database)
        if revision != _scripts().get_current_head():
            raise ConflictError(
                f"the database {database.label} has schema {revision or 'none'}, but this version needs"
                f" {_scripts().get_current_head()}",
                code="database-not-migrated",
                hint="Run: artledger db upgrade",
            )
        _require_pgvector(connection)


def _config() -> Config:
    """Alembic's settings without a file, so that an installed wheel can migrate too."""
    found = importlib.util.find_spec("migrations")
    if found is None or found.origin is None:
        raise ConflictError("the package `migrations` is missing from this installation", code="installation")
    config = Config()
    config.set_main_option("script_location", str(Path(found.origin).parent).replace("%", "%%"))
    return config


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _require_known(revision: str | None, database: Database) -> None:
    known = {script.revision for script in _scripts().walk_revisions()}
    if revision is not None and revision not in known:
        raise ConflictError(
            f"the database {database.label} has schema {revision}, which is newer than this version",
            code="database-newer",
            hint="Upgrade artledger to the version that migrated this database.",
        )


def _require_server(connection: Connection) -> None:
    number = int(connection.execute(sa.text("SHOW server_version_num")).scalar_one())
    if number < MIN_SERVER:
        raise ConflictError(
            f"the database server is PostgreSQL {number // 10_000}, but Artledger needs 15 or newer",
            code="server-too-old",
        )
    encoding = connection.execute(sa.text("SHOW server_encoding")).scalar_one()
    if encoding != "UTF8":
        raise ConflictError(
            f"the database has the encoding {encoding}, but Artledger needs UTF8",
            code="database-encoding",
            hint="Create another database: CREATE DATABASE artledger ENCODING 'UTF8' TEMPLATE template0",
        )
    available = connection.execute(sa.text("SELECT 1 FROM pg_available_extensions WHERE name = 'vector'")).scalar()
    if available is None:
        raise ConflictError(
            "the database server lacks the extension pgvector",
            code="pgvector-missing",
            hint="Install pgvector 0.8 or newer there (Debian: postgresql-NN-pgvector), then run: artledger db upgrade",
        )


def _require_pgvector(connection: Connection) -> None:
    found = connection.execute(sa.text("SELECT extversion FROM pg_extension WHERE extname = 'vector'")).scalar()
    if found is None:
        raise ConflictError(
            "the extension pgvector is not created in this database",
            code="pgvector-missing",
            hint="Run: artledger db upgrade",
        )
    version = tuple(int(part) for part in re.findall(r"\d+", found)[:2])
    if version < MIN_PGVECTOR:
        raise ConflictError(
            f"the database has pgvector {found}, but Artledger needs 0.8 or newer",
            code="pgvector-too-old",
            hint="Install a newer pgvector on the server, then run: ALTER EXTENSION vector UPDATE",
        )


def _explained(error: DBAPIError, database: Database) -> ConflictError | PushbackError:
    state = getattr(error.orig, "sqlstate", None)
    reason = str(error.orig).strip().splitlines()[0]
    if state == "42501":
        return ConflictError(
            f"the database user may not migrate {database.label}: {reason}",
            code="database-rights",
            hint="Have an administrator run once: CREATE EXTENSION vector (in this database); CREATE ROLE"
            " artledger_service NOLOGIN; GRANT artledger_service TO <the database user>. Then: artledger db upgrade",
        )
    if state in ("55P03", "57014"):
        return PushbackError(
            f"the migration of {database.label} waited too long for a lock",
            code="database-busy",
            hint="Another migration or a long query is running. Try again when it has finished.",
            retry_after=30,
        )
    return ConflictError(f"the migration of {database.label} failed: {reason}", code="database-migration")
