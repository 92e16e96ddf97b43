"""Works and artists as they are shown: what the log says of them, with the names kept beside it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from ledger.corpus.types import Artist, CorpusState, Work
from ledger.storage.database import Database
from ledger.storage.projections import Projector

_WORK = (
    "SELECT w.*, coalesce(d.title, '') AS title, coalesce(a.name, '') AS artist, coalesce(d.source, '') AS source"
    " FROM work w LEFT JOIN work_detail d USING (work_id) LEFT JOIN artist a ON a.artist_id = w.artist_id"
)


class WorkReader:
    """Every method sees every entry committed before the call, and raises as Projector.catch_up does.

    Names are empty where they were erased.
    """

    def __init__(self, database: Database, projector: Projector) -> None:
        self._database = database
        self._projector = projector

    def state(self) -> CorpusState:
        """The corpus as records state it."""
        return self._projector.corpus_state()

    def works(self, work_ids: Iterable[str]) -> dict[str, Work]:
        """Works by id; ids that nobody registered are left out."""
        ids = [UUID(work_id) for work_id in work_ids]
        return {work.work_id: work for work in self._works("WHERE w.work_id = ANY(:ids)", {"ids": ids})} if ids else {}

    def works_of(self, artist_id: str, *, after: int = -1, limit: int = 50) -> list[Work]:
        """An artist's works registered after the leaf index `after`, in that order."""
        return self._works(
            "WHERE w.artist_id = :artist AND w.registration_index > :after ORDER BY w.registration_index LIMIT :limit",
            {"artist": UUID(artist_id), "after": after, "limit": limit},
        )

    def artist(self, artist_id: str) -> Artist | None:
        name = self._scalar("SELECT name FROM artist WHERE artist_id = :artist", {"artist": UUID(artist_id)})
        return None if name is None else Artist(artist_id, str(name))

    def count_works(self, artist_id: str) -> int:
        """An artist's registered works, withdrawn ones too."""
        return int(self._scalar("SELECT count(*) FROM work WHERE artist_id = :artist", {"artist": UUID(artist_id)}))

    def count_artists(self) -> int:
        """Artists of works that are not withdrawn."""
        return int(self._scalar("SELECT count(DISTINCT artist_id) FROM work WHERE withdrawn_index IS NULL", {}))

    def count_by_licence(self) -> dict[str, int]:
        """Works that are not withdrawn, by licence; the most frequent first."""
        rows = self._rows(
            "SELECT licence, count(*) AS works FROM work WHERE withdrawn_index IS NULL GROUP BY 1 ORDER BY 2 DESC, 1",
            {},
        )
        return {row.licence: row.works for row in rows}

    def artists_without_style(self) -> list[Artist]:
        """Artists with a registered work, none of whose works allows style use; withdrawn works allow nothing."""
        rows = self._rows(
            "SELECT a.artist_id, a.name FROM artist a WHERE EXISTS (SELECT FROM work w WHERE w.artist_id = a.artist_id)"
            " AND NOT EXISTS (SELECT FROM work w WHERE w.artist_id = a.artist_id AND w.withdrawn_index IS NULL"
            " AND 'style' = ANY(w.allowed_uses)) ORDER BY a.name",
            {},
        )
        return [Artist(str(row.artist_id), row.name) for row in rows]

    def largest_artists(self, limit: int) -> tuple[tuple[str, int], ...]:
        """(name, works that are not withdrawn) of the artists with most works."""
        rows = self._rows(
            "SELECT a.name, count(*) AS works FROM work w JOIN artist a USING (artist_id)"
            " WHERE w.withdrawn_index IS NULL GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT :limit",
            {"limit": limit},
        )
        return tuple((row.name, row.works) for row in rows)

    def preview_file(self, work_id: str) -> bytes | None:
        """The work's small picture (WebP); None where there is none or the work was withdrawn."""
        found = self._scalar(
            "SELECT p.webp FROM preview p JOIN work w USING (work_id)"
            " WHERE work_id = :work AND withdrawn_index IS NULL",
            {"work": UUID(work_id)},
        )
        return None if found is None else bytes(found)

    def _works(self, condition: str, values: dict[str, Any]) -> list[Work]:
        return [
            Work(
                work_id=str(row.work_id),
                artist_id=str(row.artist_id),
                sha256=row.sha256.hex(),
                pixel_sha256=row.pixel_sha256.hex(),
                title=row.title,
                artist=row.artist,
                licence=row.licence,
                allowed_uses=tuple(row.allowed_uses),
                source=row.source,
                registration_record_id=str(row.registration_record_id),
                registration_index=row.registration_index,
                registration_leaf_hash=row.registration_leaf_hash.hex(),
                withdrawn=row.withdrawn_index is not None,
            )
            for row in self._rows(f"{_WORK} {condition}", values)
        ]

    def _rows(self, query: str, values: dict[str, Any]) -> list[sa.Row[Any]]:
        self._projector.catch_up()
        with self._database.begin() as connection:
            return list(connection.execute(sa.text(query), values))

    def _scalar(self, query: str, values: dict[str, Any]) -> Any:
        rows = self._rows(query, values)
        return rows[0][0] if rows else None
