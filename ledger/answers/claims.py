"""What asking about a claim is answered with, in the shape that CLI and HTTP share (FORMAT.md, "Claims")."""

from __future__ import annotations

from typing import Literal

from ledger.answers.answer import Answer, JsonObject, Links
from ledger.answers.claim_clock import ClaimClock
from ledger.answers.claim_state import ClaimState
from ledger.claim.words import ClaimReason
from ledger.record.predicates import ClaimType, ClaimVerdict


class ClaimedWork(Answer):
    """A work that a claim names, with the names that records leave out; empty ones where they were erased."""

    work_id: str
    title: str
    artist_id: str
    artist: str
    withdrawn: bool


class VerdictAnswer(Answer):
    """What the published rules say of a claim."""

    record_id: str
    leaf_index: int
    appended_at: str
    verdict: ClaimVerdict
    because: str
    """Why, in one sentence; empty where the rules of the verdict are not known here."""
    contested: bool
    """Whether another artist registered the same."""
    reasons: tuple[ClaimReason, ...]
    rules: str
    replaces: str | None
    """Record id of the verdict before, whose place this one takes."""
    measured: tuple[JsonObject, ...]
    """`finding`, `record_id` and `evidence` of what was measured by comparing pictures."""


class StepAnswer(Answer):
    """A response or a resolution."""

    kind: Literal["response", "resolution"]
    record_id: str
    leaf_index: int
    appended_at: str
    party_id: str
    party: str
    """Name; empty where it was erased."""
    outcome: ClaimVerdict | None
    """Of a resolution: how the auditor decides."""
    text: str | None
    """null where it was erased."""
    signed: bool
    """Whether the party's own key signed it, beside the service."""


class ClaimAnswer(Answer):
    """A claim with everything that was said of it, in the order of the log."""

    claim_id: str
    """Record id of the claim."""
    claim_type: ClaimType
    claimant_id: str
    claimant: str
    image_sha256: str
    works: tuple[ClaimedWork, ...]
    model_id: str | None
    text: str | None
    leaf_index: int
    appended_at: str
    repeated: bool
    signed: bool
    """Whether the claimant's own key signed it, beside the service."""
    state: ClaimState
    """Where it stands."""
    clock: ClaimClock
    """The time that parties and auditors have."""
    verdict: VerdictAnswer | None
    """The newest; null only while the first one is being made."""
    verdicts: tuple[VerdictAnswer, ...]
    responses: tuple[StepAnswer, ...]
    resolutions: tuple[StepAnswer, ...]
    limits: tuple[str, ...]
    """What no verdict on such a claim can say."""
    links: Links


class ClaimPage(Answer):
    """Claims in the order of the log."""

    claims: tuple[ClaimAnswer, ...]
    next_after: int | None
    """Goes on (`after=`); null at the end."""


class DismissedClaims(Answer):
    """A claimant whose claims were contradicted again and again."""

    account_id: str
    name: str
    """Empty where it was erased."""
    claims: int


class ClaimStatistics(Answer):
    """How many claims stand where."""

    claims: int
    open: int
    """Nobody decided them, and there is time."""
    stands: int
    """The time has passed, and the verdict of the rules stands."""
    decided: int
    """By an auditor."""
    contested: int
    """Another artist registered the same."""
    overturned: int
    """An auditor decided otherwise than the rules, or than an auditor before."""
    answered: int
    """By somebody else than the claimant."""
    outcomes: dict[str, int]
    """By the newest outcome."""
    dismissed: tuple[DismissedClaims, ...]
    """Claimants with three or more claims that were contradicted."""
    answer_days: int
    """Days in which parties are asked to answer."""
    decide_days: int
    """Days in which auditors are asked to decide."""


def claim_links(claim_id: str) -> Links:
    return {
        "self": f"/v1/claims/{claim_id}",
        "bundle": f"/v1/claims/{claim_id}/bundle",
        "record": f"/v1/records/{claim_id}",
        "page": f"/claims/{claim_id}",
    }
