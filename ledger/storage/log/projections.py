"""Keeps the searchable tables up to date with the log, or rebuilds them from it."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.corpus.terms import MAY_MATCH
from ledger.corpus.work import CorpusState
from ledger.storage.bulk import copy_rows
from ledger.storage.database import Database, driver
from ledger.storage.locks import lock_projections
from ledger.storage.log.claim_rows import ClaimProjection
from ledger.storage.log.entry_rows import read_batch
from ledger.storage.log.notices import tell
from ledger.storage.log.projection_rows import (
    CALIBRATION_COLUMNS,
    KEY_COLUMNS,
    MATCH_COLUMNS,
    RECORD_COLUMNS,
    WORK_COLUMNS,
    Row,
    Rows,
    WorkChange,
)
from ledger.storage.tables import PROJECTIONS
from ledger.storage.tables import projections as tables

BATCH = 1_000
"""Entries per round: some megabytes."""

BEHIND = "coalesce((SELECT size FROM log_head), 0) - coalesce((SELECT next_index FROM projection_head), 0)"
"""SQL: number of entries that are not projected yet."""

Report = Callable[[int, int], None]
"""(entries done, entries in all)."""


class Projector:
    """Writes the rows of entries that are not projected yet, and moves the cursor in the same transaction.

    Any number of processes may call it: one projects, the others wait until that is done.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def catch_up(self) -> int:
        """Projects every entry committed before the call. Returns how many were new.

        Raises IntegrityError (`entry-unreadable`, `log-gap`), PushbackError when the database cannot be reached or a
        rebuild holds the lock for too long.
        """
        done = 0
        with self._database.begin() as connection:
            size, next_index = _positions(connection)
        while next_index < size:  # the size read at the start, so that a growing log does not keep callers here
            with self._database.begin() as connection:
                lock_projections(connection)
                done += project(connection)
                _, next_index = _positions(connection)
        return done

    def rebuild(self, report: Report = lambda _done, _all: None) -> int:
        """Empties every projection and replays the log, in one transaction: readers see the old or the new tables.

        Returns the number of entries. Raises as `catch_up` does; the old tables then stay.
        """
        with self._database.begin() as connection:
            lock_projections(connection)
            _, owed = _positions(connection)
            names = ", ".join(table.name for table in PROJECTIONS)
            connection.execute(sa.text(f"TRUNCATE {names}"))
            total, done = behind(connection), 0
            report(0, total)
            while batch := project(connection, owed):
                done += batch
                report(done, total)
        return done

    def corpus_state(self) -> CorpusState:
        """The corpus (FORMAT.md, Corpus state) as of every entry committed before the call. Raises as `catch_up`."""
        statement = sa.text(
            f"SELECT {BEHIND} AS behind, coalesce(max(corpus_through), -1) AS through,"  # noqa: S608 - our own text
            " coalesce(max(corpus_works), 0) AS works FROM projection_head"
        )
        with self._database.session() as connection:
            row = connection.execute(statement).one()
        if row.behind > 0:
            self.catch_up()
            with self._database.session() as connection:
                row = connection.execute(statement).one()
        return CorpusState(row.through, row.works)


def behind(connection: Connection) -> int:
    """Number of entries that are not projected yet."""
    return int(connection.execute(sa.text(f"SELECT {BEHIND}")).scalar_one())


def _positions(connection: Connection) -> tuple[int, int]:
    """Size of the log, and index of the first entry that is not projected."""
    query = "SELECT (SELECT size FROM log_head) AS size, (SELECT next_index FROM projection_head) AS next_index"
    row = connection.execute(sa.text(query)).one()
    return row.size or 0, row.next_index or 0


def project(connection: Connection, owed: int = 0) -> int:
    """Projects the next batch; the caller holds the lock. `owed`: webhooks are sent what entries from here on tell."""
    start = connection.execute(sa.text("SELECT next_index FROM projection_head")).scalar() or 0
    batch = read_batch(connection, start, start + BATCH)
    if not batch:
        return 0
    rows = Rows()
    for entry in batch:
        rows.add(entry)
    works = _new_works(connection, rows.works)
    for table, columns, values in (
        (tables.record, RECORD_COLUMNS, rows.records),
        (tables.record_match, MATCH_COLUMNS, rows.matches),
        (tables.work, WORK_COLUMNS, works),
        (tables.calibration, CALIBRATION_COLUMNS, rows.calibrations),
        (tables.key_event, KEY_COLUMNS, rows.keys),
    ):
        if values:
            copy_rows(connection, table, columns, values)
    _apply(connection, rows.changes)
    ClaimProjection(connection, owed).apply(batch)
    tell(connection, start, start + len(batch), rows.kinds, owed)
    touched = [row[-1] for row in rows.works] + [change.leaf_index for change in rows.changes]
    _advance(connection, start + len(batch), max(touched, default=None))
    return len(batch)


def _new_works(connection: Connection, works: list[Row]) -> list[Row]:
    """The rows without repeated work ids: a work is registered once."""
    if not works:
        return []
    with driver(connection).cursor() as cursor:
        cursor.execute("SELECT work_id FROM work WHERE work_id = ANY(%s)", ([row[0] for row in works],))
        known: set[UUID] = {row[0] for row in cursor}
    fresh = []
    for row in works:
        if row[0] not in known:
            known.add(row[0])
            fresh.append(row)
    return fresh


def _apply(connection: Connection, changes: list[WorkChange]) -> None:
    """Applies changes in the order of the log. A withdrawal is final; changes of unregistered works have no effect."""
    for change in changes:
        if change.allowed_uses is None:
            assignments = "withdrawn_index = coalesce(withdrawn_index, :index)"
        else:
            assignments = "licence = :licence, allowed_uses = :uses"
        connection.execute(
            sa.text(f"UPDATE work SET last_change_index = :index, {assignments} WHERE work_id = :work"),  # noqa: S608
            {
                "index": change.leaf_index,
                "work": change.work_id,
                "licence": change.licence,
                "uses": change.allowed_uses,
            },
        )


def _advance(connection: Connection, next_index: int, last_change: int | None) -> None:
    """Moves the cursor, and updates the corpus state if a work changed."""
    connection.execute(
        sa.text(
            "INSERT INTO projection_head (only_row, next_index, corpus_through, corpus_works)"
            " VALUES (true, :next, -1, 0) ON CONFLICT (only_row) DO UPDATE SET next_index = excluded.next_index"
        ),
        {"next": next_index},
    )
    if last_change is not None:
        connection.execute(
            sa.text(
                "UPDATE projection_head SET corpus_through = :through,"  # noqa: S608 - our own text
                f" corpus_works = (SELECT count(*) FROM work w WHERE {MAY_MATCH})"
            ),
            {"through": last_change},
        )
