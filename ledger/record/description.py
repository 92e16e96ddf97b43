"""One sentence for a record of any kind: the `reference` of every answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

from ledger.match.words import NAME_LIMIT, Names, describe_work, lower_first
from ledger.record.predicates import (
    Asset,
    CalibrationRecord,
    Claim,
    ClaimVerdictRecord,
    Consent,
    DomainRecord,
    Finding,
    Generation,
    KeyRecord,
    ModelRecord,
    Predicate,
    Registration,
    Resolution,
    Response,
    Usage,
    Verification,
    Withdrawal,
)
from ledger.record.reference import reference_sentence
from ledger.record.statement import Statement
from ledger.text import clean_text

People = Mapping[str, str]
"""Names of accounts and artists by id; empty or missing if unknown or erased."""
_NOBODY: People = {}


def parties(predicate: Predicate) -> tuple[str, ...]:
    """Ids of the people that a record names, apart from the artists of its works."""
    match predicate:
        case KeyRecord() | DomainRecord():
            return (predicate.holder_id,)
        case Claim():
            return (predicate.claimant_id,)
        case Response():
            return (predicate.party_id,)
        case Resolution():
            return (predicate.auditor_id,)
        case Usage():
            return (predicate.artist_id,)
        case _:
            return ()


def describe_record(statement: Statement, names: Names | None = None, people: People = _NOBODY) -> str:
    """Says only what the record states. Works and people without a name are shown by id."""
    predicate = statement.predicate
    match predicate:
        case Verification():
            return reference_sentence(predicate, names)
        case Generation():
            origin = "that this server made" if predicate.origin_of_image == "service" else "reported as generated"
            return f"A picture {origin}: {lower_first(reference_sentence(predicate, names))}"
        case Registration():
            uses = ", ".join(predicate.allowed_uses) or "no use"
            work = describe_work(predicate.work_id, predicate.artist_id, names(predicate.work_id) if names else None)
            return f"Registered: {work}; licence {predicate.licence}, allowed uses: {uses}."
        case Consent():
            uses = ", ".join(predicate.allowed_uses) or "no use"
            work = _work(predicate.work_id, names)
            return f"New terms for {work}: licence {predicate.licence}, allowed uses: {uses}."
        case Withdrawal():
            work = _work(predicate.work_id, names)
            return f"Withdrawn ({predicate.reason}): {work}; it is compared with nothing from here on."
        case KeyRecord():
            who = people.get(predicate.holder_id)
            holder = f"{clean_text(who, NAME_LIMIT)} ({predicate.role})" if who else f"role {predicate.role}"
            return f"Key {statement.subject_sha256} of {holder}: {predicate.event}."
        case CalibrationRecord():
            strangers = sum(each.n for each in predicate.bins)
            return (
                f"Error rates measured with {strangers:,} unrelated pictures against {predicate.corpus.works:,} works."
            )
        case _:
            return _describe_rest(predicate, people)


def _describe_rest(
    predicate: ModelRecord
    | Asset
    | Claim
    | ClaimVerdictRecord
    | Response
    | Resolution
    | Usage
    | Finding
    | DomainRecord,
    people: People,
) -> str:
    match predicate:
        case ModelRecord():
            return f"Model {predicate.model_id}: its training works are {predicate.manifest_status}."
        case Asset():
            return "The delivered file of a generated picture."
        case Claim():
            who = _person(predicate.claimant_id, people)
            return f"A claim ({predicate.claim_type}) by {who}; a claim is no finding."
        case ClaimVerdictRecord():
            return f"By the published rules the claim is {predicate.verdict}."
        case Response():
            return f"A response to the claim by {_person(predicate.party_id, people)}."
        case Resolution():
            return f"Auditor {_person(predicate.auditor_id, people)} resolved the claim as {predicate.outcome}."
        case Usage():
            artist = people.get(predicate.artist_id)
            who = clean_text(artist, NAME_LIMIT) if artist else f"artist {predicate.artist_id}"
            return f"How often works of {who} came up: counts, not debts."
        case DomainRecord():
            return f"A domain names {_person(predicate.holder_id, people)} as its holder ({predicate.method})."
        case Finding():
            return f"A picture that model {predicate.model.model_id} made was compared with work {predicate.work}."
        case _:
            assert_never(predicate)


def _person(party_id: str, people: People) -> str:
    name = people.get(party_id)
    return clean_text(name, NAME_LIMIT) if name else party_id


def _work(work_id: str, names: Names | None) -> str:
    known = None if names is None else names(work_id)
    erased = known is None or not (known.title or known.artist)
    return f"work {work_id}" if erased else describe_work(work_id, "", known)
