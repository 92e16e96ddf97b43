"""The maker of a statement, if not the service. That party's key signs it, too (FORMAT.md, Log)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

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

Demand = Literal["with-key", "always", "never"]
"""When a party must sign its statement: if it has a valid key, always, or never."""


@dataclass(frozen=True, slots=True)
class Party:
    """A holder in one of several roles. Only its keys may sign in addition to the service's."""

    roles: frozenset[Role]
    holder_id: str | None
    """None if only an earlier record names the holder: for terms of a work, its registration."""
    demand: Demand = "with-key"

    def admits(self, role: Role, holder_id: str) -> bool:
        return role in self.roles and self.holder_id in (None, holder_id)

    def named(self, holder_id: str) -> Party:
        """The same party with its holder."""
        return replace(self, holder_id=holder_id)


def party_of(predicate: Predicate) -> Party | None:
    """The party that makes the statement; None for the service's own."""
    match predicate:
        case Registration():
            return Party(ARTIST, predicate.artist_id)
        case Consent():
            return Party(ARTIST, None)
        case Withdrawal():
            return Party(ARTIST, None, "with-key" if predicate.reason == "artist" else "never")
        case Claim():
            return Party(CLAIMANT, predicate.claimant_id)
        case Response():
            return Party(CLAIMANT, predicate.party_id)
        case Resolution():
            return Party(AUDITOR, predicate.auditor_id, "always")
        case KeyRecord():  # the key ring decides which signatures it needs
            return Party(frozenset({predicate.role}), predicate.holder_id, "never")
        case _:
            return None
