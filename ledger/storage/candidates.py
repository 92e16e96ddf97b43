"""`CandidateIndex` (ledger/match/types.py) in PostgreSQL: exact digests, nearest hashes, nearest embeddings.

Where indexes exist (vector_indexes.py) the nearest are approximate: filtered HNSW scans go on until enough rows pass.
Without, they are exact. Either way distances only choose candidates; ledger.match ranks them by the fingerprints.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.corpus.types import CorpusState
from ledger.image.preview import read_preview
from ledger.match.types import Candidate, Query, WorkPicture
from ledger.storage.database import Database, driver
from ledger.storage.projections import Projector
from ledger.storage.specs import Spec, copy_dimension, ensure_spec
from ledger.storage.tables import HASH_BITS, index_name
from ledger.storage.vectors import MATCHABLE, SELECTED, bit_text, read_fingerprint, vector_text

EF_SEARCH = 200
"""HNSW's candidate list: recall .99 on 20,000 hashes, two milliseconds a query."""
MAX_SCAN_TUPLES = 40_000
"""Where filters drop most rows, an iterative scan gives up after these."""
_BITS = f"bit({HASH_BITS})"


@dataclass(frozen=True, slots=True)
class _Space:
    """Where a spec's vectors are: literal in the queries, as partial expression indexes need it."""

    spec_id: int
    dimension: int


class PgVectorIndex:
    """Works under one spec. Every method raises as Projector.catch_up does."""

    def __init__(self, database: Database, projector: Projector, spec: Spec) -> None:
        self._database = database
        self._projector = projector
        self._spec = spec
        self._space: _Space | None = None

    def state(self) -> CorpusState:
        return self._projector.corpus_state()

    def search(self, query: Query, *, limit: int) -> Sequence[Candidate]:
        """At most `limit` works each by pHash (all views), PDQ (views of good quality) and copy descriptor, besides all
        with the same bytes or pixels. A query that is not comparable finds only those."""
        self._projector.catch_up()
        space = self._located()
        with self._database.begin() as connection:
            found = _same_digests(connection, query)
            if query.not_comparable is None:
                _tune(connection)
                views = query.fingerprint
                found |= _nearest_hashes(connection, space, "phash", views.phash_views, limit)
                found |= _nearest_hashes(connection, space, "pdq", views.pdq_views, limit)
                found |= _nearest_copies(connection, space, vector_text(views.image.embeddings["copy"]), limit)
            return _candidates(connection, space, self._spec.digest, found)

    def candidates(self, work_ids: Sequence[str]) -> Sequence[Candidate]:
        """The named works that have a fingerprint under the spec; unordered."""
        space = self._located()
        with self._database.begin() as connection:
            return _candidates(connection, space, self._spec.digest, set(map(UUID, work_ids)))

    def pictures(self, work_ids: Sequence[str]) -> Mapping[str, WorkPicture]:
        """Small pictures and local features by work id. Raises IntegrityError (`bad-preview`) for a picture that cannot
        be read."""
        space = self._located()
        with self._database.begin() as connection, driver(connection).cursor(binary=True) as cursor:
            cursor.execute(
                "SELECT p.work_id, p.webp, l.features FROM preview p JOIN work_local l USING (work_id)"
                " WHERE p.work_id = ANY(%s) AND l.spec_id = %s",
                ([*map(UUID, work_ids)], space.spec_id),
            )
            return {str(work_id): WorkPicture(read_preview(webp), local) for work_id, webp, local in cursor}

    def _located(self) -> _Space:
        if self._space is None:
            number = ensure_spec(self._database, self._spec)
            with self._database.begin() as connection:
                self._space = _Space(number, copy_dimension(connection, self._spec.digest))
        return self._space


def _tune(connection: Connection) -> None:
    """Of this transaction. Cutting a scan short at ef_search would lose most rows behind the filter."""
    connection.execute(
        sa.text(
            f"SET LOCAL hnsw.ef_search = {EF_SEARCH}; SET LOCAL hnsw.iterative_scan = relaxed_order;"
            f" SET LOCAL hnsw.max_scan_tuples = {MAX_SCAN_TUPLES}"
        )
    )


