"""The classifiers that serve, and whom that of artists may name now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from psycopg.types.json import Jsonb

from ledger.corpus.terms import MAY_STYLE
from ledger.storage.database import Database, driver
from ledger.storage.log.projections import Projector


@dataclass(frozen=True, slots=True)
class StoredClassifier:
    """A classifier of artists, or of a label that works have."""

    digest: str
    kind: str
    """`artist`, or the name of the label."""
    record_id: str
    """Its `model` record."""
    artists: tuple[str, ...]
    """Ids of the artists whose works it was trained on."""
    file: bytes
    card: str
    """Model card, Markdown."""
    report: Mapping[str, Any]
    """How it was trained and what it reached, JSON values."""


class ClassifierStore:
    """Every method raises PushbackError when the database cannot be reached."""

    def __init__(self, database: Database, projector: Projector) -> None:
        self._database = database
        self._projector = projector

    def put(self, model: StoredClassifier) -> None:
        """Puts a classifier into service. Any other of its kind is deleted: it may know somebody who has withdrawn
        since."""
        with self._database.begin() as connection, driver(connection).cursor() as cursor:
            cursor.execute("DELETE FROM classifier WHERE kind = %s", (model.kind,))
            cursor.execute(
                "INSERT INTO classifier (digest, kind, record_id, artists, file, card, report)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s)",
                (
                    bytes.fromhex(model.digest),
                    model.kind,
                    UUID(model.record_id),
                    [*map(UUID, model.artists)],
                    model.file,
                    model.card,
                    Jsonb(dict(model.report)),
                ),
            )

    def serving(self) -> dict[str, str]:
        """Kind -> digest of the classifier that serves, sorted by kind."""
        with self._database.begin() as connection:
            rows = connection.execute(sa.text("SELECT kind, digest FROM classifier ORDER BY kind"))
            return {row.kind: bytes(row.digest).hex() for row in rows}

    def retire(self, kind: str) -> None:
        """Deletes the classifier of this kind, if there is one."""
        with self._database.begin() as connection:
            connection.execute(sa.text("DELETE FROM classifier WHERE kind = :kind"), {"kind": kind})

    def get(self, digest: str) -> StoredClassifier | None:
        """None where another serves by now."""
        with self._database.begin() as connection:
            row = connection.execute(
                sa.text("SELECT * FROM classifier WHERE digest = :digest"), {"digest": bytes.fromhex(digest)}
            ).one_or_none()
        if row is None:
            return None
        return StoredClassifier(
            digest=digest,
            kind=row.kind,
            record_id=str(row.record_id),
            artists=tuple(map(str, row.artists)),
            file=bytes(row.file),
            card=row.card,
            report=row.report,
        )

    def forget(self, artist_id: str) -> bool:
        """Deletes the classifiers that know this artist; whether any did."""
        with self._database.begin() as connection:
            statement = sa.text("DELETE FROM classifier WHERE :artist = ANY(artists)")
            return connection.execute(statement, {"artist": UUID(artist_id)}).rowcount > 0

    def willing(self, artists: Sequence[str]) -> set[str]:
        """Those of the artists who may be named now: at least one work allows `style`, and the name is not erased."""
        self._projector.catch_up()
        with self._database.begin() as connection:
            rows = connection.execute(
                sa.text(
                    "SELECT a.artist_id FROM artist a WHERE a.artist_id = ANY(:artists) AND a.name IS NOT NULL"  # noqa: S608 - our own text
                    f" AND EXISTS (SELECT FROM work w WHERE w.artist_id = a.artist_id AND {MAY_STYLE})"
                ),
                {"artists": [*map(UUID, artists)]},
            )
            return {str(artist_id) for artist_id in rows.scalars()}
