"""Registered works: written together with their registrations, listed for resuming, streamed for calibration."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from sqlalchemy.engine import Connection

from ledger.corpus.work import NO_CREDIT, AllowedUse, Credit, FileTerm
from ledger.errors import ConflictError
from ledger.fingerprint.fingerprint import Fingerprint
from ledger.log.entry import Alongside
from ledger.match.block import FingerprintBlock
from ledger.match.style.measure import StyleBlock
from ledger.record.ids import new_id
from ledger.storage.bulk import copy_rows
from ledger.storage.database import Database, driver
from ledger.storage.log.projections import Projector
from ledger.storage.search.specs import Spec, ensure_spec, spec_id
from ledger.storage.search.vectors import NO_SECOND, SecondView, copy_fingerprints, iter_blocks, iter_style_blocks
from ledger.storage.tables.corpus import preview, uncompared_work, work_detail
from ledger.storage.works.works import WorkReader

BLOCK = 4_096
"""Fingerprints per block while streaming: about five megabytes."""
DETAIL_COLUMNS = (
    "work_id", "artist_id", "source_name", "source_key", "title", "source", "labels", "metadata_key", "metadata",
    "credit_line", "link", "terms", "file_terms",
)  # fmt: skip

_KNOWN = (
    "SELECT w.work_id::text, w.artist_id::text, coalesce(a.name, '') AS artist, coalesce(d.source_name, '') AS"
    " source_name, coalesce(d.source_key, '') AS source_key, encode(w.sha256, 'hex') AS sha256, w.licence,"
    " w.allowed_uses, w.withdrawn_index IS NOT NULL AS withdrawn, w.registration_record_id::text"
    " FROM work w LEFT JOIN work_detail d USING (work_id) LEFT JOIN artist a ON a.artist_id = w.artist_id"
)


@dataclass(frozen=True, slots=True)
class NewWork:
    """Data of a work stored outside the log."""

    work_id: str
    artist_id: str
    source_name: str
    source_key: str
    """Unique within the source; a work that is already registered is skipped the next time."""
    title: str
    source: str
    labels: Mapping[str, str]
    metadata_key: bytes
    """Opens the registration's commitment to `metadata` (ledger.record.commitment)."""
    metadata: Mapping[str, Any]
    fingerprint: Fingerprint
    preview: bytes
    """WebP."""
    second: SecondView | None = None
    credit: Credit = NO_CREDIT
    file_terms: tuple[FileTerm, ...] = ()
    uncompared: bool = False
    """Whether it will be compared with the works of other artists (DuplicateStore.uncompared)."""


@dataclass(frozen=True, slots=True)
class StoredWork:
    """A registered work and the source of its file."""

    work_id: str
    source_name: str
    source_key: str
    sha256: str


@dataclass(frozen=True, slots=True)
class KnownWork:
    """A registered work as an ingest recognises it. `artist`: the name; it and the source are empty once erased."""

    work_id: str
    artist_id: str
    artist: str
    source_name: str
    source_key: str
    sha256: str
    licence: str
    allowed_uses: Sequence[AllowedUse]
    withdrawn: bool
    registration_record_id: str