def _same_digests(connection: Connection, query: Query) -> set[UUID]:
    with driver(connection).cursor() as cursor:
        cursor.execute(
            f"SELECT work_id FROM work w WHERE sha256 = %s AND {MATCHABLE}"  # noqa: S608 - our own text
            f" UNION SELECT work_id FROM work w WHERE pixel_sha256 = %s AND {MATCHABLE}".encode(),
            (bytes.fromhex(query.sha256), bytes.fromhex(query.pixel_sha256)),
        )
        return {row[0] for row in cursor}


def _nearest_hashes(
    connection: Connection, space: _Space, column: str, views: Sequence[bytes], limit: int
) -> set[UUID]:
    """The works nearest to any view, by Hamming distance."""
    if not views:
        return set()
    indexed = connection.execute(
        sa.text("SELECT to_regclass(:name) IS NOT NULL"), {"name": index_name(column, space.spec_id)}
    ).scalar_one()
    statement = _by_index(space, column) if indexed else _by_scan(space, column, len(views))
    values = {f"view{number}": bit_text(view) for number, view in enumerate(views)}
    with driver(connection).cursor() as cursor:
        cursor.execute(statement.encode(), {**values, "views": list(values.values()), "limit": limit})
        return {row[0] for row in cursor}


def _by_scan(space: _Space, column: str, views: int) -> str:
    """One pass over all works for all views: three times faster than a pass for each."""
    distances = ", ".join(f"v.{column} <~> %(view{number})s::{_BITS}" for number in range(views))
    return (
        "SELECT v.work_id FROM work_vector v JOIN work w USING (work_id)"  # noqa: S608 - our own text
        f" WHERE v.spec_id = {space.spec_id} AND {MATCHABLE} ORDER BY least({distances}) LIMIT %(limit)s"
    )


def _by_index(space: _Space, column: str) -> str:
    """A search of the index for each view: its expression must stand here as it stands in the index."""
    distance = f"v.{column}::{_BITS} <~> view.text::{_BITS}"
    return (
        "SELECT work_id FROM unnest(%(views)s::text[]) AS view(text) CROSS JOIN LATERAL"  # noqa: S608 - our own text
        f" (SELECT v.work_id, {distance} AS distance FROM work_vector v JOIN work w USING (work_id)"
        f" WHERE v.spec_id = {space.spec_id} AND {MATCHABLE} ORDER BY {distance} LIMIT %(limit)s) AS near"
        " GROUP BY work_id ORDER BY min(distance) LIMIT %(limit)s"
    )


def _nearest_copies(connection: Connection, space: _Space, vector: str, limit: int) -> set[UUID]:
    """The works nearest by cosine of the copy descriptor."""
    kind = f"halfvec({space.dimension})"
    statement = (
        "SELECT v.work_id FROM work_vector v JOIN work w USING (work_id)"  # noqa: S608 - our own text
        f" WHERE v.spec_id = {space.spec_id} AND {MATCHABLE}"
        f" ORDER BY v.copy::{kind} <=> %(vector)s::{kind} LIMIT %(limit)s"
    )
    with driver(connection).cursor() as cursor:
        cursor.execute(statement.encode(), {"vector": vector, "limit": limit})
        return {row[0] for row in cursor}


def _candidates(connection: Connection, space: _Space, spec: str, work_ids: set[UUID]) -> list[Candidate]:
    statement = (
        f"SELECT {SELECTED}, w.work_id, w.artist_id, w.sha256, w.pixel_sha256, w.registration_record_id,"  # noqa: S608
        " w.registration_leaf_hash, g.group_id FROM work w JOIN work_vector v USING (work_id)"
        " LEFT JOIN duplicate_group g USING (work_id)"
        " WHERE v.spec_id = %s AND w.work_id = ANY(%s)"
    )
    with driver(connection).cursor(binary=True) as cursor:
        cursor.execute(statement.encode(), (space.spec_id, list(work_ids)))
        return [
            Candidate(
                work_id=str(row[5]),
                artist_id=str(row[6]),
                sha256=row[7].hex(),
                pixel_sha256=row[8].hex(),
                registration_record_id=str(row[9]),
                registration_leaf_hash=row[10].hex(),
                fingerprint=read_fingerprint(spec, row[:5]),
                duplicate_group=None if row[11] is None else str(row[11]),
            )
            for row in cursor
        ]
