"""How works and the records that match them are spread over artists, subjects and permissions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ledger.corpus.terms import MAY_MATCH
from ledger.match.lists import COPY_RELATIONS, Verdict
from ledger.storage.database import Database
from ledger.storage.log.projections import Projector

_ARTISTS = f"""
    WITH standing AS (
        SELECT artist_id, count(*) AS works, count(*) FILTER (WHERE {MAY_MATCH}) AS matchable
        FROM work w WHERE withdrawn_index IS NULL GROUP BY artist_id
    ), copied AS (
        SELECT m.artist_id, count(DISTINCT m.leaf_index) AS records, count(DISTINCT w.work_id) AS works
        FROM record_match m JOIN record r USING (leaf_index) LEFT JOIN work w ON w.work_id = m.work_id
            AND w.withdrawn_index IS NULL
        WHERE r.verdict = :copy AND m.relation = ANY(:copies) GROUP BY m.artist_id
    ), nearest AS (
        SELECT m.artist_id, count(DISTINCT m.leaf_index) AS records
        FROM record_match m JOIN record r USING (leaf_index)
        WHERE r.verdict = :none AND m.rank = 1 GROUP BY m.artist_id
    )
    SELECT s.artist_id, coalesce(a.name, '') AS name, s.works, s.matchable, coalesce(c.records, 0) AS copies,
        coalesce(c.works, 0) AS copied_works, coalesce(n.records, 0) AS nearest
    FROM standing s LEFT JOIN artist a USING (artist_id) LEFT JOIN copied c USING (artist_id)
        LEFT JOIN nearest n USING (artist_id)
    ORDER BY s.works DESC, copies DESC, nearest DESC, name, s.artist_id
"""  # noqa: S608 - our own text
_SUBJECTS = """
    SELECT labels->>'subject' AS name, count(*) AS works FROM work_detail d JOIN work w USING (work_id)
    WHERE w.withdrawn_index IS NULL AND labels ? 'subject' GROUP BY 1 ORDER BY 2 DESC, 1
"""
_USES = """
    SELECT use AS name, count(*) AS works FROM work w, unnest(w.allowed_uses) AS use
    WHERE w.withdrawn_index IS NULL GROUP BY 1 ORDER BY 2 DESC, 1
"""
_RECORDS = (
    "SELECT verdict AS name, count(*) AS works FROM record WHERE verdict IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1"
)


@dataclass(frozen=True, slots=True)
class ArtistSpread:
    """An artist's registered works, and the records that name them. Withdrawn works do not count."""

    artist_id: str
    name: str
    """Empty where it was erased."""
    works: int
    matchable: int
    """Of them, the works whose terms allow comparison."""
    copies: int
    """Records with the verdict `copy` in which a work of the artist is a verified copy."""
    copied_works: int
    """Works that were a verified copy in any of them."""
    nearest: int
    """Records with the verdict `none` in which a work of the artist comes first, by rank alone."""


class SpreadReader:
    """Every method sees every entry committed before the call, and raises as Projector.catch_up does."""

    def __init__(self, database: Database, projector: Projector) -> None:
        self._database = database
        self._projector = projector

    def artists(self) -> list[ArtistSpread]:
        """All artists with works that are not withdrawn, those with most works first."""
        values = {"copy": Verdict.COPY.value, "none": Verdict.NONE.value, "copies": [*map(str, COPY_RELATIONS)]}
        return [
            ArtistSpread(
                artist_id=str(row.artist_id),
                name=row.name,
                works=row.works,
                matchable=row.matchable,
                copies=row.copies,
                copied_works=row.copied_works,
                nearest=row.nearest,
            )
            for row in self._rows(_ARTISTS, values)
        ]

    def subjects(self) -> dict[str, int]:
        """Works by the subject that their source states, most frequent first. Not every source states one."""
        return self._counts(_SUBJECTS)

    def allowed_uses(self) -> dict[str, int]:
        """Works by each use that their terms allow."""
        return self._counts(_USES)

    def records_by_verdict(self) -> dict[str, int]:
        return self._counts(_RECORDS)

    def _counts(self, statement: str) -> dict[str, int]:
        return {row.name: row.works for row in self._rows(statement, {})}

    def _rows(self, statement: str, values: Mapping[str, Any]) -> list[Any]:
        self._projector.catch_up()
        with self._database.begin() as connection:
            return list(connection.execute(sa.text(statement), values))
