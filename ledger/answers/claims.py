"""What asking about a claim is answered with, in the shape that CLI and HTTP share (FORMAT.md, "Claims")."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ledger.answers.claim_state import ClaimState
from ledger.claim.words import ClaimReason
from ledger.record.predicates import ClaimType, ClaimVerdict


@dataclass(frozen=True, slots=True)
class ClaimedWork:
    """A work that a claim names, with the names that records leave out; empty ones where they were erased."""

    work_id: str
    title: str
    artist_id: str
    artist: str
    withdrawn: bool


@dataclass(frozen=True, slots=True)
class VerdictAnswer:
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
    measured: tuple[Mapping[str, Any], ...]
    """`finding`, `record_id` and `evidence` of what was measured by comparing pictures."""


@dataclass(frozen=True, slots=True)
class StepAnswer:
    """A response or a resolution."""

    kind: str
    record_id: str
    leaf_index: int
    appended_at: str
    party_id: str
    party: str
    """Name; empty where it was erased."""
    outcome: str | None
    """Of a resolution: how the auditor decides."""
    text: str | None
    """None where it was erased."""
    signed: bool
    """Whether the party's own key signed it, beside the service."""


@dataclass(frozen=True, slots=True)
class ClaimAnswer:
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
    verdict: VerdictAnswer | None
    """The newest; None only while the first one is being made."""
    verdicts: tuple[VerdictAnswer, ...]
    responses: tuple[StepAnswer, ...]
    resolutions: tuple[StepAnswer, ...]
    limits: tuple[str, ...]
    """What no verdict on such a claim can say."""
    links: Mapping[str, str]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class ClaimPage:
    """Claims in the order of the log; `next_after` continues (`after=`), None at the end."""

    claims: tuple[ClaimAnswer, ...]
    next_after: int | None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class StatementDraft:
    """A statement that its maker is to sign, and what opens its commitment."""

    record_id: str
    payload: bytes
    text: str | None
    text_key: str | None
    """In hex; to be sent in with the signed statement, and kept: it opens the record's `text`."""


def claim_links(claim_id: str) -> dict[str, str]:
    return {
        "self": f"/v1/claims/{claim_id}",
        "bundle": f"/v1/claims/{claim_id}/bundle",
        "record": f"/v1/records/{claim_id}",
        "page": f"/claims/{claim_id}",
    }
