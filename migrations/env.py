"""How migrations run: one at a time, in one transaction, and without waiting long for a lock that others hold."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import context
from sqlalchemy.engine import Connection

from ledger.settings import Settings
from ledger.storage.tables import metadata
from ledger.storage.tables.corpus import HNSW_PREFIX

ADVISORY_LOCK = 0x617274_6D696772
"""Held during a migration. The number is arbitrary but must not change."""


def include_object(_item: Any, name: str | None, kind: str, _reflected: bool, _compare_to: Any) -> bool:
    """Vector indexes are made for each spec at run time, so the schema comparison excludes them."""
    return not (kind == "index" and (name or "").startswith(HNSW_PREFIX))


def run(connection: Connection) -> None:
    """Migrates over an open connection."""
    context.configure(connection=connection, target_metadata=metadata, include_object=include_object)
    with context.begin_transaction():
        connection.execute(sa.text("SET LOCAL lock_timeout = '10s'"))
        connection.execute(sa.text("SET LOCAL statement_timeout = '15min'"))
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
        context.run_migrations()


def database_url() -> str:
    """The database named by `-x url=...` or by ARTLEDGER_DATABASE_URL."""
    named = context.get_x_argument(as_dictionary=True).get("url")
    setting = Settings().database_url
    if named is None and setting is None:
        raise SystemExit("name the database: alembic -x url=postgresql+psycopg://..., or ARTLEDGER_DATABASE_URL")
    return named or (setting.get_secret_value() if setting else "")


if context.is_offline_mode():
    raise SystemExit("migrations need a connection: they check the server and take a lock")
given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    with sa.create_engine(database_url(), poolclass=sa.NullPool).connect() as opened:
        run(opened)
