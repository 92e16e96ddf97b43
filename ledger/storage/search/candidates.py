"""`CandidateIndex` (ledger/match/candidate.py) in PostgreSQL: exact digests, nearest hashes, nearest embeddings.

With indexes (vector_indexes.py) the nearest are approximate: filtered HNSW scans continue until enough rows pass.
Without indexes they are exact. Distances only choose candidates; ledger.match ranks them by their fingerprints.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from psycopg.rows import TupleRow

from ledger.corpus.terms import MAY_MATCH
from ledger.corpus.work import CorpusState
from ledger.fingerprint.style_models import CLIP, STYLE, VAE
from ledger.image.preview import read_preview
from ledger.match.candidate import Candidate, Group, GroupMember, Query, WorkPicture, copies_of
from ledger.storage.database import Database, driver
from ledger.storage.log.projections import BEHIND, Projector
from ledger.storage.search.nearest import (
    EVERY_WORK,
    Space,
    WorkFilter,
    candidates_statement,
    search_statement,
    surroundings_statement,
)
from ledger.storage.search.specs import Spec, dimensions, ensure_spec
from ledger.storage.search.vector_indexes import WORTH_AN_INDEX
from ledger.storage.search.vectors import read_fingerprint, read_halfvec, takes_wire
from ledger.storage.tables.corpus import SECOND, index_name

_TABLES = ("work_vector", "work_style")
"""Tables that get their indexes together."""
_GROUPS = f"""
    WITH asked AS (
        SELECT w.work_id, w.pixel_sha256, g.group_id FROM work w LEFT JOIN duplicate_group g USING (work_id)
        WHERE w.work_id = ANY(%s)
    ), same AS (
        SELECT a.work_id AS asked, w.work_id FROM asked a JOIN work w USING (pixel_sha256)
        UNION SELECT a.work_id, g.work_id FROM asked a JOIN duplicate_group g USING (group_id)
    )
    SELECT s.asked::text, w.work_id::text, w.artist_id::text FROM same s JOIN work w ON w.work_id = s.work_id
    WHERE {MAY_MATCH} ORDER BY s.asked, w.registration_index
