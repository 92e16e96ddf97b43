"""Works and artists as shown to users: data from the log, with the names stored outside it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from ledger.corpus.terms import MAY_STYLE
from ledger.corpus.work import Artist, CorpusState, Credit, FileTerm, Work
from ledger.storage.database import Database
from ledger.storage.log.projections import Projector

_WORK = (
    "SELECT w.*, coalesce(d.title, '') AS title, coalesce(a.name, '') AS artist, coalesce(d.source, '') AS source,"
    " coalesce(d.credit_line, '') AS credit_line, coalesce(d.link, '') AS link, coalesce(d.terms, '') AS terms,"
    " coalesce(d.file_terms, '[]') AS file_terms"
    " FROM work w LEFT JOIN work_detail d USING (work_id) LEFT JOIN artist a ON a.artist_id = w.artist_id"
)

_COPIES = (
    "WITH copies AS NOT MATERIALIZED (SELECT * FROM duplicate_pair p WHERE verified"
    " AND NOT EXISTS (SELECT FROM duplicate_asked q WHERE q.work_id IN (p.first_id, p.second_id)"
    " AND q.not_comparable IS NOT NULL)),"
    " near AS (SELECT a.work_id AS mine, b.work_id AS other, 'exact' AS relation, 1 AS distance"
    " FROM work a JOIN work b ON b.sha256 = a.sha256 WHERE a.work_id = ANY(:ids)"
    " UNION ALL SELECT a.work_id, b.work_id, 'same-pixels', 2"
    " FROM work a JOIN work b ON b.pixel_sha256 = a.pixel_sha256 WHERE a.work_id = ANY(:ids)"
    " UNION ALL SELECT first_id, second_id, found->>'relation', 3 FROM copies WHERE first_id = ANY(:ids)"
    " UNION ALL SELECT second_id, first_id, found->>'relation', 3 FROM copies WHERE second_id = ANY(:ids))"
)
_OF_OTHERS = (
    " FROM near JOIN work a ON a.work_id = near.mine JOIN work b ON b.work_id = near.other"
    " WHERE a.artist_id <> b.artist_id AND b.withdrawn_index IS NULL"
)
_CONTESTS = (
    f"{_COPIES} SELECT near.mine, near.other, near.relation {_OF_OTHERS} AND a.withdrawn_index IS NULL"
    " ORDER BY near.mine, b.registration_index, near.distance"
)
_SINCE = (
    "SELECT w.work_id, e.appended_at FROM work w JOIN entry e ON e.leaf_index = w.registration_index"
    " WHERE w.artist_id = :artist AND e.appended_at > :since"
)
_FOLLOWING = f"{_COPIES} SELECT DISTINCT near.mine {_OF_OTHERS} AND b.registration_index < a.registration_index"


class WorkReader:
    """Every method sees every entry committed before the call, and raises as Projector.catch_up does.

    Erased names are empty.
    """

    def __init__(self, database: Database, projector: Projector) -> None:
        self._database = database
        self._projector = projector

    def state(self) -> CorpusState:
        """The corpus state, as in records."""
        return self._projector.corpus_state()

    def works(self, work_ids: Iterable[str]) -> dict[str, Work]:
        """Works by id; unregistered ids are left out."""
        ids = [UUID(work_id) for work_id in work_ids]
        return {work.work_id: work for work in self._works("WHERE w.work_id = ANY(:ids)", {"ids": ids})} if ids else {}

    def works_of(self, artist_id: str, *, after: int = -1, limit: int = 50) -> list[Work]:
        """An artist's works registered after the leaf index `after`, in that order."""
        return self._works(
            "WHERE w.artist_id = :artist AND w.registration_index > :after ORDER BY w.registration_index LIMIT :limit",
            {"artist": UUID(artist_id), "after": after, "limit": limit},
        )

    def artist(self, artist_id: str) -> Artist | None:
        """The artist, or None; an erased name is empty."""
        rows = self._rows(
            "SELECT coalesce(name, '') AS name FROM artist WHERE artist_id = :artist", {"artist": UUID(artist_id)}
        )
        return Artist(artist_id, rows[0].name) if rows else None

    def artists(self, *, after: str | None = None, limit: int = 50) -> list[tuple[Artist, int]]:
        """Artists after the name `after`, in the order of their names, each with the number of works not withdrawn.
        Artists with erased names are left out."""
        rows = self._rows(
            "SELECT a.artist_id, a.name, count(w.work_id) FILTER (WHERE w.withdrawn_index IS NULL) AS works"
            " FROM artist a LEFT JOIN work w USING (artist_id) WHERE a.name IS NOT NULL"
            " AND (CAST(:after AS text) IS NULL OR (lower(a.name), a.name) > (lower(:after), :after))"
            " GROUP BY a.artist_id ORDER BY lower(a.name), a.name LIMIT :limit",
            {"after": after, "limit": limit},
        )
        return [(Artist(str(row.artist_id), row.name), row.works) for row in rows]

    def standing_work(self, sha256: str, artist_id: str) -> str | None:
        """The id of the artist's work with this file digest that is not withdrawn."""
        found = self._scalar(
            "SELECT work_id FROM work WHERE sha256 = :sha256 AND artist_id = :artist AND withdrawn_index IS NULL"
            " ORDER BY registration_index LIMIT 1",
            {"sha256": bytes.fromhex(sha256), "artist": UUID(artist_id)},
        )
        return None if found is None else str(found)

    def count_of(self, sha256: str, artist_id: str) -> int:
        """How often the artist has registered a file with this digest, including withdrawn works."""
        values = {"sha256": bytes.fromhex(sha256), "artist": UUID(artist_id)}
        return int(self._scalar("SELECT count(*) FROM work WHERE sha256 = :sha256 AND artist_id = :artist", values))

    def contests(self, work_ids: Iterable[str]) -> dict[str, dict[str, str]]:
        """Works that other artists registered too. For each: the others' works in the order of their registration, with
        the closest relation (`exact`, `same-pixels`, or that of a verified copy). Withdrawn works are left out."""
        found: dict[str, dict[str, str]] = {}
        ids = [UUID(work_id) for work_id in work_ids]
        for row in self._rows(_CONTESTS, {"ids": ids}) if ids else ():
            found.setdefault(str(row.mine), {}).setdefault(str(row.other), row.relation)
        return found

    def copies_since(self, artist_id: str, since: datetime) -> list[datetime]:
        """Times, oldest first, at which the artist registered known copies of works that others registered before.

        A work's copies are known once it has been compared (ledger.flows.works.duplicates), at the end of registration.
        """
        recent = {
            row.work_id: row.appended_at for row in self._rows(_SINCE, {"artist": UUID(artist_id), "since": since})
        }
        copies = self._rows(_FOLLOWING, {"ids": list(recent)}) if recent else []
        return sorted(recent[row.mine] for row in copies)

    def count_works(self, artist_id: str) -> int:
        """Number of an artist's registered works, including withdrawn ones."""
        return int(self._scalar("SELECT count(*) FROM work WHERE artist_id = :artist", {"artist": UUID(artist_id)}))

    def newest_withdrawal(self) -> int:
        """Leaf index of the last withdrawal on the log; -1 if there is none."""
        return int(self._scalar("SELECT coalesce(max(withdrawn_index), -1) FROM work", {}))

    def count_artists(self) -> int:
        """Number of artists with works that are not withdrawn."""
        return int(self._scalar("SELECT count(DISTINCT artist_id) FROM work WHERE withdrawn_index IS NULL", {}))

    def count_by_licence(self) -> dict[str, int]:
        """Number of works that are not withdrawn by licence, the most frequent first."""
        rows = self._rows(
            "SELECT licence, count(*) AS works FROM work WHERE withdrawn_index IS NULL GROUP BY 1 ORDER BY 2 DESC, 1",
            {},
        )
        return {row.licence: row.works for row in rows}

    def artists_without_style(self) -> list[Artist]:
        """Artists with registered works, none of which allows style use; withdrawn works allow nothing. Artists with
        erased names are left out."""
        rows = self._rows(
            "SELECT a.artist_id, a.name FROM artist a WHERE EXISTS"  # noqa: S608 - our own text
            " (SELECT FROM work w WHERE w.artist_id = a.artist_id)"
            f" AND NOT EXISTS (SELECT FROM work w WHERE w.artist_id = a.artist_id AND {MAY_STYLE})"
            " AND a.name IS NOT NULL ORDER BY a.name",
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
        """The work's preview (WebP); None if there is none or the work was withdrawn."""
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
                credit=Credit(row.credit_line, row.link, row.terms),
                file_terms=tuple(FileTerm(**each | {"forbids": tuple(each["forbids"])}) for each in row.file_terms),
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
