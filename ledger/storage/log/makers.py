"""How the store knows, while it appends, that whoever has a good key signed what is said in that name.

The good keys of artists, operators and auditors stand in `holder_key`, which the append of a `key` record changes in
its own transaction: read under the lock of the head, it is exact in every process.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.errors import ConflictError, VerificationError
from ledger.log.entry import Draft
from ledger.record import dsse
from ledger.record.keys import keyid_of
from ledger.record.party import Party, party_of
from ledger.record.predicates import KeyRecord, Registration, refs_of
from ledger.record.statement import kind_at_end, parse_payload
from ledger.storage.database import driver

_OTHERS = frozenset({"key", "registration", "consent", "withdrawal", "claim", "response", "resolution"})
"""Kinds in which somebody else than the service may speak, or keys change."""


@dataclass(frozen=True, slots=True)
class Made:
    """What of a draft matters here."""

    party: Party | None = None
    registration: str | None = None
    """Record id of the registration that says who the artist is, where the statement does not."""
    key: KeyRecord | None = None

    @property
    def asks(self) -> bool:
        """Whether the party's keys must be known."""
        return self.party is not None and self.party.demand != "never"


THE_SERVICES = Made()


def made_in(draft: Draft) -> Made:
    """Without parsing what the service says itself; bytes that are no statement are nobody's."""
    if kind_at_end(dsse.payload_end(draft.envelope)) not in _OTHERS:
        return THE_SERVICES
    try:
        predicate = parse_payload(dsse.parse(draft.envelope).payload).predicate
    except VerificationError:
        return THE_SERVICES
    if isinstance(predicate, KeyRecord):
        return Made(key=predicate)
    party = party_of(predicate)
    unnamed = party is not None and party.holder_id is None
    return Made(party, next((ref.record_id for ref in refs_of(predicate)), None) if unnamed else None)


class GoodKeys:
    """The good keys of the parties of some drafts, and of those that the drafts themselves announce."""

    def __init__(self, connection: Connection, made: Sequence[Made]) -> None:
        asking = [each for each in made if each.asks]
        self._artists = _artists(connection, [each.registration for each in asking if each.registration])
        holders = {party.holder_id for each in asking if (party := self._named(each)) is not None and party.holder_id}
        self._keys: dict[tuple[str, str], set[str]] = {}
        if holders:
            query = "SELECT role, holder_id, keyid FROM holder_key WHERE holder_id = ANY(%s)"
            with driver(connection).cursor(binary=True) as cursor:
                cursor.execute(query, ([UUID(holder) for holder in holders],))
                for role, holder_id, keyid in cursor:
                    self._keys.setdefault((role, str(holder_id)), set()).add(bytes(keyid).hex())

    def require_signed(self, made: Made, signers: Sequence[str]) -> None:
        """Raises ConflictError (`signature-missing`)."""
        party = self._named(made)
        if party is None or not made.asks:
            return
        good = self._of(party)
        if good.isdisjoint(signers) and (good or party.demand == "always"):
            raise ConflictError(
                f"{' or '.join(sorted(party.roles))} {party.holder_id} did not sign it with a good key of theirs: "
                "nothing was appended",
                code="signature-missing",
                hint="sign with it: --key FILE",
            )

    def take(self, record: KeyRecord) -> None:
        """A `key` record that becomes a leaf."""
        keys = self._keys.setdefault((record.role, record.holder_id), set())
        keyid = keyid_of(bytes.fromhex(record.public_key))
        keys.discard(keyid) if record.event == "revoked" else keys.add(keyid)

    def keyless(self, made: Iterable[Made]) -> frozenset[Party]:
        """Those whose statements need no signature as the log stands."""
        return frozenset(
            each.party for each in made
            if each.asks and each.party is not None and each.party.demand == "with-key" and each.party.holder_id
            and not self._of(each.party)
        )  # fmt: skip

    def _named(self, made: Made) -> Party | None:
        if made.party is None or made.party.holder_id is not None:
            return made.party
        return made.party.named(self._artists.get(made.registration or "", ""))

    def _of(self, party: Party) -> set[str]:
        found = (self._keys.get((role, party.holder_id or ""), set()) for role in party.roles)
        return set[str]().union(*found)


_ANNOUNCED = sa.text("INSERT INTO holder_key (keyid, role, holder_id) VALUES (:keyid, :role, :holder)")
_REVOKED = sa.text("DELETE FROM holder_key WHERE keyid = :keyid")


def keep_keys(connection: Connection, records: Iterable[KeyRecord]) -> None:
    """Notes what new leaves announce and revoke. The service's own keys are no party's."""
    for record in records:
        keyid = bytes.fromhex(keyid_of(bytes.fromhex(record.public_key)))
        if record.event == "revoked":
            connection.execute(_REVOKED, {"keyid": keyid})
        elif record.role != "service":
            connection.execute(_ANNOUNCED, {"keyid": keyid, "role": record.role, "holder": UUID(record.holder_id)})


def _artists(connection: Connection, registrations: Sequence[str]) -> dict[str, str]:
    """Record id of a registration to its artist."""
    if not registrations:
        return {}
    with driver(connection).cursor(binary=True) as cursor:
        cursor.execute(
            "SELECT record_id::text, envelope FROM entry WHERE record_id = ANY(%s)", (list(map(UUID, registrations)),)
        )
        found = {record_id: parse_payload(dsse.parse(envelope).payload).predicate for record_id, envelope in cursor}
    return {record_id: each.artist_id for record_id, each in found.items() if isinstance(each, Registration)}
