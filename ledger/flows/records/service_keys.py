"""The service's record keys: the log begins with one, which can be rotated without a gap, and revoked for good.

The log's `key` records decide which keys are valid, by the rules that auditors apply (ledger/audit/keyring.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from ledger.answers.people import KeyAnswer
from ledger.audit.keyring import KeyRing
from ledger.errors import ConflictError, InputError, NotFoundError
from ledger.log.entry import Draft, Entry
from ledger.record import dsse
from ledger.record.ids import new_id
from ledger.record.keyfile import KeyFile
from ledger.record.keyid import keyid_of, short_keyid
from ledger.record.keys import Signer
from ledger.record.predicates import KeyEvent, KeyRecord, Role
from ledger.record.statement import statement_payload
from ledger.record.times import now_text
from ledger.storage.log.entries import PostgresEntryStore
from ledger.storage.log.records import RecordStore
from ledger.storage.log.revocation import FOUNDING_KEY, event_key

_PAGE = 200
SHORTEST_PREFIX = 8
"""How many digits of a key id `revoke` needs at least."""


class ServiceKeys:
    """Threads may share it. `committed` is called after each append of its own."""

    def __init__(
        self, file: KeyFile, entries: PostgresEntryStore, store: RecordStore, committed: Callable[[], None]
    ) -> None:
        self._file = file
        self._entries = entries
        self._store = store
        self._committed = committed
        self._good: str | None = None

    def signer(self) -> Signer:
        """The key that signs records now. Notices when the key file was replaced.

        Raises ConflictError (`key-revoked`, `key-not-announced`), because audits would refuse an entry signed so.
        """
        signer = self._file.signer()
        if signer.keyid != self._good:
            self._require_good(signer)
            self._good = signer.keyid
        return signer

    def announce(self) -> None:
        """Begins a log that has no key with this installation's key. Raises as `signer` does."""
        if not self.states():
            signer = self._file.signer()
            self._append(signer.public_raw, "added", new_id(), [signer], dedup_key=FOUNDING_KEY)
        self.signer()

    def states(self) -> list[KeyAnswer]:
        """Every key on the log, in the order of announcement. Raises VerificationError when the log breaks its own
        rules."""
        ring = KeyRing()
        states: dict[str, KeyAnswer] = {}
        own = self._file.signer().keyid
        for entry in self._entries_of_keys():
            record = entry.statement.predicate
            assert isinstance(record, KeyRecord)  # noqa: S101 - found by its kind
            ring.apply(record, dsse.signers_of(entry.envelope))
            keyid = keyid_of(bytes.fromhex(record.public_key))
            if record.event == "revoked":
                states[keyid] = states[keyid].model_copy(update={"revoked_index": entry.leaf_index, "signs": False})
            else:
                states[keyid] = key_answer(keyid, record, entry, signs=keyid == own)
        return list(states.values())

    def rotate(self) -> KeyAnswer:
        """A new key signs from now on, in every process that uses this key file. The old key stays valid until revoked.

        After a crash, running it again continues with the new key that it had made.
        """
        old = self.signer()
        with self._file.replacing() as new:
            self._append(new.public_raw, "rotated", self._state(old.keyid).holder_id, [old, new], replaces=old.keyid)
        return self._state(new.keyid)

    def add(self, other: Signer) -> KeyAnswer:
        """Announces the record key of another installation that will append to the same log."""
        signer = self.signer()
        known = {state.keyid: state for state in self.states()}.get(other.keyid)
        if known is not None:
            if known.revoked_index is not None:
                raise _revoked(other.keyid)
            return known
        self._append(other.public_raw, "added", self._state(signer.keyid).holder_id, [signer, other])
        return self._state(other.keyid)

    def revoke(self, keyid: str) -> KeyAnswer:
        """From the new entry on, the key's signatures do not count, and the log accepts nothing that it signs.

        `keyid` may be cut to its first 8 digits or more. Raises NotFoundError (`key-not-found`), InputError
        (`key-ambiguous`), ConflictError (`key-in-use` for the key that signs here, `key-revoked`).
        """
        state = self._matching(keyid)
        if state.revoked_index is not None:
            raise _revoked(state.keyid)
        if state.signs:
            raise ConflictError(
                f"key {short_keyid(state.keyid)} signs this installation's records",
                code="key-in-use",
                hint="Replace it first: artledger keys rotate",
            )
        raw = bytes.fromhex(state.public_key)
        self._append(raw, "revoked", state.holder_id, [self.signer()], role=state.role)
        return self._state(state.keyid)

    def _entries_of_keys(self) -> Iterator[Entry]:
        after = -1
        while page := self._store.find(kind="key", after=after, limit=_PAGE):
            yield from page
            after = page[-1].leaf_index

    def _state(self, keyid: str) -> KeyAnswer:
        return next(state for state in self.states() if state.keyid == keyid)

    def _matching(self, keyid: str) -> KeyAnswer:
        found = [state for state in self.states() if state.keyid.startswith(keyid)]
        if len(keyid) < SHORTEST_PREFIX or len(found) > 1:
            raise InputError(
                f"{keyid!r} does not name one key", code="key-ambiguous", hint="Give the whole id: artledger keys show"
            )
        if not found:
            raise NotFoundError(
                f"the log announces no key {short_keyid(keyid)!r}",
                code="key-not-found",
                hint="List the keys: artledger keys show",
            )
        return found[0]

    def _require_good(self, signer: Signer) -> None:
        for state in self.states():
            if state.keyid == signer.keyid:
                if state.revoked_index is not None:
                    raise _revoked(signer.keyid)
                return
        raise ConflictError(
            f"the log does not announce key {short_keyid(signer.keyid)} in {self._file.path}",
            code="key-not-announced",
            hint="Restore the key that the log began with. Or announce this key where that key is: "
            "artledger keys add FILE",
        )

    def _append(
        self,
        public_raw: bytes,
        event: KeyEvent,
        holder_id: str,
        signers: Sequence[Signer],
        *,
        role: Role = "service",
        replaces: str | None = None,
        dedup_key: bytes | None = None,
    ) -> None:
        """Appends once: if another process or an earlier attempt appended the same event for the key, nothing is
        added."""
        keyid = keyid_of(public_raw)
        predicate = KeyRecord(
            event=event,
            generated_at=now_text(),
            holder_id=holder_id,
            origin=self._entries.origin(),
            public_key=public_raw.hex(),
            record_id=new_id(),
            refs=(),
            replaces=replaces,
            role=role,
        )
        envelope = dsse.sign(statement_payload("key", keyid, predicate), signers)
        self._entries.append([Draft(predicate.record_id, envelope, dedup_key or _dedup_key(event, keyid))])
        self._committed()


def key_answer(keyid: str, record: KeyRecord, entry: Entry, *, signs: bool = False) -> KeyAnswer:
    """The answer about the key that the record announces."""
    return KeyAnswer(
        keyid=keyid,
        public_key=record.public_key,
        role=record.role,
        holder_id=record.holder_id,
        leaf_index=entry.leaf_index,
        revoked_index=None,
        signs=signs,
    )


def _dedup_key(event: KeyEvent, keyid: str) -> bytes:
    """A key is announced once, by whatever event, and revoked once."""
    return event_key("revoked" if event == "revoked" else "announced", keyid)


def _revoked(keyid: str) -> ConflictError:
    return ConflictError(
        f"key {short_keyid(keyid)} was revoked on the log, so it can no longer sign",
        code="key-revoked",
        hint="Use a valid key: artledger keys show. A revocation is final.",
    )
