"""Where a claim stands, in one line: what an auditor decided stands above what the rules say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from ledger.answers.answer import Answer
from ledger.claim.words import claim_meaning
from ledger.record.predicates import ClaimVerdict
from ledger.text import clean_text

if TYPE_CHECKING:
    from ledger.answers.claims import ClaimAnswer, StepAnswer, VerdictAnswer

NAME_LIMIT = 120


class ClaimState(Answer):
    """The newest resolution, else the newest verdict by the rules."""

    state: Literal["resolved", "judged", "pending"]
    """`resolved`, `judged`, or `pending` while the first verdict is being made."""
    outcome: ClaimVerdict | None = None
    """`supported`, `contradicted` or `inconclusive`; null while pending."""
    party_id: str | None = None
    """The auditor who resolved it."""
    party: str = ""
    """The auditor's name; empty where nobody resolved it, or the name was erased."""
    record_id: str | None = None
    appended_at: str | None = None
    says: str
    """All of it in words."""


def claim_state(verdicts: Sequence[VerdictAnswer], resolutions: Sequence[StepAnswer]) -> ClaimState:
    """Both in the order of the log."""
    if resolutions:
        return _resolved(resolutions, verdicts[-1] if verdicts else None)
    if not verdicts:
        return ClaimState(state="pending", says="no verdict yet")
    last = verdicts[-1]
    return ClaimState(
        state="judged",
        outcome=last.verdict,
        record_id=last.record_id,
        appended_at=last.appended_at,
        says=f"{last.verdict} by the published rules",
    )


def _resolved(resolutions: Sequence[StepAnswer], verdict: VerdictAnswer | None) -> ClaimState:
    last = resolutions[-1]
    by = clean_text(last.party, NAME_LIMIT) or "an auditor whose name was erased"
    says = f"resolved: {last.outcome} by {by}"
    others = [each for each in resolutions[:-1] if each.party_id != last.party_id and each.outcome != last.outcome]
    if others:
        before = clean_text(others[-1].party, NAME_LIMIT) or "another auditor"
        says += f"; before that, {others[-1].outcome} by {before}"
    if verdict is not None and verdict.leaf_index > last.leaf_index and verdict.verdict != last.outcome:
        says += f"; with evidence that came later, the published rules say {verdict.verdict}"
    return ClaimState(
        state="resolved",
        outcome=last.outcome,
        party_id=last.party_id,
        party=last.party,
        record_id=last.record_id,
        appended_at=last.appended_at,
        says=says,
    )


def claim_note(claim: ClaimAnswer) -> str:
    """The claim and where it stands, as a line under the headline of its picture."""
    who = clean_text(claim.claimant, NAME_LIMIT) or "Somebody whose name was erased"
    return f"{who} {claim_meaning(claim.claim_type)} ({claim.state.says})."
