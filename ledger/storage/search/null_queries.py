"""The works of a corpus that stand for unrelated pictures: which they are, their fingerprints, and aligned pairs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID

import sqlalchemy as sa

from ledger.corpus.terms import MAY_MATCH
from ledger.match.self_null.sample import PREFIX, SampledWork, SampleRule
from ledger.match.self_null.scores import WorkBlock
from ledger.storage.database import Database, driver
from ledger.storage.log.projections import Projector
from ledger.storage.search.specs import Spec, ensure_spec
from ledger.storage.search.vectors import SELECTED, block_of, pages, with_second_views

BLOCK = 4_096
"""Works in a block."""
Evidence = Mapping[tuple[str, str], float | None]
"""The log Bayes factor of aligned pairs (query, work); None where alignment found nothing."""

_SAMPLE = f"""
    WITH first AS (
        SELECT DISTINCT ON (w.pixel_sha256) w.work_id, w.artist_id, w.pixel_sha256,
            sha256(:prefix || w.pixel_sha256) AS place
        FROM work w JOIN work_vector v USING (work_id) WHERE v.spec_id = :spec AND {MAY_MATCH}
        ORDER BY w.pixel_sha256, w.registration_index
    ), placed AS (
        SELECT *, row_number() OVER (PARTITION BY artist_id ORDER BY place) AS among FROM first
    )
    SELECT work_id, artist_id, pixel_sha256 FROM placed WHERE among <= :per_artist ORDER BY place LIMIT :most
"""  # noqa: S608 - our own text
_WORKS = (
    f"SELECT v.work_id, {SELECTED} FROM work_vector v JOIN work w USING (work_id)"  # noqa: S608 - our own text
    f" WHERE v.spec_id = %s AND v.work_id > %s AND {MAY_MATCH} ORDER BY v.work_id LIMIT %s"
)
_WHOSE = (
    "SELECT w.work_id, w.artist_id, coalesce(g.group_id::text, encode(w.pixel_sha256, 'hex')) AS label"
    " FROM work w LEFT JOIN duplicate_group g USING (work_id) WHERE w.work_id = ANY(:ids)"
)


class NullQueryStore:
    """Under one spec. Every method raises as Projector.catch_up does."""

    def __init__(self, database: Database, projector: Projector, spec: Spec) -> None:
        self._database = database
        self._projector = projector
        self._spec = spec

    def artists(self) -> int:
        """How many artists have matchable works."""
        with self._database.begin() as connection:
            statement = f"SELECT count(DISTINCT artist_id) FROM work w WHERE {MAY_MATCH}"  # noqa: S608 - our own text
            return int(connection.execute(sa.text(statement)).scalar_one())

    def sample(self, rule: SampleRule) -> list[SampledWork]:
        """The works with the lowest places, of equal pixels the one that was registered first."""
        self._projector.catch_up()
        with self._database.begin() as connection:
            rows = connection.execute(
                sa.text(_SAMPLE),
                {"prefix": PREFIX, "spec": self._number(), "per_artist": rule.per_artist, "most": rule.most},
            )
            return [SampledWork(str(row.work_id), str(row.artist_id), bytes(row.pixel_sha256)) for row in rows]

    def queries(self, work_ids: Sequence[str], edits: int) -> dict[str, bytes | None]:
        """Stored fingerprints by work id; None where a picture is not comparable."""
        with self._database.begin() as connection:
            rows = connection.execute(
                sa.text(
                    "SELECT work_id, fingerprint FROM null_query"
                    " WHERE spec_id = :spec AND edits = :edits AND work_id = ANY(:ids)"
                ),
                {"spec": self._number(), "edits": edits, "ids": [*map(UUID, work_ids)]},
            )
            return {str(row.work_id): row.fingerprint and bytes(row.fingerprint) for row in rows}

    def put_queries(self, fingerprints: Mapping[str, bytes | None], edits: int) -> None:
        """Stores fingerprints in one transaction. Works that are gone meanwhile are passed over."""
        number = self._number()
        with self._database.begin() as connection, driver(connection).cursor() as cursor:
            cursor.executemany(
                "INSERT INTO null_query (work_id, spec_id, edits, fingerprint) SELECT work_id, spec_id, %s, %s"
                " FROM work_vector WHERE work_id = %s AND spec_id = %s FOR KEY SHARE"
                " ON CONFLICT (work_id, spec_id) DO UPDATE SET edits = excluded.edits,"
                " fingerprint = excluded.fingerprint",
                [(edits, made, UUID(work_id), number) for work_id, made in sorted(fingerprints.items())],
            )

    def keep_only(self, work_ids: Sequence[str], edits: int) -> None:
        """Deletes fingerprints, with their pairs, of works that are not in the sample, and of other edits."""
        with self._database.begin() as connection:
            connection.execute(
                sa.text("DELETE FROM null_query WHERE spec_id <> :spec OR edits <> :edits OR work_id <> ALL(:ids)"),
                {"spec": self._number(), "edits": edits, "ids": [*map(UUID, work_ids)]},
            )

    def evidence(self, rule: bytes) -> dict[tuple[str, str], float | None]:
        """All pairs that were aligned under this rule (32 bytes)."""
        with self._database.begin() as connection:
            rows = connection.execute(
                sa.text("SELECT query_id, work_id, evidence FROM null_pair WHERE spec_id = :spec AND rule = :rule"),
                {"spec": self._number(), "rule": rule},
            )
            return {(str(row.query_id), str(row.work_id)): row.evidence for row in rows}

    def put_evidence(self, rule: bytes, found: Evidence) -> None:
        """Stores pairs in one transaction. Those of works that are gone meanwhile are passed over."""
        number = self._number()
        with self._database.begin() as connection, driver(connection).cursor() as cursor:
            cursor.executemany(
                "INSERT INTO null_pair (query_id, work_id, spec_id, rule, evidence)"
                " SELECT q.work_id, v.work_id, v.spec_id, %s, %s FROM null_query q JOIN work_vector v USING (spec_id)"
                " WHERE q.work_id = %s AND v.work_id = %s AND spec_id = %s FOR KEY SHARE"
                " ON CONFLICT (query_id, work_id, spec_id) DO UPDATE SET rule = excluded.rule,"
                " evidence = excluded.evidence",
                [(rule, value, UUID(query), UUID(work), number) for (query, work), value in sorted(found.items())],
            )

    def blocks(self, *, block: int = BLOCK) -> Iterator[WorkBlock]:
        """All matchable works, in blocks, in the order of their ids."""
        self._projector.catch_up()
        for rows in pages(self._database, _WORKS, lambda _: self._number(), block):
            whose = self._whose([row[0] for row in rows])
            views = with_second_views(self._database, lambda _: self._number(), rows)
            ids = [str(row[0]) for row in views]
            yield WorkBlock(
                prints=block_of(self._spec.digest, views),
                work_ids=ids,
                artist_ids=[whose[work_id][0] for work_id in ids],
                labels=[whose[work_id][1] for work_id in ids],
            )

    def _whose(self, work_ids: Sequence[UUID]) -> dict[str, tuple[str, str]]:
        """Artist and label by work id."""
        with self._database.begin() as connection:
            rows = connection.execute(sa.text(_WHOSE), {"ids": list(work_ids)})
            return {str(row.work_id): (str(row.artist_id), row.label) for row in rows}

    def _number(self) -> int:
        return ensure_spec(self._database, self._spec)
