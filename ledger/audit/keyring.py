"""Tracks, entry by entry, which keys may sign, from the log's own `key` records. A state machine without I/O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from ledger.errors import VerificationError
from ledger.record.keyid import keyid_of, short_keyid
from ledger.record.party import Party, party_of
from ledger.record.predicates import KeyRecord, Role


@dataclass(frozen=True, slots=True)
class Holder:
    """The holder of a key."""

    public_raw: bytes
    role: Role
    holder_id: str


class KeyRing:
    """The keys that are valid at one index of the log.

    The log's first entry is the service's `key` record, signed by that key itself. The first signature of every record
    is by a valid service key. A new key also signs the record that announces it, so nobody can announce a key that they
    do not hold. A rotated key stays valid until it is revoked; a revoked key never becomes valid again.

    Artists, operators of generators and auditors have their own keys, which sign second, and only their own statements.
    If such a holder has a valid key, one must sign the announcement of a further key. So not even the service can add a
    key in a holder's name without first revoking the others, which everybody can see.
    """

    def __init__(self) -> None:
        self._active: dict[str, Holder] = {}
        self._revoked: dict[str, Holder] = {}
        self._of_holder: dict[tuple[Role, str], set[str]] = {}

    @property
    def public_keys(self) -> dict[str, bytes]:
        """Raw public keys of the valid keys, by key id."""
        return {keyid: holder.public_raw for keyid, holder in self._active.items()}

    def holder(self, keyid: str) -> Holder | None:
        """The key's present or former holder; None if it was never announced."""
        return self._active.get(keyid) or self._revoked.get(keyid)

    def is_good(self, keyid: str) -> bool:
        return keyid in self._active

    def keys_of(self, role: Role, holder_id: str) -> frozenset[str]:
        """Ids of the holder's valid keys."""
        return frozenset(self._of_holder.get((role, holder_id), ()))

    def copy(self) -> KeyRing:
        """A copy of the ring, to try a record on."""
        other = KeyRing()
        other._active = dict(self._active)
        other._revoked = dict(self._revoked)
        other._of_holder = {holder: set(keyids) for holder, keyids in self._of_holder.items()}
        return other

    def require_signers(self, keyids: Sequence[str], party: Party | None = None) -> None:
        """Requires that the first signer is a valid key of the service, and the others are valid keys of `party`, if
        the statement is theirs. A party that has a valid key must have signed with one.

        Raises VerificationError (`key-revoked`, `key-not-authorised`, `wrong-holder`, `signature-missing`).
        """
        for position, keyid in enumerate(keyids):
            holder = self._active.get(keyid)
            if keyid in self._revoked:
                raise VerificationError(
                    f"signed by key {short_keyid(keyid)}, which was revoked before this entry", code="key-revoked"
                )
            if holder is None or (position == 0 and holder.role != "service"):
                role = "the service" if position == 0 else "anybody"
                raise VerificationError(
                    f"signed by key {short_keyid(keyid)}, which no earlier entry announces as a key of {role}",
                    code="key-not-authorised",
                )
            if position and party is not None and not party.admits(holder.role, holder.holder_id):
                raise VerificationError(
                    f"signed by key {short_keyid(keyid)} of {holder.role} {holder.holder_id}, but the statement is "
                    "somebody else's",
                    code="wrong-holder",
                )
        if party is not None and party.demand != "never":
            self._require_party(keyids, party)

    def _require_party(self, keyids: Sequence[str], party: Party) -> None:
        good = [self._of_holder.get((role, party.holder_id or ""), ()) for role in party.roles]
        signed = any(keyid in keys for keys in good for keyid in keyids)
        if not signed and (party.demand == "always" or any(good)):
            raise VerificationError(
                f"{' or '.join(sorted(party.roles))} {party.holder_id} did not sign it with a valid key",
                code="signature-missing",
            )

    def apply(self, record: KeyRecord, keyids: Sequence[str]) -> None:
        """Applies a `key` record with verified signatures by `keyids`.

        Raises VerificationError (`key-record`, and what `require_signers` raises).
        """
        raw = bytes.fromhex(record.public_key)
        keyid = keyid_of(raw)
        if not self._active and not self._revoked:
            self._found(record, keyid, keyids)
        else:
            self._require_authorities(record, keyid, keyids)
        match record.event:
            case "added":
                self._require_new(keyid, keyids)
                self._require_consent(record, keyids)
            case "rotated":
                self._require_new(keyid, keyids)
                self._require_same_holder(record, keyids)
            case "revoked":
                self._revoke(record, keyid)
                return
            case _:
                assert_never(record.event)
        self._active[keyid] = Holder(raw, record.role, record.holder_id)
        self._of_holder.setdefault((record.role, record.holder_id), set()).add(keyid)

    def _found(self, record: KeyRecord, keyid: str, keyids: Sequence[str]) -> None:
        if record.event != "added" or record.role != "service" or list(keyids) != [keyid]:
            raise VerificationError(
                "the first entry of a log must be the `key` record that adds the service's key, signed by that key "
                "alone",
                code="key-record",
            )

    def _require_authorities(self, record: KeyRecord, keyid: str, keyids: Sequence[str]) -> None:
        """Requires the usual signers, apart from the announced key, which is not valid yet."""
        if keyids[0] == keyid and keyid not in self._active:
            raise VerificationError(
                f"key {short_keyid(keyid)} is the first signer of its own announcement", code="key-not-authorised"
            )
        self.require_signers([each for each in keyids if each != keyid or keyid in self._active], party_of(record))

    def _require_new(self, keyid: str, keyids: Sequence[str]) -> None:
        if keyid in self._active or keyid in self._revoked:
            raise VerificationError(f"key {short_keyid(keyid)} was announced before", code="key-record")
        if keyid not in keyids:
            raise VerificationError(
                f"the new key {short_keyid(keyid)} did not sign its own announcement", code="key-record"
            )

    def _require_consent(self, record: KeyRecord, keyids: Sequence[str]) -> None:
        good = self.keys_of(record.role, record.holder_id)
        if record.role != "service" and good and good.isdisjoint(keyids):
            raise VerificationError(
                f"a further key of {record.role} {record.holder_id} is announced without the signature of a valid one",
                code="key-record",
            )

    def _require_same_holder(self, record: KeyRecord, keyids: Sequence[str]) -> None:
        replaces = record.replaces or ""
        old, shown = self._active.get(replaces), short_keyid(replaces)
        if old is None or (old.role, old.holder_id) != (record.role, record.holder_id):
            raise VerificationError(
                f"the key {shown} to be replaced is not a valid key of the same holder", code="key-record"
            )
        if record.role != "service" and replaces not in keyids:
            raise VerificationError(f"the replaced key {shown} did not sign the announcement", code="key-record")

    def _revoke(self, record: KeyRecord, keyid: str) -> None:
        holder = self._active.get(keyid)
        if holder is None:
            raise VerificationError(f"key {short_keyid(keyid)} is revoked, but it was not valid", code="key-record")
        if (holder.role, holder.holder_id) != (record.role, record.holder_id):
            raise VerificationError(
                f"key {short_keyid(keyid)} is revoked under another holder's name", code="key-record"
            )
        self._revoked[keyid] = self._active.pop(keyid)
        self._of_holder[holder.role, holder.holder_id].discard(keyid)
