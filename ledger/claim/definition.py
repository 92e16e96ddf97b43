"""What a type of claim consists of. Each file in `ledger/claim/types` has one of these, its `DEFINITION`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from ledger.claim.case import Case, ClaimFinding
from ledger.claim.measures import Measures
from ledger.record.claim_values import ClaimType


@dataclass(frozen=True, slots=True)
class ClaimDefinition:
    """A type of claim: what it needs, what contests it, what is found out about it, and its words."""

    name: ClaimType
    meaning: str
    """What somebody claims, in words that follow the claimant's name."""
    findings: Callable[[Case, Measures], Iterator[ClaimFinding]]
    """What the records of a case show. The codes are those that the published rules define."""
    works: Literal["required", "optional"] = "optional"
    """Whether a claim must name works; it names the claimant's own."""
    model: Literal["required", "optional", "refused"] = "refused"
    picture: Literal["required", "optional"] = "required"
    """Optional: without a picture the claim is about the file of the first work that it names."""
    contested_by: Literal["any-work", "work-in-the-same-place", "no-work"] = "any-work"
    """Which other artist's registered work contests the claim when the picture shows it: any; one that is where the
    works named are; none."""
    since_rules: int = 1
    """The first version of the published rules that judges such claims."""
