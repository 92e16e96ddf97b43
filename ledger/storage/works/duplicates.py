"""Copies within the corpus: the works already searched for, the compared pairs, and the groups of copies.

Everything here can be recomputed from vectors and previews. Results belong to one calibration. Under another one every
work is searched for again, and the old groups stay until the new ones are complete.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

import sqlalchemy as sa

from ledger.corpus.terms import MAY_MATCH
from ledger.match.lists import Relation
from ledger.match.words import part_of
from ledger.record.parts import EvidenceText
from ledger.storage.bulk import copy_rows
from ledger.storage.database import Database, driver
from ledger.storage.log.notices import tell_of_copies
from ledger.storage.log.projections import Projector
from ledger.storage.search.specs import Spec, ensure_spec
from ledger.storage.tables.corpus import duplicate_group


@dataclass(frozen=True, slots=True)
class Pair:
    """Two compared works. `first` < `second`, so that a pair has one row whichever work was searched for."""

    first: str
    second: str
    verified: bool
    """Whether they are copies of each other: a proven or verified relation at p <= alpha."""
    score: float
    found: Mapping[str, Any]
    """Relation, score, p-value and evidence as in a record, and `query`, the work that was searched for."""

    @property
    def shares_a_part(self) -> bool:
        """Whether a part of one was verified in the other, and each shows more than that part."""
        evidence = self.found.get("evidence")
        if self.found["relation"] != Relation.PARTIAL_COPY or evidence is None:
            return False
        return part_of(EvidenceText.model_validate(evidence)) == "shared"

    @classmethod
    def of(cls, one: str, other: str, *, verified: bool, score: float, found: Mapping[str, Any]) -> Self:
        """A pair of two different works, put in order."""
        first, second = sorted((one, other))
        return cls(first, second, verified, score, found)


class DuplicateStore:
    """Copies among matchable works with a fingerprint of the spec. Every method raises as Projector.catch_up does."""

    def __init__(self, database: Database, projector: Projector, spec: Spec) -> None:
        self._database = database
        self._projector = projector
        self._spec = spec

    def members(self) -> list[str]:
        """Ids of the works, in the order of registration."""
        self._projector.catch_up()
        number = ensure_spec(self._database, self._spec)
        with self._database.begin() as connection:
            rows = connection.execute(
                sa.text(
                    "SELECT w.work_id FROM work w JOIN work_vector v USING (work_id)"  # noqa: S608 - our own text
                    f" WHERE v.spec_id = :number AND {MAY_MATCH} ORDER BY w.registration_index"
                ),
                {"number": number},
            )
            return [str(work_id) for work_id in rows.scalars()]

    def artists(self, work_ids: Sequence[str]) -> dict[str, str]:
        """Artist id by work id."""
        self._projector.catch_up()
        with self._database.begin() as connection:
            rows = connection.execute(
                sa.text("SELECT work_id, artist_id FROM work WHERE work_id = ANY(:ids)"),
                {"ids": [UUID(work_id) for work_id in work_ids]},
            )
            return {str(row.work_id): str(row.artist_id) for row in rows}

    def uncompared(self, artist_id: str) -> list[str]:
        """Ids of the artist's own registrations that were not compared with works of others yet, in their order."""
        self._projector.catch_up()
        with self._database.begin() as connection:
            rows = connection.execute(
                sa.text(
                    "SELECT w.work_id FROM uncompared_work JOIN work w USING (work_id) WHERE w.artist_id = :artist"
                    " ORDER BY w.registration_index"
                ),
                {"artist": UUID(artist_id)},
            )
            return [str(work_id) for work_id in rows.scalars()]

    def begin(self, calibration: str) -> set[str]:
        """Deletes results of other calibrations. Returns the ids of the works searched for under this one."""
        digest = {"digest": bytes.fromhex(calibration)}
        with self._database.begin() as connection:
            for table in ("duplicate_asked", "duplicate_pair"):
                connection.execute(sa.text(f"DELETE FROM {table} WHERE calibration <> :digest"), digest)  # noqa: S608
            return set(map(str, connection.execute(sa.text("SELECT work_id FROM duplicate_asked")).scalars()))

    def put(
        self,
        calibration: str,
        asked: Mapping[str, str | None],
        pairs: Iterable[Pair],
        *,
        compared: Iterable[str] = (),
    ) -> None:
        """Stores, in one transaction, works that were searched for and the pairs found; tells artists whose
        works others copied.

        `asked` says why a work is not comparable, or None. For a pair found from both sides, the stronger finding
        stays. `compared`: works that were compared with those of other artists.
        """
        digest, pairs = bytes.fromhex(calibration), sorted(pairs, key=lambda pair: (pair.first, pair.second))
        self._projector.catch_up()
        with self._database.begin() as connection, driver(connection).cursor() as cursor:
            cursor.executemany(
                "INSERT INTO duplicate_pair AS kept (first_id, second_id, calibration, verified, score, found)"
                " VALUES (%s, %s, %s, %s, %s, %s::jsonb) ON CONFLICT (first_id, second_id) DO UPDATE"
                " SET calibration = excluded.calibration, verified = excluded.verified, score = excluded.score,"
                " found = excluded.found WHERE (excluded.verified, excluded.score) > (kept.verified, kept.score)",
                [
                    (UUID(pair.first), UUID(pair.second), digest, pair.verified, pair.score, json.dumps(pair.found))
                    for pair in pairs
                ],
            )
            cursor.executemany(
                "INSERT INTO duplicate_asked (work_id, calibration, not_comparable) VALUES (%s, %s, %s)"
                " ON CONFLICT (work_id) DO UPDATE"
                " SET calibration = excluded.calibration, not_comparable = excluded.not_comparable",
                [(UUID(work_id), digest, reason) for work_id, reason in sorted(asked.items())],
            )
            cursor.execute("DELETE FROM uncompared_work WHERE work_id = ANY(%s)", (list(map(UUID, compared)),))
            tell_of_copies(connection, {UUID(pair.first) for pair in pairs if pair.verified})

    def pairs(self) -> list[Pair]:
        """All compared pairs, verified or not."""
        with self._database.begin() as connection:
            rows = connection.execute(
                sa.text("SELECT first_id, second_id, verified, score, found FROM duplicate_pair ORDER BY 1, 2")
            )
            return [Pair(str(row.first_id), str(row.second_id), row.verified, row.score, row.found) for row in rows]

    def not_comparable(self) -> dict[str, str]:
        """Works that have too little detail to be compared, and why."""
        with self._database.begin() as connection:
            rows = connection.execute(
                sa.text("SELECT work_id, not_comparable FROM duplicate_asked WHERE not_comparable IS NOT NULL")
            )
            return {str(row.work_id): row.not_comparable for row in rows}

    def replace_groups(self, groups: Mapping[str, Sequence[str]]) -> None:
        """Replaces all stored groups by these (id -> works) in one transaction."""
        rows = [(UUID(work_id), UUID(group_id)) for group_id, works in groups.items() for work_id in works]
        with self._database.begin() as connection:
            connection.execute(sa.text("DELETE FROM duplicate_group"))
            copy_rows(connection, duplicate_group, ("work_id", "group_id"), rows)

    def groups(self) -> dict[str, str]:
        """Group id of each work in a group, which a split must keep together. Withdrawn works are in none."""
        self._projector.catch_up()
        with self._database.begin() as connection:
            rows = connection.execute(
                sa.text(
                    "SELECT g.work_id, g.group_id FROM duplicate_group g JOIN work w USING (work_id)"  # noqa: S608
                    f" WHERE {MAY_MATCH} ORDER BY 2, 1"
                )
            )
            return {str(row.work_id): str(row.group_id) for row in rows}
