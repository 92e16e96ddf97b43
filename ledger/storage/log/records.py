"""Finds records by picture, work, artist or kind, in the order of the log."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from psycopg.rows import TupleRow
from sqlalchemy.engine import Connection

from ledger.log.entry import Entry
from ledger.record.told import NoticeReason
from ledger.record.usage import UseFilter
from ledger.storage.database import Database, driver
from ledger.storage.log.entry_rows import entry_of
from ledger.storage.log.projections import Projector, behind

ENTRY = "SELECT e.leaf_index, e.record_id::text, e.leaf_hash, e.envelope, e.appended_at FROM entry e"
"""The beginning of a query for entries."""
_BY_PICTURE = (
    "SELECT leaf_index FROM record WHERE subject_sha256 = %(sha256)s AND leaf_index > %(after)s"
    " UNION SELECT leaf_index FROM record WHERE pixel_sha256 = %(sha256)s AND leaf_index > %(after)s"
)
_BY_WORK = (
    "SELECT leaf_index FROM record WHERE work_id = %(work)s AND leaf_index > %(after)s"
    " UNION SELECT leaf_index FROM record_match WHERE work_id = %(work)s AND leaf_index > %(after)s"
)
_BY_ARTIST = (
    "SELECT leaf_index FROM record WHERE artist_id = %(artist)s AND leaf_index > %(after)s"
    " UNION SELECT leaf_index FROM record_match WHERE artist_id = %(artist)s AND leaf_index > %(after)s"
    " UNION SELECT r.leaf_index FROM record r JOIN work w USING (work_id)"
    " WHERE w.artist_id = %(artist)s AND r.leaf_index > %(after)s"
)
_BY_KIND = "SELECT leaf_index FROM record WHERE kind = %(kind)s AND leaf_index > %(after)s"
"""Each query starts after the previous page; otherwise every page would cost as much as all before it."""
_BY_USE = "SELECT m.leaf_index FROM record_match m JOIN record r USING (leaf_index) WHERE m.artist_id = %(artist)s"
MAX_LEAF = 2**63 - 1
_TOLD = (
    "(SELECT leaf_index, reason FROM notice WHERE account_id = {0}"
    " UNION SELECT leaf_index, 'contest' FROM found_copy WHERE account_id = {0})"
)
_NOTICED = ENTRY.replace(" FROM", ", n.reason FROM") + f" JOIN {_TOLD.format('%(account)s')} n USING (leaf_index)"
_USE_CONDITIONS = {
    "kind": "r.kind = %(kind)s",
    "relation": "m.relation = %(relation)s",
    "work_id": "m.work_id = %(work_id)s::uuid",
    "generator_id": "r.model_id = %(generator_id)s::uuid",
    "max_p": "m.p_value <= %(max_p)s",
    "since": "r.generated_at >= %(since)s",
    "until": "r.generated_at < %(until)s",
}


class RecordStore:
    """Every method sees every entry committed before the call, and raises as Projector.catch_up does."""

    def __init__(self, database: Database, projector: Projector) -> None:
        self._database = database
        self._projector = projector
        self._public_keys: dict[str, bytes] = {}

    def find(
        self,
        *,
        sha256: str | None = None,
        work_id: str | None = None,
        artist_id: str | None = None,
        kind: str | None = None,
        after: int = -1,
        limit: int = 50,
    ) -> list[Entry]:
        """Entries after the leaf index `after` that meet all given conditions, in the order of the log.

        `sha256`: digest of the subject's bytes or of the canonical pixels. `work_id`, `artist_id`: records about the
        work or artist, and records of pictures that match the work (or a work of the artist).
        """
        chosen = {_BY_PICTURE: sha256, _BY_WORK: work_id, _BY_ARTIST: artist_id, _BY_KIND: kind}
        conditions = ["e.leaf_index > %(after)s"]
        conditions += [f"e.leaf_index IN ({query})" for query, value in chosen.items() if value is not None]
        query = f"{ENTRY} WHERE {' AND '.join(conditions)} ORDER BY e.leaf_index LIMIT %(limit)s"
        values: dict[str, Any] = {
            "sha256": bytes.fromhex(sha256 or ""),
            "work": UUID(work_id) if work_id else None,
            "artist": UUID(artist_id) if artist_id else None,
            "kind": kind,
            "after": after,
            "limit": limit,
        }
        return self.read(query, values)

    def uses(self, artist_id: str, wanted: UseFilter, *, after: int = -1, limit: int = 50) -> list[Entry]:
        """Verifications and generations that matched a work of the artist, in the order of the log."""
        values = {name: getattr(wanted, name) for name in _USE_CONDITIONS if getattr(wanted, name) is not None}
        inner = " AND ".join([_BY_USE, *(_USE_CONDITIONS[name] for name in values)])
        query = (
            f"{ENTRY} WHERE e.leaf_index > %(after)s AND e.leaf_index IN ({inner})"
            " ORDER BY e.leaf_index LIMIT %(limit)s"
        )
        return self.read(query, values | {"artist": UUID(artist_id), "after": after, "limit": limit})

    def newest(self, kind: str, limit: int, before: int | None = None) -> list[Entry]:
        """Records of a kind, newest first; those before entry `before`, if given."""
        query = (
            f"{ENTRY} JOIN record r USING (leaf_index) WHERE r.kind = %(kind)s"
            f" AND r.leaf_index < coalesce(%(before)s, {MAX_LEAF}) ORDER BY e.leaf_index DESC LIMIT %(limit)s"
        )
        return self.read(query, {"kind": kind, "before": before, "limit": limit})

    def noticed(
        self, account_id: str, *, after: int = -1, before: int | None = None, newest: bool = False, limit: int = 50
    ) -> list[tuple[Entry, NoticeReason]]:
        """What an account is told of, with the reasons, between these entries; the newest first where `newest` says
        so."""
        query = (
            f"{_NOTICED} WHERE n.leaf_index > %(after)s"
            f" AND n.leaf_index < coalesce(%(before)s, {MAX_LEAF})"
            f" ORDER BY n.leaf_index {'DESC' if newest else ''} LIMIT %(limit)s"
        )
        values = {"account": UUID(account_id), "after": after, "before": before, "limit": limit}
        with self.current() as connection:
            return [(entry_of(row), row[5]) for row in _rows(connection, query, values)]

    def of_model(self, model_id: str, limit: int) -> tuple[list[Entry], dict[str, int]]:
        """The newest pictures that a model made, newest first, and how many there are by verdict."""
        query = (
            f"{ENTRY} JOIN record r USING (leaf_index) WHERE r.model_id = %(model)s ORDER BY e.leaf_index DESC"
            " LIMIT %(limit)s"
        )
        counts = "SELECT verdict, count(*) FROM record WHERE model_id = :model GROUP BY 1"
        model = UUID(model_id)
        with self.current() as connection:
            newest = [entry_of(row) for row in _rows(connection, query, {"model": model, "limit": limit})]
            rows = connection.execute(sa.text(counts), {"model": model})
            return newest, {row[0]: row[1] for row in rows}

    def uses_by_month(self, artist_id: str, months: int) -> list[tuple[str, int]]:
        """(month, records of copies of the artist's works), of the last months that have any, oldest first."""
        query = (
            "SELECT to_char(e.appended_at AT TIME ZONE 'UTC', 'YYYY-MM') AS month, count(*) FROM notice n"
            " JOIN entry e USING (leaf_index) WHERE n.account_id = :account AND n.reason = 'use' GROUP BY 1"
            " ORDER BY 1 DESC LIMIT :months"
        )
        with self.current() as connection:
            rows = connection.execute(sa.text(query), {"account": UUID(artist_id), "months": months}).all()
        return [(row[0], row[1]) for row in reversed(rows)]

    def growth(self, points: int) -> list[tuple[datetime, int]]:
        """(time, size of the log then) at so many places of the log, evenly spread, oldest first."""
        query = (
            "SELECT appended_at, leaf_index + 1 FROM entry WHERE leaf_index IN"
            " (SELECT (size * n / :points) - 1 FROM log_head, generate_series(1, :points) AS n WHERE size >= :points)"
            " ORDER BY leaf_index"
        )
        with self.current() as connection:
            return [(row[0], row[1]) for row in connection.execute(sa.text(query), {"points": points})]

    def unread(self, account_id: str) -> int:
        """How many notices are newer than those that the account's holder has read."""
        query = (
            f"SELECT count(*) FROM {_TOLD.format(':account')} n WHERE n.leaf_index >"  # noqa: S608 - our own text
            " coalesce((SELECT read_through FROM account WHERE account_id = :account), -1)"
        )
        with self.current() as connection:
            return int(connection.execute(sa.text(query), {"account": UUID(account_id)}).scalar_one())

    def read(self, query: str, values: dict[str, Any]) -> list[Entry]:
        """The entries that a query gives, which begins with ENTRY."""
        with self.current() as connection:
            return [entry_of(row) for row in _rows(connection, query, values)]

    @contextmanager
    def current(self) -> Iterator[Connection]:
        """A transaction that sees every entry committed before the call projected.

        Nearly always all are; then there is only this transaction."""
        with self._database.begin() as connection:
            if behind(connection) <= 0:
                yield connection
                return
        self._projector.catch_up()
        with self._database.begin() as connection:
            yield connection

    def count_by_kind(self) -> dict[str, int]:
        """Number of entries by kind, the most frequent first."""
        self._projector.catch_up()
        with self._database.begin() as connection:
            rows = connection.execute(sa.text("SELECT kind, count(*) FROM record GROUP BY 1 ORDER BY 2 DESC, 1"))
            return {row[0]: row[1] for row in rows}

    def public_keys(self, keyids: Iterable[str]) -> dict[str, bytes]:
        """Raw public keys by key id, as announced by `key` records; unknown ids are left out."""
        wanted = list(keyids)
        if not all(keyid in self._public_keys for keyid in wanted):
            self._public_keys |= self._announced(wanted)
        return {keyid: self._public_keys[keyid] for keyid in wanted if keyid in self._public_keys}

    def _announced(self, keyids: list[str]) -> dict[str, bytes]:
        self._projector.catch_up()
        with self._database.begin() as connection, driver(connection).cursor(binary=True) as cursor:
            cursor.execute(
                "SELECT keyid, public_key FROM key_event WHERE keyid = ANY(%s)",
                ([bytes.fromhex(keyid) for keyid in keyids],),
            )
            return {keyid.hex(): public_key for keyid, public_key in cursor}


def _rows(connection: Connection, query: str, values: dict[str, Any]) -> list[TupleRow]:
    with driver(connection).cursor(binary=True) as cursor:
        cursor.execute(query.encode(), values)
        return cursor.fetchall()
