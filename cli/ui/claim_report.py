"""Claims, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.ui.output import Output, Tone

if TYPE_CHECKING:
    from ledger.answers.claims import ClaimAnswer, ClaimPage, StepAnswer, VerdictAnswer

_TONES: dict[str, Tone] = {"supported": "good", "contradicted": "bad", "inconclusive": "quiet"}


def show_claim(out: Output, claim: ClaimAnswer) -> None:
    """The state, the claim, its verdicts and responses from the newest on, and what no verdict can say."""
    state = claim.state
    out.line(f"{_mark(state.outcome)}{state.says}", "strong")
    own = "signed with their own key" if claim.signed else "entered on this machine, without their signature"
    out.line(f"Claim      {claim.claim_type} by {claim.claimant or claim.claimant_id} ({own})")
    out.line(f"           {claim.claim_id}, log entry {claim.leaf_index:,}", "quiet")
    out.line(f"Picture    {claim.image_sha256}")
    for work in claim.works:
        withdrawn = " (withdrawn)" if work.withdrawn else ""
        out.line(f"Work       {work.title or 'untitled'} by {work.artist or 'unknown'}{withdrawn}")
        out.line(f"           {work.work_id}", "quiet")
    if claim.model_id is not None:
        out.line(f"Model      {claim.model_id}")
    if claim.text is not None:
        out.line(f"           “{claim.text}”")
    out.line(f"Time       {claim.clock.says}")
    for step in _steps(claim):
        out.line()
        _show_step(out, claim, step)
    out.line()
    for limit in claim.limits:
        out.line(f"Limit      {limit}", "quiet")


def show_claims(out: Output, page: ClaimPage) -> None:
    rows = [
        (
            str(each.leaf_index),
            each.claim_type,
            each.claimant or "(name erased)",
            f"{_mark(each.state.outcome)}{each.state.says}",
            each.claim_id,
        )
        for each in page.claims
    ]
    out.table(("Entry", "Type", "By", "State", "Claim"), rows, right=("Entry",), ids=("Claim",))
    out.more(page.next_after)


def _steps(claim: ClaimAnswer) -> list[VerdictAnswer | StepAnswer]:
    """Resolutions, then verdicts, then responses; of each kind, the newest first."""
    return [*reversed(claim.resolutions), *reversed(claim.verdicts), *reversed(claim.responses)]


def _show_step(out: Output, claim: ClaimAnswer, step: VerdictAnswer | StepAnswer) -> None:
    from ledger.answers.claims import VerdictAnswer

    if isinstance(step, VerdictAnswer):
        flagged = ", contested" if step.contested else ""
        replaced = "" if step is claim.verdict else ", replaced by a later verdict"
        said = f"{_mark(step.verdict)}{step.verdict}{flagged} (log entry {step.leaf_index:,}{replaced})"
        out.line(f"Verdict    {said}", _TONES[step.verdict])
        out.line(f"           {step.because}")
        for reason in step.reasons:
            out.line(f"Because    {reason.text}")
            out.line(f"           record {reason.record_id}", "quiet")
        return
    said = f"“{step.text}”" if step.text is not None else "the text was erased"
    who = step.party or "(name erased)"
    head = "Response  " if step.outcome is None else f"Resolution {_mark(step.outcome)}{step.outcome}:"
    out.line(f"{head} {who}: {said} (log entry {step.leaf_index:,})")


def _mark(outcome: str | None) -> str:
    """A mark before the word of an outcome, so that outcomes differ without colour."""
    from ledger.claim.words import OUTCOME_MARKS

    return "" if outcome is None else f"{OUTCOME_MARKS[outcome]} "
