"""The classifier of artists that serves, and whom it may name now."""

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
class StoredArtistModel:
    """A classifier of artists."""

    digest: str
    record_id: str
    """Its `model` record."""
    artists: tuple[str, ...]
    """Ids of the artists that it knows."""
    file: bytes
    card: str
    """Model card, Markdown."""
    report: Mapping[str, Any]
    """How it was trained and what it reached, JSON values."""


class ArtistModelStore:
    """Every method raises PushbackError when the database cannot be reached."""

    def __init__(self, database: Database, projector: Projector) -> None:
        self._database = database
        self._projector = projector

    def put(self, model: StoredArtistModel) -> None:
        """Puts a classifier into service. Any other is deleted: it may know somebody who has withdrawn since."""
        with self._database.begin() as connection, driver(connection).cursor() as cursor:
            cursor.execute("DELETE FROM artist_model")
            cursor.execute(
                "INSERT INTO artist_model (digest, record_id, artists, file, card, report)"
                " VALUES (%s, %s, %s, %s, %s, %s)",
                (
                    bytes.fromhex(model.digest),
                    UUID(model.record_id),
                    [*map(UUID, model.artists)],
                    model.file,
                    model.card,
                    Jsonb(dict(model.report)),
                ),
            )

    def serving(self) -> str | None:
        """Digest of the classifier that serves."""
        with self._database.begin() as connection:
            found = connection.execute(sa.text("SELECT digest FROM artist_model")).scalar()
        return None if found is None else bytes(found).hex()

    def get(self, digest: str) -> StoredArtistModel | None:
        """None where another serves by now."""
        with self._database.begin() as connection:
            row = connection.execute(
                sa.text("SELECT * FROM artist_model WHERE digest = :digest"), {"digest": bytes.fromhex(digest)}
            ).one_or_none()
        if row is None:
            return None
        return StoredArtistModel(
            digest=digest,
            record_id=str(row.record_id),
            artists=tuple(map(str, row.artists)),
            file=bytes(row.file),
            card=row.card,
            report=row.report,
        )

    def forget(self, artist_id: str) -> bool:
        """Deletes the classifier if it knows this artist; whether it did."""
        with self._database.begin() as connection:
            statement = sa.text("DELETE FROM artist_model WHERE :artist = ANY(artists)")
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
