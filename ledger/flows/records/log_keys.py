"""The keys that the log announces up to its present end, by the rules that auditors apply."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

from ledger.answers.people import KeyAnswer
from ledger.audit.keyring import Holder, KeyRing
from ledger.errors import InputError, VerificationError
from ledger.flows.records.service_keys import key_answer
from ledger.log.entry import Entry
from ledger.record import dsse
from ledger.record.keyid import keyid_of, short_keyid
from ledger.record.party import Party
from ledger.record.predicates import KeyRecord, Role
from ledger.storage.log.records import RecordStore

_PAGE = 200


class LogKeys:
    """Threads may share it. Every method sees every entry committed before the call.

    Each raises VerificationError when the log breaks its own rules, and PushbackError when it cannot be read.
    """

    def __init__(self, store: RecordStore) -> None:
        self._store = store
        self._ring = KeyRing()
        self._states: dict[str, list[KeyAnswer]] = {}
        self._after = -1
        self._lock = threading.Lock()

    def ring(self) -> KeyRing:
        """A copy of the auditor's key ring as it is now, to try a record on."""
        with self._lock:
            self._catch_up()
            return self._ring.copy()

    def signer(self, keyid: str) -> Holder:
        """The holder of a valid key. Raises VerificationError (`unknown-key`, `signer-revoked`)."""
        with self._lock:
            self._catch_up()
            holder, good = self._ring.holder(keyid), self._ring.is_good(keyid)
        if holder is None:
            raise VerificationError(
                f"signed by key {short_keyid(keyid)}, which the log does not announce",
                code="unknown-key",
                hint="Announce it first: artledger keys announce, or POST /v1/keys",
            )
        if not good:
            raise VerificationError(
                f"signed by key {short_keyid(keyid)}, which was revoked on the log", code="signer-revoked"
            )
        return holder

    def require_signers(self, keyids: Sequence[str], party: Party | None) -> None:
        """Checks that an audit would accept a statement of `party`, signed by these keys, as the next entry.

        Raises what `KeyRing.require_signers` raises.
        """
        with self._lock:
            self._catch_up()
            self._ring.require_signers(keyids, party)

    def good_keys(self, role: Role, holder_id: str) -> frozenset[str]:
        """Ids of the holder's keys that are valid now."""
        with self._lock:
            self._catch_up()
            return self._ring.keys_of(role, holder_id)

    def states(self, holder_id: str) -> tuple[KeyAnswer, ...]:
        """Every key that a holder ever had, in the order of announcement; empty for a holder without any."""
        with self._lock:
            self._catch_up()
            return tuple(self._states.get(holder_id, ()))

    def require_signature(self, role: Role, holder_id: str) -> None:
        """Checks that a statement in a holder's name may carry the service's signature alone.

        Raises InputError (`signature-required`) where the holder has a valid key: then the holder must sign.
        """
        if self.good_keys(role, holder_id):
            raise InputError(
                f"{role} {holder_id} has a key on the log, so a statement in that name must be signed with it",
                code="signature-required",
                hint="Sign with it: --key FILE",
            )

    def _catch_up(self) -> None:
        for entry in self._new_entries():
            record = entry.statement.predicate
            assert isinstance(record, KeyRecord)  # noqa: S101 - found by its kind
            self._ring.apply(record, dsse.signers_of(entry.envelope))
            keyid = keyid_of(bytes.fromhex(record.public_key))
            states = self._states.setdefault(record.holder_id, [])
            if record.event == "revoked":
                place = next(place for place, state in enumerate(states) if state.keyid == keyid)
                states[place] = states[place].model_copy(update={"revoked_index": entry.leaf_index})
            else:
                states.append(key_answer(keyid, record, entry))
            self._after = entry.leaf_index

    def _new_entries(self) -> Iterator[Entry]:
        while page := self._store.find(kind="key", after=self._after, limit=_PAGE):
            yield from page
