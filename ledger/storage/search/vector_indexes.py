"""HNSW indexes per spec, created once a corpus is large enough to need them.

They use halfvec with the inner product, which finds more than .99 of the ten nearest. Binary quantisation with exact
re-ranking finds .85 to .97 in the same time. Figures by tests/benchmarks/search.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass

import psycopg
import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import OperationalError, ProgrammingError

from ledger.errors import ConflictError
from ledger.fingerprint.style_models import STYLE
from ledger.storage.database import Database
from ledger.storage.log.projections import Report
from ledger.storage.search.specs import dimensions, spec_id
from ledger.storage.tables.columns import HASH_BITS
from ledger.storage.tables.corpus import SECOND, index_name

WORTH_AN_INDEX = 20_000
"""Up to this many fingerprints, an exact scan of all takes no longer than an index search."""
NEIGHBOURS, BUILD_CANDIDATES = 16, 128
"""m and ef_construction of HNSW."""
GRAPH_BYTES = 1_200
"""Memory per work, besides its vector, for an index build. With less memory the build is slower."""
MEGABYTES = (64, 2_048)
"""Least and most memory for a build."""
SECONDS_BETWEEN_REPORTS = 0.5


@dataclass(frozen=True, slots=True)
class _Index:
    table: str
    name: str
    statement: str
    row_bytes: int
    """Bytes of a vector."""


def ensure_indexes(
    database: Database,
    spec: str,
    report: Report = lambda _done, _all: None,
    *,
    at_least: int = WORTH_AN_INDEX,
) -> bool:
    """Creates the indexes of a spec (digest), as the owner, if it has `at_least` fingerprints; those of second views if
    there are as many of these. Call after bulk loads.

    `report` gets the number of fingerprints indexed so far and in all, in the calling thread. Returns whether the
    indexes now exist. Raises NotFoundError (`spec-unknown`), ConflictError (`database-rights`: the login is not the
    owner's), PushbackError.
    """
    with database.begin_as_owner() as connection:
        number, sizes = spec_id(connection, spec), dimensions(connection, spec)
        count, seconds = connection.execute(
            sa.text(
                "SELECT (SELECT count(*) FROM work_vector WHERE spec_id = :number),"
                " (SELECT count(*) FROM second_view WHERE spec_id = :number)"
            ),
            {"number": number},
        ).one()
        if count < at_least:
            return False
        wanted = [each for each in _indexes(number, sizes) if each.table != SECOND or seconds >= at_least]
        missing = [each for each in wanted if not _exists(connection, each.name)]
        process: int = connection.execute(sa.text("SELECT pg_backend_pid()")).scalar_one()
        with ThreadPoolExecutor(1) as thread:
            for place, index in enumerate(missing):
                building = thread.submit(_build, connection, index, count)
                while wait([building], SECONDS_BETWEEN_REPORTS).not_done:
                    report(int((place + _share_done(database, process)) * count), len(missing) * count)
                building.result()
                report((place + 1) * count, len(missing) * count)
    return True


def _indexes(spec: int, sizes: Mapping[str, int]) -> list[_Index]:
    """The indexes, over expressions that nearest.py repeats."""
    made = []
    halfvec = [
        ("work_style" if name in STYLE else "work_vector", name, f"halfvec({size})", "halfvec_ip_ops", 2 * size)
        for name, size in sizes.items()
    ]
    halfvec.append((SECOND, "copy", f"halfvec({sizes['copy']})", "halfvec_ip_ops", 2 * sizes["copy"]))
    bits = [
        (table, name, f"bit({HASH_BITS})", "bit_hamming_ops", HASH_BITS // 8)
        for table in ("work_vector", SECOND)
        for name in ("phash", "pdq")
    ]
    for table, column, kind, operators, row_bytes in (*halfvec, *bits):
        name = index_name(column, spec, table)
        statement = (
            f"CREATE INDEX {name} ON {table} USING hnsw (({column}::{kind}) {operators})"
            f" WITH (m = {NEIGHBOURS}, ef_construction = {BUILD_CANDIDATES}) WHERE spec_id = {spec}"
        )
        made.append(_Index(table, name, statement, row_bytes))
    return made


def _exists(connection: Connection, name: str) -> bool:
    return bool(connection.execute(sa.text("SELECT to_regclass(:name) IS NOT NULL"), {"name": name}).scalar_one())


def _build(connection: Connection, index: _Index, works: int) -> None:
    megabytes = min(max(works * (index.row_bytes + GRAPH_BYTES) >> 20, MEGABYTES[0]), MEGABYTES[1])
    connection.execute(sa.text(f"SET LOCAL maintenance_work_mem = '{megabytes}MB'"))
    try:
        with connection.begin_nested():
            connection.execute(sa.text(index.statement))
    except OperationalError as error:
        # Parallel workers share the graph in /dev/shm, which may be too small in a container: build without workers.
        if not isinstance(error.orig, psycopg.errors.DiskFull):
            raise
        connection.execute(sa.text("SET LOCAL max_parallel_maintenance_workers = 0"))
        connection.execute(sa.text(index.statement))
    except ProgrammingError as error:
        if not isinstance(error.orig, psycopg.errors.InsufficientPrivilege):
            raise
        raise ConflictError(
            "this login cannot create search indexes, only the database's owner can: everything is stored, but searches"
            " read every fingerprint",
            code="database-rights",
            hint="Run artledger corpus refresh once with the owner's ARTLEDGER_DATABASE_URL.",
        ) from error


def _share_done(database: Database, process: int) -> float:
    """Finished share of the index that `process` builds. The service's role cannot see the owner's processes."""
    with database.begin_as_owner() as connection:
        share = connection.execute(
            sa.text(
                "SELECT blocks_done::float8 / nullif(blocks_total, 0) FROM pg_stat_progress_create_index"
                " WHERE pid = :process"
            ),
            {"process": process},
        ).scalar_one_or_none()
    return min(share or 0.0, 1.0)
