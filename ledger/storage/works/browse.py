"""Registered works as people browse them: filtered, page by page, and by the words of a title or a name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ledger.corpus.terms import MAY
from ledger.corpus.work import AllowedUse, Artist
from ledger.storage.database import Database
from ledger.storage.log.projections import Projector

_CONTESTED = (
    "EXISTS (SELECT FROM duplicate_group mine JOIN duplicate_group other USING (group_id)"
    " JOIN work o ON o.work_id = other.work_id WHERE mine.work_id = w.work_id AND o.artist_id <> w.artist_id"
    " AND o.withdrawn_index IS NULL)"
)
_LISTED = (
    "SELECT w.work_id::text FROM work w WHERE w.withdrawn_index IS NULL AND w.registration_index > :after"
    " AND (CAST(:licence AS text) IS NULL OR w.licence = :licence) AND {chosen} ORDER BY w.registration_index"
    " LIMIT :limit"
)
_TITLED = (
    "SELECT w.work_id::text FROM work w JOIN work_detail d USING (work_id) WHERE w.withdrawn_index IS NULL"
    " AND lower(d.title) LIKE :pattern"
    " ORDER BY lower(d.title) <> :words, position(:words IN lower(d.title)), w.registration_index LIMIT :limit"
)
_NAMED = (
    "SELECT a.artist_id::text, a.name, count(w.work_id) AS works FROM artist a JOIN work w USING (artist_id)"
    " WHERE w.withdrawn_index IS NULL AND lower(a.name) LIKE :pattern GROUP BY a.artist_id, a.name"
    " ORDER BY lower(a.name) <> :words, position(:words IN lower(a.name)), a.name LIMIT :limit"
)
_COPIED = (
    "SELECT r.record_id::text, m.work_id::text FROM record r JOIN record_match m USING (leaf_index)"
    " JOIN work w ON w.work_id = m.work_id WHERE r.verdict = 'copy' AND m.rank = 1 AND w.withdrawn_index IS NULL"
    " ORDER BY r.leaf_index DESC LIMIT :limit"
)


@dataclass(frozen=True, slots=True)
class BrowseFilter:
    """Which works are listed; without any value, all that are not withdrawn."""

    licence: str | None = None
    use: AllowedUse | None = None
    """Works whose terms allow it."""
    contested: bool = False
    """Only works that another artist has registered too."""


class WorkBrowser:
    """Every method sees every entry committed before the call, and raises as Projector.catch_up does."""

    def __init__(self, database: Database, projector: Projector) -> None:
        self._database = database
        self._projector = projector

    def listed(self, chosen: BrowseFilter, *, after: int, limit: int) -> list[str]:
        """Ids of works registered after the leaf index `after`, in that order."""
        conditions = (MAY[chosen.use] if chosen.use else "TRUE", _CONTESTED if chosen.contested else "TRUE")
        statement = _LISTED.format(chosen=" AND ".join(conditions))
        return [row[0] for row in self._rows(statement, {"licence": chosen.licence, "after": after, "limit": limit})]

    def titled(self, words: str, limit: int) -> list[str]:
        """Ids of works whose title contains the words in this order, in any case; equal titles first."""
        return [row[0] for row in self._rows(_TITLED, _sought(words, limit))]

    def named(self, words: str, limit: int) -> list[tuple[Artist, int]]:
        """Artists whose name contains the words, with the number of works that are not withdrawn."""
        rows = self._rows(_NAMED, _sought(words, limit))
        return [(Artist(row.artist_id, row.name), row.works) for row in rows]

    def copied(self, limit: int) -> list[tuple[str, str]]:
        """The newest records of copies, each with the id of the work that comes first, newest first."""
        return [(row.record_id, row.work_id) for row in self._rows(_COPIED, {"limit": limit})]

    def _rows(self, statement: str, values: dict[str, Any]) -> list[Any]:
        self._projector.catch_up()
        with self._database.begin() as connection:
            return list(connection.execute(sa.text(statement), values))


def _sought(words: str, limit: int) -> dict[str, Any]:
    plain = words.lower()
    escaped = plain.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return {"words": plain, "pattern": f"%{escaped}%", "limit": limit}
