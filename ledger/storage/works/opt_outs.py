"""The opt-out list, and the registered works that it names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.corpus.terms import MAY_TRAIN
from ledger.errors import ConflictError
from ledger.fingerprint.complexity import MINIMUM_COMPLEXITY
from ledger.log.entry import Alongside
from ledger.match.alike import RADII
from ledger.match.optout import HASH_BYTES, OptOut, OptOuts
from ledger.storage.database import Database, driver
from ledger.storage.log.projections import Projector
from ledger.storage.search.vectors import bit_wire, takes_wire

Because = Literal["digest", "hashes", "geometry"]
"""How an entry identifies a work."""
_STATE = "SELECT count(*), coalesce(max(added_at)::text, '') FROM opt_out"
_NAMED = (
    "SELECT w.work_id FROM work w WHERE w.withdrawn_index IS NULL AND (w.sha256 = ANY(%(digests)s)"
    " OR w.pixel_sha256 = ANY(%(digests)s))"
)
_NAMED_BY_HASHES = " UNION ".join(
    f"SELECT w.work_id FROM work w JOIN {table} v USING (work_id)"  # noqa: S608 - our own constants
    " WHERE w.withdrawn_index IS NULL"
    f" AND v.complexity >= {MINIMUM_COMPLEXITY} AND v.pdq_quality >= {RADII.pdq_quality}"
    f" AND v.phash <~> %(phash)s::bit(256) <= {RADII.phash_bits} AND v.pdq <~> %(pdq)s::bit(256) <= {RADII.pdq_bits}"
    for table in ("work_vector", "second_view")
)
_HASHES = " UNION ALL ".join(
    f"SELECT bit_send(phash), bit_send(pdq) FROM {table}"  # noqa: S608 - our own names
    " WHERE work_id = ANY(%(ids)s) AND complexity >= %(detail)s AND pdq_quality >= %(quality)s"
    for table in ("work_vector", "second_view")
)


class OptOutsChangedError(ConflictError):
    """The list grew between the check and the registration. Check again."""

    default_code = "opt-outs-changed"


@dataclass(frozen=True, slots=True)
class KnownOptOuts:
    """The list at one point in time."""

    entries: OptOuts
    state: tuple[int, str]


class OptOutStore:
    """Every method raises PushbackError when the database cannot be reached."""

    def __init__(self, database: Database, projector: Projector) -> None:
        self._database = database
        self._projector = projector
        self._known: KnownOptOuts | None = None

    def current(self) -> KnownOptOuts:
        """The whole list; read again only if it changed."""
        with self._database.begin() as connection:
            state = _state(connection)
            if self._known is None or self._known.state != state:
                rows = connection.execute(sa.text("SELECT kind, value FROM opt_out"))
                entries = OptOuts.of(OptOut(row.kind, row.value.hex()) for row in rows)
                self._known = KnownOptOuts(entries, state)
        return self._known

    def unchanged(self, known: KnownOptOuts) -> Alongside:
        """A precondition of registrations that were checked against `known`: raises OptOutsChangedError, so that
        nothing is registered, if the list has changed since."""

        def check(connection: Connection) -> None:
            if _state(connection) != known.state:
                raise OptOutsChangedError("the opt-out list changed meanwhile")

        return check

    def add(self, entries: Iterable[OptOut]) -> int:
        """Adds entries to the list. Returns how many were new.

        It locks the head of the log: later registrations see the entries (`unchanged`), and `named` sees all earlier
        registrations.
        """
        with self._database.begin() as connection:
            connection.execute(sa.text("SELECT FROM log_head FOR UPDATE"))
            return sum(
                connection.execute(
                    sa.text("INSERT INTO opt_out (kind, value) VALUES (:kind, :value) ON CONFLICT DO NOTHING"),
                    {"kind": entry.kind, "value": bytes.fromhex(entry.value)},
                ).rowcount
                for entry in entries
            )

    def remove(self, entries: Iterable[OptOut]) -> int:
        """Removes entries from the list. Returns how many were on it. Works that they withdrew stay withdrawn."""
        with self._database.begin() as connection:
            return sum(
                connection.execute(
                    sa.text("DELETE FROM opt_out WHERE kind = :kind AND value = :value"),
                    {"kind": entry.kind, "value": bytes.fromhex(entry.value)},
                ).rowcount
                for entry in entries
            )

    def page(self, *, after: OptOut | None = None, limit: int = 50) -> list[OptOut]:
        """Entries after `after`, in the order of kind and value."""
        with self._database.begin() as connection:
            rows = connection.execute(
                sa.text(
                    "SELECT kind, value FROM opt_out WHERE (kind, value) > (:kind, :value) ORDER BY 1, 2 LIMIT :limit"
                ),
                {
                    "kind": after.kind if after else "",
                    "value": bytes.fromhex(after.value) if after else b"",
                    "limit": limit,
                },
            )
            return [OptOut(row.kind, row.value.hex()) for row in rows]

    def named(self, entries: Sequence[OptOut]) -> Mapping[str, Because]:
        """Ids of the registered works, not withdrawn, that these entries name, and how."""
        self._projector.catch_up()
        found: dict[str, Because] = {}
        with self._database.begin() as connection, driver(connection).cursor() as cursor:
            takes_wire(cursor)
            digests = [bytes.fromhex(entry.value) for entry in entries if entry.kind == "sha256"]
            cursor.execute(_NAMED, {"digests": digests})
            found |= {str(work_id): "digest" for (work_id,) in cursor}
            for entry in entries:
                if entry.kind == "look":
                    hashes = bytes.fromhex(entry.value)
                    halves = {"phash": bit_wire(hashes[:HASH_BYTES]), "pdq": bit_wire(hashes[HASH_BYTES:])}
                    cursor.execute(_NAMED_BY_HASHES.encode(), halves)
                    for (work_id,) in cursor:
                        found.setdefault(str(work_id), "hashes")
        return found

    def of_works(self, work_ids: Sequence[str]) -> list[OptOut]:
        """Entries for registered works: digests of file and pixels, and hashes if fingerprints are stored."""
        self._projector.catch_up()
        ids = [UUID(work_id) for work_id in work_ids]
        with self._database.begin() as connection, driver(connection).cursor(binary=True) as cursor:
            cursor.execute("SELECT sha256, pixel_sha256 FROM work WHERE work_id = ANY(%s)", (ids,))
            digests = [OptOut("sha256", digest.hex()) for row in cursor for digest in row]
            asked = {"ids": ids, "detail": MINIMUM_COMPLEXITY, "quality": RADII.pdq_quality}
            cursor.execute(_HASHES.encode(), asked)
            hashes = dict.fromkeys((phash[-HASH_BYTES:] + pdq[-HASH_BYTES:]).hex() for phash, pdq in cursor)
            return [*digests, *(OptOut("look", pair) for pair in hashes)]

    def untrainable(self) -> OptOuts:
        """The list, and the files of all registered works that must not be trained on."""
        listed = self.current().entries
        self._projector.catch_up()
        with self._database.begin() as connection:
            rows = connection.execute(sa.text(f"SELECT sha256 FROM work w WHERE NOT {MAY_TRAIN}"))  # noqa: S608
            return OptOuts(listed.digests | {row.sha256.hex() for row in rows}, listed.hashes)


def _state(connection: Connection) -> tuple[int, str]:
    count, newest = connection.execute(sa.text(_STATE)).one()
    return int(count), str(newest)
