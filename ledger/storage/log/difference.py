"""Compares the projections with a fresh replay of the log, without changing them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.storage import tables
from ledger.storage.database import Database
from ledger.storage.locks import lock_projections
from ledger.storage.log.projections import Report, project


def first_difference(database: Database, report: Report = lambda _done, _all: None) -> str | None:
    """The first row, by table and key, that a rebuild would change; None if there is none.

    Temporary tables with the same names come first in the search path, so the projector fills those. Raises as
    Projector.catch_up does.
    """
    with database.begin() as connection:
        lock_projections(connection)
        for table in tables.PROJECTIONS:
            connection.execute(
                sa.text(f"CREATE TEMPORARY TABLE {table.name} (LIKE public.{table.name} INCLUDING ALL) ON COMMIT DROP")
            )
        done = 0
        while batch := project(connection):
            done += batch
            report(done, done)
        for table in tables.PROJECTIONS:
            difference = _first_row(connection, table)
            if difference is not None:
                return difference
    return None


def _first_row(connection: Connection, table: sa.Table) -> str | None:
    keys = [column.name for column in table.primary_key]
    kept, made = (f"SELECT * FROM {schema}.{table.name}" for schema in ("public", "pg_temp"))  # noqa: S608 - our names
    row = connection.execute(
        sa.text(
            f"SELECT 'stored' AS side, * FROM ({kept} EXCEPT {made}) AS stored"  # noqa: S608 - our own names
            f" UNION ALL SELECT 'missing', * FROM ({made} EXCEPT {kept}) AS missing ORDER BY {', '.join(keys)} LIMIT 1"
        )
    ).one_or_none()
    return None if row is None else f"{table.name} {_key(row, keys)} is {_in_words(row.side)}"


def _key(row: sa.Row[Any], keys: list[str]) -> str:
    return ", ".join(f"{key} {row._mapping[key]}" for key in keys)


def _in_words(side: str) -> str:
    return "stored, but not in the entries" if side == "stored" else "in the entries, but not stored"
