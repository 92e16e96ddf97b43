"""Whose the signatures beside the service's are: known from the `key` records that announce their keys."""

from __future__ import annotations

from collections.abc import Mapping

from ledger.audit.bundle import Bundle
from ledger.audit.checks import Check, Outcome, not_checked
from ledger.audit.keyring import Holder
from ledger.record.party import party_of
from ledger.record.statement import Statement

MAKER = "maker's key"


def maker_check(bundle: Bundle, statement: Statement, holders: Mapping[str, Holder]) -> tuple[Check, ...]:
    """That the further signatures of a statement are by keys of whoever makes it; nothing where there are none.

    `holders`: by key id, as records on the same log announce them. Whether a key was revoked before, only the whole log
    shows.
    """
    keyids = [signature.keyid for signature in bundle.envelope.signatures[1:]]
    if not keyids:
        return ()
    known = {keyid: holders[keyid] for keyid in keyids if keyid in holders}
    party = party_of(statement.predicate)
    for keyid, holder in known.items():
        if party is None or not party.admits(holder.role, holder.holder_id):
            detail = f"key {keyid} is that of {holder.role} {holder.holder_id}, whose statement this is not"
            return (Check(MAKER, Outcome.FAILED, detail, code="wrong-holder"),)
    if len(known) < len(keyids):
        reason = "the record that announces its key was not given; replaying the log checks it"
        return (not_checked(MAKER, reason, essential=False),)
    names = ", ".join(f"{holder.role} {holder.holder_id}" for holder in known.values())
    return (Check(MAKER, Outcome.PASSED, f"countersigned by {names}"),)
