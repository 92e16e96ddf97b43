"""Fingerprints of generated pictures, which identify a file that lost its metadata.

A search compares all of them, without an index: it is used only for look-ups by one waiting person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.errors import ConflictError
from ledger.fingerprint.fingerprint import Fingerprint
from ledger.image.canonical_image import Pixels
from ledger.image.preview import read_preview
from ledger.log.entry import Alongside
from ledger.match.alike import MIN_PDQ_QUALITY, PDQ_RADIUS, PHASH_RADIUS, HexHashes
from ledger.match.candidate import Query, WorkPicture
from ledger.match.recognition import StoredPicture
from ledger.storage.bulk import copy_rows
from ledger.storage.database import Database, driver
from ledger.storage.search.nearest import Space, by_scan, distances, nearest_lists
from ledger.storage.search.specs import Spec, copy_dimension, ensure_spec
from ledger.storage.search.vectors import VECTOR_COLUMNS, takes_wire, vector_row
from ledger.storage.tables.generated import seen_picture, seen_vector

_COLUMNS = ("record_id", *VECTOR_COLUMNS, "features")
_HEAD = 4
"""Header bytes of a `bit` and of a `halfvec` in wire form."""


@dataclass(frozen=True, slots=True)
class NewGeneratedPicture:
    """Data of a generated picture stored outside the log."""

    record_id: str
    fingerprint: Fingerprint
    """Includes local features."""
    preview: bytes
    """WebP."""


class GeneratedPictureStore:
    """Generated pictures under one spec. Every method raises PushbackError when the database cannot be reached."""

    def __init__(self, database: Database, spec: Spec) -> None:
        self._database = database
        self._spec = spec
        self._space: Space | None = None

    def writer(self, picture: NewGeneratedPicture) -> Alongside:
        """Writes the picture in the transaction that appends its record.

        Raises ConflictError (`spec-mismatch`) for a fingerprint of another spec.
        """
        row = self._row(picture.record_id, picture.fingerprint)

        def write(connection: Connection) -> None:
            copy_rows(connection, seen_picture, ("record_id", "webp"), [(UUID(picture.record_id), picture.preview)])
            copy_rows(connection, seen_vector, _COLUMNS, [row])

        return write

    def nearest(self, query: Query, limit: int) -> Sequence[StoredPicture]:
        """Returns the pictures nearest by each hash over all views, by the copy descriptor of the whole picture
        and by that of each window: at most `limit` each, unordered, without local features. A query that is not
        comparable gets none."""
        space = self._located()
        lists = nearest_lists(query, space, limit)
        if not lists:
            return []
        source = f"FROM seen_vector v WHERE v.spec_id = {space.spec_id}"
        statement = (
            f"WITH near AS MATERIALIZED ({distances('record_id', source, lists)}),"  # noqa: S608 - our own text
            f" chosen AS ({' UNION '.join(by_scan('record_id', lists))})"
            " SELECT v.record_id::text, bit_send(v.phash), bit_send(v.pdq), v.pdq_quality, v.complexity,"
            f" halfvec_send(v.copy) {source} AND v.record_id IN (SELECT record_id FROM chosen)"
        )
        values = {name: value for each in lists for name, value in each.values.items()}
        with self._database.session() as connection, driver(connection).cursor(binary=True) as cursor:
            takes_wire(cursor)
            cursor.execute(statement.encode(), values)
            return [StoredPicture(record_id, self._fingerprint(*row)) for record_id, *row in cursor]

    def pictures(self, record_ids: Sequence[str]) -> Mapping[str, WorkPicture]:
        """Previews and local features by record id. Raises IntegrityError (`bad-preview`) for an unreadable preview."""
        space = self._located()
        with self._database.session() as connection, driver(connection).cursor(binary=True) as cursor:
            cursor.execute(
                "SELECT record_id::text, p.webp, v.features FROM seen_picture p JOIN seen_vector v USING (record_id)"
                " WHERE record_id = ANY(%s) AND v.spec_id = %s",
                ([*map(UUID, record_ids)], space.spec_id),
            )
            return {record_id: WorkPicture(read_preview(webp), local) for record_id, webp, local in cursor}

    def alike(self, hashes: HexHashes) -> Sequence[str]:
        """Record ids of pictures whose two hashes differ from the given ones by at most a few bits
        (`ledger.match.alike`), the nearest first."""
        if hashes.pdq_quality < MIN_PDQ_QUALITY:
            return []
        differ = {name: f"bit_count(v.{name} # CAST(CAST(:{name} AS text) AS bit(256)))" for name in ("phash", "pdq")}
        with self._database.begin() as connection:
            rows = connection.execute(
                sa.text(
                    f"SELECT DISTINCT v.record_id, {differ['phash']} AS bits FROM seen_vector v"  # noqa: S608 - our own text
                    f" WHERE v.pdq_quality >= :quality AND {differ['phash']} <= :phash_radius"
                    f" AND {differ['pdq']} <= :pdq_radius ORDER BY 2, 1 LIMIT 10"
                ),
                {
                    "quality": MIN_PDQ_QUALITY,
                    "phash": f"{int(hashes.phash, 16):0256b}",
                    "pdq": f"{int(hashes.pdq, 16):0256b}",
                    "phash_radius": PHASH_RADIUS,
                    "pdq_radius": PDQ_RADIUS,
                },
            )
            return [str(row.record_id) for row in rows]

    def lacking(self, limit: int) -> Mapping[str, Pixels]:
        """At most `limit` previews of pictures without a fingerprint of the spec, by record id; as `pictures`."""
        space = self._located()
        with self._database.begin() as connection:
            rows = connection.execute(
                sa.text(
                    "SELECT record_id, webp FROM seen_picture p WHERE NOT EXISTS (SELECT FROM seen_vector v"
                    " WHERE v.record_id = p.record_id AND v.spec_id = :spec) ORDER BY record_id LIMIT :limit"
                ),
                {"spec": space.spec_id, "limit": limit},
            )
            return {str(record_id): read_preview(webp) for record_id, webp in rows}

    def put(self, fingerprints: Mapping[str, Fingerprint]) -> None:
        """Stores fingerprints of the spec for pictures that lack one, by record id, in one transaction.

        Raises ConflictError: `spec-mismatch`, or `database-conflict` if a picture already has one.
        """
        rows = [self._row(record_id, each) for record_id, each in fingerprints.items()]
        with self._database.begin() as connection:
            copy_rows(connection, seen_vector, _COLUMNS, rows)

    def _row(self, record_id: str, each: Fingerprint) -> tuple[Any, ...]:
        if each.spec != self._spec.digest:
            raise ConflictError(
                f"a fingerprint of spec {each.spec} cannot be stored as one of {self._spec.digest}",
                code="spec-mismatch",
                hint="Fingerprint the picture again with this version",
            )
        return (UUID(record_id), *vector_row(self._located().spec_id, each), each.local)

    def _fingerprint(self, phash: bytes, pdq: bytes, quality: int, complexity: float, copy: bytes) -> Fingerprint:
        vector = np.frombuffer(copy, ">f2", offset=_HEAD).astype(np.float16)
        return Fingerprint(
            self._spec.digest, phash[_HEAD:], pdq[_HEAD:], quality, {"copy": vector}, complexity, local=b""
        )

    def _located(self) -> Space:
        if self._space is None:
            number = ensure_spec(self._database, self._spec)
            with self._database.begin() as connection:
                self._space = Space(number, copy_dimension(connection, self._spec.digest))
        return self._space