class CorpusStore(WorkReader):
    """The corpus under one spec. Every method raises PushbackError when the database cannot be reached."""

    def __init__(self, database: Database, projector: Projector, spec: Spec) -> None:
        super().__init__(database, projector)
        self._spec = spec

    def works_of_source(self, source_name: str) -> list[KnownWork]:
        """The source's works in the order of their registration. A withdrawn work has no source any more."""
        self._projector.catch_up()
        return self._known("WHERE d.source_name = %s", (source_name,))

    def works_of_files(self, digests: Iterable[str]) -> list[KnownWork]:
        """Works registered from files with these SHA-256 digests, including withdrawn works."""
        self._projector.catch_up()
        return self._known("WHERE w.sha256 = ANY(%s)", ([bytes.fromhex(each) for each in set(digests)],))

    def _known(self, where: str, values: tuple[Any, ...]) -> list[KnownWork]:
        with self._database.begin() as connection, driver(connection).cursor(row_factory=dict_row) as cursor:
            cursor.execute(f"{_KNOWN} {where} ORDER BY w.registration_index", values)
            return [KnownWork(**row) for row in cursor]

    def ensure_artists(self, names: Sequence[str]) -> dict[str, str]:
        """Artist ids by name; new names get an id."""
        with self._database.begin() as connection, driver(connection).cursor() as cursor:
            cursor.execute("SELECT name, artist_id FROM artist WHERE name = ANY(%s)", (list(names),))
            known = {name: str(artist_id) for name, artist_id in cursor}
            missing = [name for name in dict.fromkeys(names) if name not in known]
            if missing:
                cursor.execute(
                    "INSERT INTO artist (artist_id, name) SELECT * FROM unnest(%s::uuid[], %s::text[])"
                    " ON CONFLICT (name) DO NOTHING",
                    ([new_id() for _ in missing], missing),
                )
                cursor.execute("SELECT name, artist_id FROM artist WHERE name = ANY(%s)", (missing,))
                known |= {name: str(artist_id) for name, artist_id in cursor}
        return known

    def writer(self, works: Sequence[NewWork]) -> Alongside:
        """Writes these works in the transaction that appends their registrations.

        Raises ConflictError (`spec-mismatch`) for a fingerprint of another spec. The append raises it
        (`database-conflict`) for a work whose source key is already registered.
        """
        number = ensure_spec(self._database, self._spec)
        for each in works:
            if each.fingerprint.spec != self._spec.digest:
                raise _other_spec(each.fingerprint.spec, self._spec.digest)

        def write(connection: Connection) -> None:
            copy_rows(connection, work_detail, DETAIL_COLUMNS, map(_details, works))
            seconds = {each.work_id: each.second for each in works if each.second is not None}
            copy_fingerprints(connection, number, [(each.work_id, each.fingerprint) for each in works], seconds)
            previews = ((UUID(each.work_id), each.preview) for each in works)
            copy_rows(connection, preview, ("work_id", "webp"), previews)
            awaited = [(UUID(each.work_id),) for each in works if each.uncompared]
            copy_rows(connection, uncompared_work, ("work_id",), awaited)

        return write

    def iter_blocks(self, spec: str | None = None, *, block: int = BLOCK) -> Iterator[FingerprintBlock]:
        """Fingerprints of all matchable works under a spec (digest; the store's own by default), in blocks."""
        self._projector.catch_up()
        if spec in (None, self._spec.digest):
            ensure_spec(self._database, self._spec)
        digest = spec or self._spec.digest
        return iter_blocks(self._database, digest, lambda connection: spec_id(connection, digest), block)

    def iter_style_blocks(self, *, block: int = BLOCK) -> Iterator[StyleBlock]:
        """Style embeddings, under the store's own spec, of the matchable works that allow `style`, in blocks."""
        self._projector.catch_up()
        ensure_spec(self._database, self._spec)
        return iter_style_blocks(self._database, lambda connection: spec_id(connection, self._spec.digest), block)

    def works_lacking(self, spec: str) -> list[StoredWork]:
        """Works that are not withdrawn and have no fingerprint of the spec (digest), in the order of registration.

        A work that was restored from the published log has no known source; its names are empty.
        """
        self._projector.catch_up()
        with self._database.begin() as connection:
            rows = connection.execute(
                sa.text(
                    "SELECT w.work_id, coalesce(d.source_name, '') AS source_name, coalesce(d.source_key, '') AS"
                    " source_key, w.sha256 FROM work w LEFT JOIN work_detail d USING (work_id)"
                    " WHERE w.withdrawn_index IS NULL AND NOT EXISTS (SELECT FROM work_vector v"
                    " JOIN fingerprint_spec s USING (spec_id) WHERE v.work_id = w.work_id AND s.digest = :spec)"
                    " ORDER BY w.registration_index"
                ),
                {"spec": bytes.fromhex(spec)},
            )
            return [StoredWork(str(row.work_id), row.source_name, row.source_key, row.sha256.hex()) for row in rows]

    def put_fingerprints(
        self, fingerprints: Mapping[str, Fingerprint], seconds: Mapping[str, SecondView] = NO_SECOND
    ) -> None:
        """Stores fingerprints of the store's spec, and second views, by work id, in one transaction; those of older
        specs stay.

        Raises ConflictError: `spec-mismatch`, or `database-conflict` if a work already has one of this spec.
        """
        number = ensure_spec(self._database, self._spec)
        for each in fingerprints.values():
            if each.spec != self._spec.digest:
                raise _other_spec(each.spec, self._spec.digest)
        with self._database.begin() as connection:
            copy_fingerprints(connection, number, list(fingerprints.items()), seconds)


def own_terms(work_id: str, text: str) -> Alongside:
    """Keeps the words of terms that a new licence names by their digest (credit.py), with the record that states it."""

    def write(connection: Connection) -> None:
        values = {"terms": text, "id": UUID(work_id)}
        connection.execute(sa.text("UPDATE work_detail SET terms = :terms WHERE work_id = :id"), values)

    return write


def _details(work: NewWork) -> tuple[Any, ...]:
    return (
        UUID(work.work_id),
        UUID(work.artist_id),
        work.source_name,
        work.source_key,
        work.title,
        work.source,
        Jsonb(dict(work.labels)),
        work.metadata_key,
        Jsonb(dict(work.metadata)),
        work.credit.line,
        work.credit.link,
        work.credit.terms,
        Jsonb([asdict(each) for each in work.file_terms]),
    )


def _other_spec(got: str, expected: str) -> ConflictError:
    return ConflictError(
        f"a fingerprint of spec {got} cannot be stored as one of {expected}",
        code="spec-mismatch",
        hint="Fingerprint the picture again with this version, or run: artledger corpus refresh",
    )
