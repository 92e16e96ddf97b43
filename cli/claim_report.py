"""Claims in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.output import Output, Tone

if TYPE_CHECKING:
    from ledger.flows.claim_answers import ClaimAnswer, ClaimPage, StepAnswer, VerdictAnswer

_TONES: dict[str, Tone] = {"supported": "good", "contradicted": "bad", "inconclusive": "quiet"}


def show_claim(out: Output, claim: ClaimAnswer) -> None:
    """The claim, then what was said of it in the order of the log, then what no verdict can say."""
    own = "signed with their own key" if claim.signed else "entered at this machine, without a signature of their own"
    out.line(f"Claim      {claim.claim_type} by {claim.claimant or claim.claimant_id} ({own})", "strong")
    out.line(f"           {claim.claim_id}, leaf {claim.leaf_index:,}")
    out.line(f"Picture    SHA-256 {claim.image_sha256}")
    for work in claim.works:
        withdrawn = ", withdrawn since" if work.withdrawn else ""
        out.line(f"Work       {work.title or 'untitled'} by {work.artist or 'unknown'} ({work.work_id}{withdrawn})")
    if claim.model_id is not None:
        out.line(f"Model      {claim.model_id}")
    if claim.text is not None:
        out.line(f"           “{claim.text}”")
    steps: list[VerdictAnswer | StepAnswer] = sorted(
        (*claim.verdicts, *claim.responses, *claim.resolutions), key=lambda each: each.leaf_index
    )
    for step in steps:
        out.line()
        _show_step(out, step)
    out.line()
    for limit in claim.limits:
        out.line(f"Not said   {limit}", "quiet")


def show_claims(out: Output, page: ClaimPage) -> None:
    rows = [
        (
            str(each.leaf_index),
            each.claim_id,
            each.claim_type,
            each.claimant or each.claimant_id,
            "" if each.verdict is None else each.verdict.verdict,
        )
        for each in page.claims
    ]
    out.table(("Leaf", "Claim", "Type", "By", "Verdict"), rows, right=("Leaf",))
    if page.next_after is not None:
        out.line(f"More: --after {page.next_after}", "quiet")


def _show_step(out: Output, step: VerdictAnswer | StepAnswer) -> None:
    from ledger.flows.claim_answers import VerdictAnswer

    if isinstance(step, VerdictAnswer):
        flagged = ", contested" if step.contested else ""
        out.line(f"Verdict    {step.verdict}{flagged} (leaf {step.leaf_index:,})", _TONES[step.verdict])
        out.line(f"           {step.because}")
        for reason in step.reasons:
            out.line(f"  because  {reason.text} [record {reason.record_id}]")
        return
    said = f"“{step.text}”" if step.text is not None else "the words were erased"
    who = step.party or step.party_id
    head = "Response  " if step.outcome is None else f"Resolution {step.outcome}:"
    out.line(f"{head} {who}: {said} (leaf {step.leaf_index:,})")
