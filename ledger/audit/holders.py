"""Finds out from `key` records who made the further signatures of a statement, and whose signature is missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ledger.audit.bundle import Bundle
from ledger.audit.checks import Check, Outcome, not_checked
from ledger.audit.keyring import Holder
from ledger.record.keyid import keyid_of, short_keyid
from ledger.record.party import Party, party_of
from ledger.record.predicates import KeyRecord
from ledger.record.statement import Statement

MAKER = "maker's key"


@dataclass(frozen=True, slots=True)
class Announced:
    """A key, as far as the given records describe it."""

    holder: Holder
    index: int | None = None
    """Leaf index of its announcement; None if only its revocation was given."""
    revoked: int | None = None
    """Leaf index of its revocation, if that was given."""

    def is_good_at(self, index: int) -> bool:
        return self.index is not None and self.index < index and (self.revoked is None or self.revoked > index)


Announcements = Mapping[str, Announced]
"""Announced keys by key id."""


def announced_by(records: Iterable[tuple[int, KeyRecord]]) -> Announcements:
    """The keys in `key` records, each given with its leaf index."""
    found: dict[str, Announced] = {}
    for index, record in records:
        raw = bytes.fromhex(record.public_key)
        known = found.get(keyid_of(raw), Announced(Holder(raw, record.role, record.holder_id)))
        if record.event == "revoked":
            found[keyid_of(raw)] = replace(known, revoked=index)
        else:
            found[keyid_of(raw)] = replace(known, holder=Holder(raw, record.role, record.holder_id), index=index)
    return found


def lacking(party: Party, index: int, signers: Sequence[str], announced: Announcements) -> str | None:
    """Why a statement at a leaf index lacks its party's signature; None if the announcements show no lack."""
    if party.demand == "never" or (party.demand == "with-key" and party.holder_id is None):
        return None
    good = {
        keyid: each.index
        for keyid, each in announced.items()
        if party.admits(each.holder.role, each.holder.holder_id) and each.is_good_at(index)
    }
    who = f"{' or '.join(sorted(party.roles))} {party.holder_id}"
    if party.demand == "always" and not signers:
        return f"only the service signed a statement that {who} must sign"
    if good and good.keys().isdisjoint(signers):
        since = min(each for each in good.values() if each is not None)
        return (
            f"{who} had a key since log entry {since:,} and did not sign this. "
            "That is only valid if the key was revoked before"
        )
    return None


def maker_check(bundle: Bundle, statement: Statement, announced: Announcements) -> tuple[Check, ...]:
    """Checks that the further signatures of a statement are by keys of its maker, and that the maker's is not missing.

    No check for the service's own statements. Only the whole log shows whether a key was announced or revoked
    elsewhere.
    """
    index, party = bundle.proof.index, party_of(statement.predicate)
    signers = [signature.keyid for signature in bundle.envelope.signatures[1:]]
    known = {keyid: announced[keyid] for keyid in signers if keyid in announced}
    failed = _failed(party, index, known)
    if failed is not None:
        return (failed,)
    missing = None if party is None else lacking(party, index, signers, announced)
    if missing is not None:
        return (Check(MAKER, Outcome.FAILED, missing, code="signature-missing"),)
    if not signers:
        return () if party is None or party.demand == "never" else (_only_service_signed(party),)
    if len(known) < len(signers):
        reason = "the record that announces its key was not given. Replaying the log checks this"
        return (not_checked(MAKER, reason, essential=False),)
    names = ", ".join(f"{each.holder.role} {each.holder.holder_id}" for each in known.values())
    return (Check(MAKER, Outcome.PASSED, f"countersigned by {names}"),)


def _failed(party: Party | None, index: int, known: Announcements) -> Check | None:
    """A failed check if a key must not sign here. Any valid key may sign the service's own statements."""
    for keyid, each in known.items():
        holder, shown = each.holder, short_keyid(keyid)
        if party is not None and not party.admits(holder.role, holder.holder_id):
            detail = f"key {shown} belongs to {holder.role} {holder.holder_id}, but the statement is somebody else's"
            return Check(MAKER, Outcome.FAILED, detail, code="wrong-holder")
        if each.revoked is not None and each.revoked < index:
            detail = f"key {shown} was revoked at log entry {each.revoked:,}, before this entry"
            return Check(MAKER, Outcome.FAILED, detail, code="key-revoked")
        if each.index is not None and each.index > index:
            detail = f"key {shown} is announced at log entry {each.index:,}, after this entry"
            return Check(MAKER, Outcome.FAILED, detail, code="key-not-authorised")
    return None


def _only_service_signed(party: Party) -> Check:
    who = f"{' or '.join(sorted(party.roles))} {party.holder_id}" if party.holder_id else "the artist of the work"
    reason = (
        f"only the service signed it. Whether {who} had a key then is shown by bundles of their `key` records "
        "(--announcement) or by replaying the log"
    )
    return not_checked(MAKER, reason, essential=False)
