"""`trained-on`: a model was trained on registered works of the claimant's, or on the picture."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ledger.claim.case import Case, ClaimFinding, Exhibit
from ledger.claim.contests import contested, contests
from ledger.claim.definition import ClaimDefinition
from ledger.claim.measures import Measures
from ledger.claim.pictures import works_shown
from ledger.record.predicates import ModelRecord, Registration


def _findings(case: Case, measures: Measures) -> Iterator[ClaimFinding]:
    registrations = list(case.of(Registration))
    named = [(exhibit, work) for exhibit, work in registrations if work.work_id in case.claim.works]
    for exhibit, work in named:
        if work.artist_id != case.claim.claimant_id:
            yield ClaimFinding.of("not-own-work", exhibit.ref)
        yield from contests(exhibit, registrations, work.artist_id, measures)
    if not named:
        for each in works_shown(case, measures):
            if each.work.artist_id != case.claim.claimant_id:
                yield contested(each.registration, None)
    models = [
        exhibit for exhibit, model in case.of(ModelRecord)
        if case.claim.model is not None and model.model_id == case.claim.model.model_id
    ]  # fmt: skip
    for sha256 in [exhibit.statement.subject_sha256 for exhibit, _ in named] or [case.subject_sha256]:
        yield from _listed(case, models, sha256)


def _listed(case: Case, models: Iterable[Exhibit], sha256: str) -> Iterator[ClaimFinding]:
    """Every list that the model ever disclosed counts: a later one without the file does not undo an earlier one."""
    answers = {each.model_record_id: each.listed for each in case.listings if each.sha256 == sha256}
    listing = [each for each in models if answers.get(each.ref.record_id)]
    yield from (ClaimFinding.of("listed", each.ref) for each in listing)
    if not listing:
        for each in models:
            yield ClaimFinding.of("not-listed" if each.ref.record_id in answers else "undisclosed", each.ref)


DEFINITION = ClaimDefinition(
    name="trained-on",
    meaning="claims that a model was trained on this work",
    findings=_findings,
    model="required",
    picture="optional",
)
