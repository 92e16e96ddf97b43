"""Calibration files by digest, each with the record that published it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.corpus.work import CorpusState
from ledger.errors import IntegrityError
from ledger.log.entry import Alongside
from ledger.storage.database import Database
from ledger.storage.log.projections import Projector


@dataclass(frozen=True, slots=True)
class StoredCalibration:
    """A calibration that is on the log."""

    digest: str
    spec: str
    corpus: CorpusState
    document: bytes
    """The file: canonical JSON with that SHA-256."""
    record_id: str
    leaf_index: int
    leaf_hash: str


_SELECT = (
    "SELECT c.digest, c.spec, c.corpus_through, c.corpus_works, c.record_id, c.leaf_index, e.leaf_hash, f.document"
    " FROM calibration c JOIN entry e USING (leaf_index) LEFT JOIN calibration_file f USING (digest)"
)


class CalibrationStore:
    """Every method raises PushbackError when the database cannot be reached, and as Projector.catch_up does."""

    def __init__(self, database: Database, projector: Projector) -> None:
        self._database = database
        self._projector = projector

    def writer(self, digest: str, document: bytes) -> Alongside:
        """Writes a calibration file in the transaction that appends its record."""

        def write(connection: Connection) -> None:
            connection.execute(
                sa.text(
                    "INSERT INTO calibration_file (digest, document) VALUES (:digest, :document) ON CONFLICT DO NOTHING"
                ),
                {"digest": bytes.fromhex(digest), "document": document},
            )

        return write

    def newest(self, spec: str) -> StoredCalibration | None:
        """The last calibration of this spec whose file is stored."""
        return self._one("WHERE c.spec = :digest AND f.digest IS NOT NULL ORDER BY c.leaf_index DESC LIMIT 1", spec)

    def newest_digest(self, spec: str) -> str | None:
        """Digest of the last calibration of this spec whose file is stored, without reading the file.

        A database that was restored from the published log has the records without their files.
        """
        self._projector.catch_up()
        with self._database.begin() as connection:
            found = connection.execute(
                sa.text(
                    "SELECT digest FROM calibration JOIN calibration_file USING (digest) WHERE spec = :spec"
                    " ORDER BY leaf_index DESC LIMIT 1"
                ),
                {"spec": bytes.fromhex(spec)},
            ).scalar()
        return None if found is None else bytes(found).hex()

    def corpora(self, digests: Iterable[str]) -> dict[str, CorpusState]:
        """The corpus of each of these calibrations; unknown digests are left out."""
        self._projector.catch_up()
        with self._database.begin() as connection:
            rows = connection.execute(
                sa.text("SELECT digest, corpus_through, corpus_works FROM calibration WHERE digest = ANY(:digests)"),
                {"digests": [bytes.fromhex(digest) for digest in digests]},
            )
            return {row.digest.hex(): CorpusState(row.corpus_through, row.corpus_works) for row in rows}

    def by_digest(self, digest: str) -> StoredCalibration | None:
        """The first published calibration with this file digest."""
        return self._one("WHERE c.digest = :digest ORDER BY c.leaf_index LIMIT 1", digest)

    def digests(self) -> list[str]:
        """Digests of the published files, in the order of the log."""
        self._projector.catch_up()
        with self._database.begin() as connection:
            rows = connection.execute(sa.text("SELECT digest FROM calibration ORDER BY leaf_index"))
            return list(dict.fromkeys(digest.hex() for digest in rows.scalars()))

    def _one(self, condition: str, digest: str) -> StoredCalibration | None:
        self._projector.catch_up()
        with self._database.begin() as connection:
            row = connection.execute(sa.text(f"{_SELECT} {condition}"), {"digest": bytes.fromhex(digest)}).one_or_none()
        if row is None:
            return None
        if row.document is None:
            raise IntegrityError(
                f"the calibration {row.digest.hex()} is on the log (record {row.record_id}), but its file is missing",
                code="calibration-missing",
                hint="Restore the table calibration_file from a backup.",
            )
        return StoredCalibration(
            digest=row.digest.hex(),
            spec=row.spec.hex(),
            corpus=CorpusState(row.corpus_through, row.corpus_works),
            document=bytes(row.document),
            record_id=str(row.record_id),
            leaf_index=row.leaf_index,
            leaf_hash=row.leaf_hash.hex(),
        )
