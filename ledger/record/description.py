"""One sentence for a record of any kind: the `reference` of every answer."""

from __future__ import annotations

from typing import assert_never

from ledger.record.predicates import (
    Asset,
    CalibrationRecord,
    Claim,
    ClaimVerdictRecord,
    Consent,
    Finding,
    Generation,
    KeyRecord,
    ModelRecord,
    Registration,
    Resolution,
    Response,
    Usage,
    Verification,
    Withdrawal,
)
from ledger.record.reference import Names, describe_work, reference_sentence
from ledger.record.statement import Statement


def describe_record(statement: Statement, names: Names | None = None) -> str:
    """Says what the record states and nothing beyond it; without `names` works go by their ids."""
    predicate = statement.predicate
    match predicate:
        case Verification() | Generation():
            return reference_sentence(predicate, names)
        case Registration():
            uses = ", ".join(predicate.allowed_uses) or "no use"
            work = describe_work(predicate.work_id, predicate.artist_id, names)
            return f"Registered: {work}; licence {predicate.licence}, allowed uses: {uses}."
        case Consent():
            uses = ", ".join(predicate.allowed_uses) or "no use"
            return f"New terms for work {predicate.work_id}: licence {predicate.licence}, allowed uses: {uses}."
        case Withdrawal():
            return (
                f"Withdrawn ({predicate.reason}): work {predicate.work_id}; it is compared with nothing from here on."
            )
        case KeyRecord():
            return f"Key {statement.subject_sha256} of role {predicate.role}: {predicate.event}."
        case CalibrationRecord():
            strangers = sum(each.n for each in predicate.bins)
            return (
                f"Error rates measured with {strangers:,} unrelated pictures against {predicate.corpus.works:,} works."
            )
        case _:
            return _describe_rest(predicate)


def _describe_rest(
    predicate: ModelRecord | Asset | Claim | ClaimVerdictRecord | Response | Resolution | Usage | Finding,
) -> str:
    match predicate:
        case ModelRecord():
            return f"Model {predicate.model_id}: its training works are {predicate.manifest_status}."
        case Asset():
            return "The file that was handed out for a generated picture."
        case Claim():
            return f"A claim ({predicate.claim_type}) by {predicate.claimant_id}; a claim is no finding."
        case ClaimVerdictRecord():
            return f"By the published rules the claim is {predicate.verdict}."
        case Response():
            return f"A response to the claim by {predicate.party_id}."
        case Resolution():
            return f"Auditor {predicate.auditor_id} resolved the claim as {predicate.outcome}."
        case Usage():
            return f"How often works of artist {predicate.artist_id} came up: counts, not debts."
        case Finding():
            return f"A picture that model {predicate.model.model_id} made was compared with work {predicate.work}."
        case _:
            assert_never(predicate)
