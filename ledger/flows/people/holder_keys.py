"""Keys of artists, operators of generators and auditors. Holders make and keep them, and announce them on the log with
their signature.

The auditor's own rules (ledger/audit/keyring.py) decide what may be announced. They are applied before anything is
appended, because a `key` record that an audit refuses would spoil the log for everybody.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import cast

from ledger.answers.people import AccountAnswer, KeyAnswer
from ledger.audit.statement_rules import require_origin
from ledger.errors import AccessError, ConflictError, InputError, VerificationError
from ledger.flows.people.accounts import Accounts
from ledger.flows.people.principal import Principal
from ledger.flows.records.cosigned import require_fresh, require_same
from ledger.flows.records.log_keys import LogKeys
from ledger.log.entry import Alongside, Appended, Draft
from ledger.record import dsse
from ledger.record.ids import new_id, parse_id
from ledger.record.keyid import keyid_of, short_keyid
from ledger.record.keys import Signer, require_sound_public_key
from ledger.record.predicates import KeyEvent, KeyRecord, Role
from ledger.record.statement import parse_payload, statement_payload
from ledger.record.times import now_text
from ledger.storage.log.entries import PostgresEntryStore
from ledger.storage.log.revocation import event_key

HOLDER_ROLES: tuple[Role, ...] = ("artist", "generator", "auditor")
"""Roles of accounts that have keys. An administrator makes no statements."""
Turn = Callable[[], AbstractContextManager[None]]


class HolderKeys:
    """Threads may share it. `committed` is called after each append."""

    def __init__(
        self,
        *,
        accounts: Accounts,
        keys: LogKeys,
        entries: PostgresEntryStore,
        service: Callable[[], Signer],
        turn: Turn,
        committed: Callable[[], None],
    ) -> None:
        """`turn` ensures that two announcements are not judged by the same state of the log."""
        self._accounts = accounts
        self._keys = keys
        self._entries = entries
        self._service = service
        self._turn = turn
        self._committed = committed

    def states(self, holder_id: str) -> tuple[KeyAnswer, ...]:
        """Every key of a holder, in the order of announcement. Raises InputError (`bad-id`)."""
        return self._keys.states(parse_id(holder_id))

    def draft(
        self,
        account_id: str,
        public_key: bytes,
        *,
        event: KeyEvent = "added",
        replaces: str | None = None,
    ) -> bytes:
        """The payload that announces or revokes a key of an account, for the holder to sign.

        An announcement is signed with the new key and, where the holder has a valid key, with that one too; a
        revocation is signed with any valid key of the holder. Raises InputError (`bad-public-key`, `bad-key-record`,
        `role-without-keys`), NotFoundError.
        """
        role = _role_of(self._accounts.get(account_id))
        try:
            require_sound_public_key(public_key)
            predicate = KeyRecord(
                event=event,
                generated_at=now_text(),
                holder_id=account_id,
                origin=self._entries.origin(),
                public_key=public_key.hex(),
                record_id=new_id(),
                refs=(),
                replaces=replaces,
                role=role,
            )
        except VerificationError as error:
            raise InputError(error.message, code="bad-public-key") from error
        except ValueError as error:
            raise InputError(
                "a rotation must name another key that it replaces, and only a rotation may name one",
                code="bad-key-record",
            ) from error
        return statement_payload("key", keyid_of(public_key), predicate)

    def submit(self, envelope: bytes, principal: Principal, alongside: Alongside | None = None) -> Appended:
        """Appends a `key` record that its holder signed. Submitting the same again gives its record, `repeated`.

        Raises VerificationError for signatures and records that an audit would refuse (`bad-signature`, `key-record`,
        `key-not-authorised`, ...), AccessError (`wrong-holder`), InputError (`unexpected-kind`, `role-without-keys`,
        `stale-statement`), ConflictError (`record-id-taken`, `announced-before`), PushbackError.
        """
        parsed = dsse.parse(envelope)
        statement = parse_payload(parsed.payload)
        record = statement.predicate
        if not isinstance(record, KeyRecord):
            raise InputError(f"a {statement.kind} statement is not accepted here", code="unexpected-kind")
        self._require_holder(record, principal)
        require_fresh(record.generated_at)
        with self._turn():
            known = self._entries.get(record.record_id)
            if known is not None:
                appended = Appended(known, repeated=True)
                require_same(record.record_id, parsed.payload, appended)
                return appended
            self._require_acceptable(record, parsed)
            return self._append(record, parsed, alongside)

    def announce(self, account_id: str, signer: Signer, principal: Principal, *others: Signer) -> KeyAnswer:
        """Announces a key whose private key is here, signed by it and by `others` of the same holder.

        Raises as `draft` and `submit` do.
        """
        payload = self.draft(account_id, signer.public_raw)
        self.submit(dsse.sign(payload, [*others, signer]), principal)
        return next(state for state in self.states(account_id) if state.keyid == signer.keyid)

    def _require_holder(self, record: KeyRecord, principal: Principal) -> None:
        account = self._accounts.get(record.holder_id)
        if _role_of(account) != record.role or not (principal.is_local or principal.account_id == account.account_id):
            raise AccessError(
                f"a key of {record.role} {record.holder_id} is not yours to announce or revoke", code="wrong-holder"
            )

    def _require_acceptable(self, record: KeyRecord, envelope: dsse.Envelope) -> None:
        """Applies an audit's rules at the log's present end, and one more: a revocation needs the holder's key too."""
        ring = self._keys.ring()
        keyid = keyid_of(bytes.fromhex(record.public_key))
        if record.event != "revoked" and ring.holder(keyid) is not None:
            raise ConflictError(f"key {short_keyid(keyid)} was announced before", code="announced-before")
        keyids = [signature.keyid for signature in envelope.signatures]
        known = {keyid: bytes.fromhex(record.public_key)}
        for each in keyids:
            holder = ring.holder(each)
            if holder is not None:
                known[each] = holder.public_raw
        dsse.verify(envelope, known)
        require_origin(record.origin, self._entries.origin())
        if record.refs:
            raise VerificationError("a key record refers to no other record", code="wrong-refs")
        ring.apply(record, [self._service().keyid, *keyids])

    def _append(self, record: KeyRecord, envelope: dsse.Envelope, alongside: Alongside | None) -> Appended:
        keyid = keyid_of(bytes.fromhex(record.public_key))
        leaf = dsse.countersigned(dsse.sign(envelope.payload, [self._service()]), envelope.signatures)
        dedup_key = event_key("revoked" if record.event == "revoked" else "announced", keyid)
        [appended] = self._entries.append([Draft(record.record_id, leaf, dedup_key, alongside)])
        if appended.repeated:
            raise ConflictError(f"key {short_keyid(keyid)} was announced or revoked just now", code="announced-before")
        self._committed()
        return appended


def _role_of(account: AccountAnswer) -> Role:
    if account.role not in HOLDER_ROLES:
        raise InputError(
            f"accounts of the role {account.role} have no keys",
            code="role-without-keys",
            hint=f"Keys are for: {', '.join(HOLDER_ROLES)}",
        )
    return cast(Role, account.role)
