"""Who makes a statement, where that is not the service: whose key signs it beside the service's (FORMAT.md, Log)."""

from __future__ import annotations

from dataclasses import dataclass

from ledger.record.predicates import (
    Claim,
    Consent,
    KeyRecord,
    Predicate,
    Registration,
    Resolution,
    Response,
    Role,
    Withdrawal,
)

ARTIST: frozenset[Role] = frozenset({"artist"})
CLAIMANT: frozenset[Role] = frozenset({"artist", "generator"})
AUDITOR: frozenset[Role] = frozenset({"auditor"})


@dataclass(frozen=True, slots=True)
class Party:
    """Keys of these roles, of this holder, may stand beside the service's; no others."""

    roles: frozenset[Role]
    holder_id: str | None
    """None where only an earlier record says it: for terms of a work, its registration."""
    work_id: str | None = None
    """The work whose artist it is, where the statement does not name the artist."""

    def admits(self, role: Role, holder_id: str) -> bool:
        return role in self.roles and self.holder_id in (None, holder_id)


def party_of(predicate: Predicate) -> Party | None:
    """None for what the service says itself."""
    match predicate:
        case Registration():
            return Party(ARTIST, predicate.artist_id)
        case Consent() | Withdrawal():
            return Party(ARTIST, None, predicate.work_id)
        case Claim():
            return Party(CLAIMANT, predicate.claimant_id)
        case Response():
            return Party(CLAIMANT, predicate.party_id)
        case Resolution():
            return Party(AUDITOR, predicate.auditor_id)
        case KeyRecord() if predicate.role != "service":
            return Party(frozenset({predicate.role}), predicate.holder_id)
        case _:
            return None
