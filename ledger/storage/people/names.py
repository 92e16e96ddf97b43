"""Searches artists, accounts and works by name. Erased names cannot be found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

import sqlalchemy as sa

from ledger.storage.database import Database

Named = Literal["artist", "account", "work"]
MOST = 50

_QUERIES: dict[Named, str] = {
    "artist": "SELECT artist_id AS id, name, '' AS maker, NULL::uuid AS artist_id FROM artist WHERE name IS NOT NULL",
    "account": "SELECT c.account_id AS id, coalesce(a.name, c.name) AS name, c.role AS maker, NULL::uuid AS artist_id"
    " FROM account c LEFT JOIN artist a ON c.role = 'artist' AND a.artist_id = c.account_id",
    "work": "SELECT d.work_id AS id, d.title AS name, a.name AS maker, d.artist_id"
    " FROM work_detail d JOIN artist a USING (artist_id)",
}


@dataclass(frozen=True, slots=True)
class StoredName:
    """An artist, account or work with its name."""

    id: str
    name: str
    about: str
    """A work's artist or an account's role."""


class NameStore:
    """Every method raises PushbackError when the database cannot be reached."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def like(self, kind: Named, pattern: str, *, artist_id: str | None = None) -> list[StoredName]:
        """Names that match an ILIKE pattern, the shortest first. `artist_id`: only works of this artist."""
        artist = None if artist_id is None else UUID(artist_id)
        condition = "name ILIKE :pattern AND (CAST(:artist AS uuid) IS NULL OR artist_id = :artist)"
        return self._found(kind, condition, {"pattern": pattern, "artist": artist})

    def starting(self, kind: Named, pattern: str) -> list[StoredName]:
        """Those whose name or id starts with a match of an ILIKE pattern, the shortest name first."""
        condition = "name ILIKE :pattern OR CAST(id AS text) ILIKE :pattern"
        return self._found(kind, condition, {"pattern": f"{pattern}%"})

    def _found(self, kind: Named, condition: str, values: Mapping[str, Any]) -> list[StoredName]:
        query = (
            f"SELECT id, name, maker FROM ({_QUERIES[kind]}) AS named WHERE {condition}"  # noqa: S608 - our own text
            f" ORDER BY length(name), name, id LIMIT {MOST}"
        )
        with self._database.begin() as connection:
            rows = connection.execute(sa.text(query), values)
            return [StoredName(str(row.id), row.name, row.maker) for row in rows]