"""  # noqa: S608 - our own text


class PgVectorIndex:
    """Searches works under one spec. Every method raises as Projector.catch_up does."""

    def __init__(self, database: Database, projector: Projector, spec: Spec) -> None:
        self._database = database
        self._projector = projector
        self._spec = spec
        self._space: Space | None = None
        self._indexed: frozenset[str] = frozenset()
        """Tables of which the last search found indexes. A search expects the same and is repeated if that changed."""

    def state(self) -> CorpusState:
        return self._projector.corpus_state()

    def search(self, query: Query, *, limit: int, only: WorkFilter = EVERY_WORK) -> Sequence[Candidate]:
        """Finds all works with the same bytes or pixels and, if the query is comparable, the nearest works.

        The nearest, by the works' first views and by their second ones: at most `limit` each by pHash (all views of the
        query), PDQ (those of good quality) and the copy descriptor of the whole; WORKS_PER_WINDOW by that of each
        window; WORKS_PER_STYLE by each style embedding, if the work allows it.

        If few works pass the filter, all are compared, which is exact. If many do, the indexes are used, if they exist.
        """
        space = self._located()
        return self._read(self._found(lambda by: search_statement(query, space, limit, only, indexed=by), only))

    def near(self, query: Query, only: WorkFilter = EVERY_WORK) -> NDArray[np.float16]:
        """`copy` embeddings of the WORKS_PER_WINDOW nearest works, by first views and by second ones, to a comparable
        query and to each of its windows."""
        space = self._located()
        rows = self._found(lambda by: surroundings_statement(query, space, only, indexed=by), only)
        return np.stack([read_halfvec(row[0]) for row in rows]) if rows else np.empty((0, space.dimension), np.float16)

    def surroundings(self, query: Query, found: Sequence[Candidate]) -> NDArray[np.float16]:  # noqa: ARG002
        """As `CandidateIndex` says: a search of every work has found them."""
        return copies_of(found)

    def works_through(self, leaf_index: int) -> int:
        """How many of the works registered up to this log entry can be matched under the spec now."""
        space, only = self._located(), WorkFilter(through=leaf_index)
        self._projector.catch_up()
        with self._database.session() as connection, driver(connection).cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM work w JOIN work_vector v USING (work_id)"  # noqa: S608 - our own text
                f" WHERE v.spec_id = {space.spec_id} AND {only.condition()}".encode(),
                only.values(),
            )
            (count,) = cursor.fetchone() or (0,)
        return int(count)

    def _found(self, statement: Callable[[frozenset[str]], tuple[str, Any]], only: WorkFilter) -> Sequence[TupleRow]:
        """Rows of a statement, which is told the tables whose indexes to use."""
        number = self._located().spec_id
        many = only == EVERY_WORK or self._many(only)
        caught_up = False
        while True:
            text, parameters = statement(self._indexed if many else frozenset())
            with self._database.session() as connection:
                raw = driver(connection)
                # If all entries are projected, as nearly always, this is the only round trip.
                with raw.pipeline(), raw.cursor(binary=True) as status, raw.cursor(binary=True) as cursor:
                    takes_wire(cursor)
                    names = [index_name("copy", number), index_name("copy", number, SECOND)]
                    status.execute(f"SELECT {BEHIND}, to_regclass(%s) IS NOT NULL, to_regclass(%s) IS NOT NULL", names)
                    cursor.execute(text.encode(), parameters)
                    behind, first, second = status.fetchone() or (0, False, False)
                    rows = cursor.fetchall()
            exists = frozenset((*(_TABLES if first else ()), *((SECOND,) if second else ())))
            if behind > 0 and not caught_up:
                self._projector.catch_up()
                caught_up = True
            elif exists != self._indexed:
                self._indexed = exists
            else:
                return rows

    def candidates(self, work_ids: Sequence[str]) -> Sequence[Candidate]:
        """The given works that have a fingerprint under the spec, unordered."""
        space = self._located()
        with self._database.begin() as connection, driver(connection).cursor(binary=True) as cursor:
            cursor.execute(candidates_statement(space).encode(), ([*map(UUID, work_ids)],))
            return self._read(cursor)

    def groups(self, work_ids: Sequence[str]) -> Mapping[str, Group]:
        """As `CandidateIndex` says, for works that may be matched."""
        with self._database.session() as connection, driver(connection).cursor(binary=True) as cursor:
            cursor.execute(_GROUPS.encode(), ([*map(UUID, work_ids)],))
            members: dict[str, list[GroupMember]] = {}
            for asked, work_id, artist_id in cursor:
                members.setdefault(asked, []).append(GroupMember(artist_id, work_id))
        return {asked: Group.of(works) for asked, works in members.items() if len(works) > 1}

    def pictures(self, work_ids: Sequence[str]) -> Mapping[str, WorkPicture]:
        """Previews and local features by work id. Raises IntegrityError (`bad-preview`) for an unreadable preview."""
        space = self._located()
        with self._database.session() as connection, driver(connection).cursor(binary=True) as cursor:
            cursor.execute(
                "SELECT p.work_id::text, p.webp, l.features, o.webp, o.features FROM preview p"
                " JOIN work_local l USING (work_id) LEFT JOIN second_view o USING (work_id, spec_id)"
                " WHERE p.work_id = ANY(%s) AND l.spec_id = %s",
                ([*map(UUID, work_ids)], space.spec_id),
            )
            return {
                work_id: WorkPicture(
                    read_preview(webp), local, second and WorkPicture(read_preview(second), second_local)
                )
                for work_id, webp, local, second, second_local in cursor
            }

    def _many(self, only: WorkFilter) -> bool:
        """Whether too many works pass the filter to compare all of them."""
        self._projector.catch_up()
        with self._database.session() as connection, driver(connection).cursor() as cursor:
            passing = f"SELECT FROM work w WHERE {only.condition()} LIMIT {WORTH_AN_INDEX}"
            cursor.execute(f"SELECT count(*) FROM ({passing}) AS passing".encode(), only.values())  # noqa: S608 - our own text
            (count,) = cursor.fetchone() or (0,)
        return int(count) >= WORTH_AN_INDEX

    @property
    def _styled(self) -> bool:
        return self._space is not None and self._space.style is not None

    def _located(self) -> Space:
        if self._space is None:
            number = ensure_spec(self._database, self._spec)
            with self._database.begin() as connection:
                sizes = dimensions(connection, self._spec.digest)
            style = (sizes[CLIP], sizes[VAE]) if sizes.keys() >= STYLE else None
            self._space = Space(number, sizes["copy"], style)
        return self._space

    def _read(self, rows: Iterable[TupleRow]) -> list[Candidate]:
        """Candidates from rows with nearest.py's columns: those of style are set if the spec has its embeddings, the
        last five for a work with a second view."""
        style = 3 if self._styled else 1
        return [
            Candidate(
                work_id=row[5],
                artist_id=row[6],
                sha256=row[7].hex(),
                pixel_sha256=row[8].hex(),
                registration_record_id=row[9],
                registration_leaf_hash=row[10].hex(),
                fingerprint=read_fingerprint(self._spec.digest, row[:5], *row[12:14] if self._styled else ()),
                duplicate_group=row[11],
                allows_style=self._styled and row[12] is not None and row[14],
                second=read_fingerprint(self._spec.digest, row[12 + style :]) if row[12 + style] else None,
            )
            for row in rows
        ]
