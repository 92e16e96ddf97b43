"""Checks, while entries are appended, that a statement carries the signature that it needs.

Anybody who has a valid key must sign the statements in their name. The table `holder_key` holds the valid keys of
artists, operators and auditors. Appending a `key` record changes it in the same transaction. So, read under the lock of
the head row, it is exact in every process.
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
from ledger.record.keyid import keyid_of
from ledger.record.party import Party, party_of
from ledger.record.predicates import KeyRecord, Registration, refs_of
from ledger.record.statement import kind_at_end, parse_payload
from ledger.storage.database import driver

_OTHERS = frozenset({"key", "registration", "consent", "withdrawal", "claim", "response", "resolution"})
"""Kinds of records that somebody other than the service may sign, or that change keys."""


@dataclass(frozen=True, slots=True)
class DraftMaker:
    """The party that makes a draft's statement and must sign it."""

    party: Party | None = None
    registration: str | None = None
    """Record id of the registration that names the artist. None if the statement itself names its maker."""
    key: KeyRecord | None = None

    @property
    def asks(self) -> bool:
        """Whether this party's keys must be looked up."""
        return self.party is not None and self.party.demand != "never"


SERVICE_STATEMENT = DraftMaker()


def maker_of_draft(draft: Draft) -> DraftMaker:
    """Returns the maker of a draft. Statements of the service are not parsed. Bytes that are not a statement count
    as the service's."""
    if kind_at_end(dsse.payload_end(draft.envelope)) not in _OTHERS:
        return SERVICE_STATEMENT
    try:
        predicate = parse_payload(dsse.parse(draft.envelope).payload).predicate
    except VerificationError:
        return SERVICE_STATEMENT
    if isinstance(predicate, KeyRecord):
        return DraftMaker(key=predicate)
    party = party_of(predicate)
    unnamed = party is not None and party.holder_id is None
    return DraftMaker(party, next((ref.record_id for ref in refs_of(predicate)), None) if unnamed else None)


class ValidKeys:
    """The valid keys of the makers of some drafts, including keys that the drafts themselves announce."""

    def __init__(self, connection: Connection, makers: Sequence[DraftMaker]) -> None:
        asking = [each for each in makers if each.asks]
        self._artists = _artists(connection, [each.registration for each in asking if each.registration])
        holders = {party.holder_id for each in asking if (party := self._named(each)) is not None and party.holder_id}
        self._keys: dict[tuple[str, str], set[str]] = {}
        if holders:
            query = "SELECT role, holder_id, keyid FROM holder_key WHERE holder_id = ANY(%s)"
            with driver(connection).cursor(binary=True) as cursor:
                cursor.execute(query, ([UUID(holder) for holder in holders],))
                for role, holder_id, keyid in cursor:
                    self._keys.setdefault((role, str(holder_id)), set()).add(bytes(keyid).hex())

    def require_signed(self, maker: DraftMaker, signers: Sequence[str]) -> None:
        """Raises ConflictError (`signature-missing`) if the maker has a valid key and did not sign with it."""
        party = self._named(maker)
        if party is None or not maker.asks:
            return
        good = self._of(party)
        if good.isdisjoint(signers) and (good or party.demand == "always"):
            raise ConflictError(
                f"{' or '.join(sorted(party.roles))} {party.holder_id} did not sign this statement with a valid key. "
                "Nothing was appended",
                code="signature-missing",
                hint="Sign it with their key: --key FILE",
            )

    def take(self, record: KeyRecord) -> None:
        """Takes a `key` record into account that becomes an entry."""
        keys = self._keys.setdefault((record.role, record.holder_id), set())
        keyid = keyid_of(bytes.fromhex(record.public_key))
        keys.discard(keyid) if record.event == "revoked" else keys.add(keyid)

    def keyless(self, makers: Iterable[DraftMaker]) -> frozenset[Party]:
        """Returns the parties who have no valid key now, so that their statements need no signature."""
        return frozenset(
            each.party for each in makers
            if each.asks and each.party is not None and each.party.demand == "with-key" and each.party.holder_id
            and not self._of(each.party)
        )  # fmt: skip

    def _named(self, maker: DraftMaker) -> Party | None:
        if maker.party is None or maker.party.holder_id is not None:
            return maker.party
        return maker.party.named(self._artists.get(maker.registration or "", ""))

    def _of(self, party: Party) -> set[str]:
        found = (self._keys.get((role, party.holder_id or ""), set()) for role in party.roles)
        return set[str]().union(*found)


_ANNOUNCED = sa.text("INSERT INTO holder_key (keyid, role, holder_id) VALUES (:keyid, :role, :holder)")
_REVOKED = sa.text("DELETE FROM holder_key WHERE keyid = :keyid")


def keep_keys(connection: Connection, records: Iterable[KeyRecord]) -> None:
    """Stores which keys new entries announce and revoke. The service's own keys are left out."""
    for record in records:
        keyid = bytes.fromhex(keyid_of(bytes.fromhex(record.public_key)))
        if record.event == "revoked":
            connection.execute(_REVOKED, {"keyid": keyid})
        elif record.role != "service":
            connection.execute(_ANNOUNCED, {"keyid": keyid, "role": record.role, "holder": UUID(record.holder_id)})


def _artists(connection: Connection, registrations: Sequence[str]) -> dict[str, str]:
    """Returns the artist of each registration, by record id."""
    if not registrations:
        return {}
    with driver(connection).cursor(binary=True) as cursor:
        cursor.execute(
            "SELECT record_id::text, envelope FROM entry WHERE record_id = ANY(%s)", (list(map(UUID, registrations)),)
        )
        found = {record_id: parse_payload(dsse.parse(envelope).payload).predicate for record_id, envelope in cursor}
    return {record_id: each.artist_id for record_id, each in found.items() if isinstance(each, Registration)}
