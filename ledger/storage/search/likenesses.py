"""What reports say beside a record's artist reference: the works that speak for each name, and likely labels.

It is not signed, and no entry holds it. A record keeps what was said when it was made.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from psycopg.types.json import Jsonb
from sqlalchemy.engine import Connection

from ledger.log.entry import Alongside
from ledger.match.artists.reference import LikelyArtists, LikelyLabels, Likeness, NamedArtist
from ledger.storage.database import Database, driver


class LikenessStore:
    """Every method raises PushbackError when the database cannot be reached."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def writer(self, record_id: str, likeness: Likeness) -> Alongside:
        """Stores it in the transaction that appends the record, unless nothing was said."""

        def write(connection: Connection) -> None:
            if likeness.artists is not None or likeness.labels:
                with driver(connection).cursor() as cursor:
                    cursor.execute(
                        "INSERT INTO likeness (record_id, said) VALUES (%s, %s) ON CONFLICT DO NOTHING",
                        (UUID(record_id), Jsonb(_written(likeness))),
                    )

        return write

    def of(self, record_ids: Collection[str]) -> dict[str, Likeness]:
        """By record id; records of which nothing is stored are left out."""
        if not record_ids:
            return {}
        with self._database.begin() as connection:
            rows = connection.execute(
                sa.text("SELECT record_id, said FROM likeness WHERE record_id = ANY(:ids)"),
                {"ids": [*map(UUID, record_ids)]},
            )
            return {str(row.record_id): _read(row.said) for row in rows}

    def named_first(self) -> Counter[str]:
        """In how many records each artist was named first, by id."""
        with self._database.begin() as connection:
            rows = connection.execute(
                sa.text(
                    "SELECT said->'artists'->'named'->0->>'artist_id' AS artist_id, count(*) FROM likeness"
                    " WHERE jsonb_array_length(said->'artists'->'named') > 0 GROUP BY 1"
                )
            )
            return Counter({str(artist_id): count for artist_id, count in rows})


def _written(likeness: Likeness) -> dict[str, Any]:
    said = likeness.artists
    artists = None if said is None else {
        "named": [
            {"artist_id": each.artist_id, "probability": each.probability, "works": list(each.works)}
            for each in said.artists
        ],
        "none": said.none,
        "model": said.model,
    }  # fmt: skip
    labels = [
        {"kind": each.kind, "labels": [list(pair) for pair in each.labels], "none": each.none, "model": each.model}
        for each in likeness.labels
    ]
    return {"artists": artists, "labels": labels}


def _read(said: dict[str, Any]) -> Likeness:
    found = said["artists"]
    artists = None if found is None else LikelyArtists(
        tuple(
            NamedArtist(each["artist_id"], each["probability"], tuple(each["works"])) for each in found["named"]
        ),
        found["none"],
        found["model"],
    )  # fmt: skip
    labels = tuple(
        LikelyLabels(each["kind"], tuple((name, share) for name, share in each["labels"]), each["none"], each["model"])
        for each in said["labels"]
    )
    return Likeness(artists, labels)
