"""From evidence to a verdict: findings are made from the records, then the published rules are applied to them.

A pure function of the case: the service decides by it, and an auditor with the same records comes to the same verdict.
Registrations carry no weight by their order: whoever registered first did not thereby make first. So another's
registration of the same picture only makes a claim contested, for both of them, whoever was first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import assert_never

from ledger.claim.case import Case, Decision, Exhibit, Finding
from ledger.claim.pictures import ALIGNED, WHOLE, Made, Shown, pictures_made, same_work, works_shown
from ledger.claim.rules import ClaimRules, Measures
from ledger.match.lists import Verdict
from ledger.record.predicates import ModelRecord, Registration


def decide(case: Case, rules: ClaimRules) -> Decision:
    """The verdict that follows from the case, with every finding that it rests on or that bears on it."""
    findings = tuple(sorted(set(_findings(case, rules))))
    rule = rules.rule_for(case.claim.claim_type, {finding.code for finding in findings})
    return Decision(rule.verdict, rule.id, rule.because, findings)


def _findings(case: Case, rules: ClaimRules) -> Iterator[Finding]:
    measures = rules.measures
    yield from (each for each in case.measured if each.code in rules.measured)
    picture = case.verification
    if case.picture is not None and picture is not None and picture.verdict is Verdict.NOT_COMPARABLE:
        yield Finding.of("not-comparable", case.picture.ref)
    match case.claim.claim_type:
        case "authored-image":
            yield from _authored(case, works_shown(case, measures), pictures_made(case, measures), measures)
        case "copies-work":
            yield from _copies(case, works_shown(case, measures), pictures_made(case, measures), measures)
        case "generated-by":
            yield from _generated(case, works_shown(case, measures), pictures_made(case, measures), measures)
        case "trained-on":
            yield from _trained(case, measures)
        case unknown:
            assert_never(unknown)


def _authored(case: Case, shown: tuple[Shown, ...], made: tuple[Made, ...], measures: Measures) -> Iterator[Finding]:
    own = [each for each in shown if each.work.artist_id == case.claim.claimant_id]
    others = [each for each in shown if each.work.artist_id != case.claim.claimant_id]
    whole = [each for each in own if each.region.covers(WHOLE, measures.least_cover)]
    for each in own:
        yield Finding.of("own-work" if each in whole else "own-work-in-part", each.registration.ref)
    first = min((each.registration.leaf_index for each in own), default=None)
    for each in others:
        yield Finding.of(_contested(each.registration, first), each.registration.ref)
    registered = min((each.registration.leaf_index for each in whole), default=None)
    files = {case.subject_sha256} | {each.registration.statement.subject_sha256 for each in whole}
    for picture in made:
        yield Finding.of(_authored_here(case, picture, registered, files), picture.exhibit.ref)


def _authored_here(case: Case, made: Made, registered: int | None, files: set[str]) -> str:
    """What a generated picture means for a claim to have made it oneself. Reported ones never decide."""
    later = registered is not None and registered < made.exhibit.leaf_index
    if made.generation.origin_of_image == "reported":
        return "reported-made-later" if later else "reported-made"
    if made.extent == "part":
        return "part-made-here"
    if later:
        return "made-here-later"
    models = {ref.record_id for ref in made.generation.refs}
    repeated = any(each.listed and each.model_record_id in models and each.sha256 in files for each in case.listings)
    # A very file that the server made was not on any list that its model was trained on.
    return "made-here-after-training" if repeated and not made.proven else "made-here"


def _copies(case: Case, shown: tuple[Shown, ...], made: tuple[Made, ...], measures: Measures) -> Iterator[Finding]:
    by_work = {each.work.work_id: each for each in shown}
    aligned = {each.ref for each in case.measured if each.code == ALIGNED}
    registrations = list(case.of(Registration))
    for exhibit, work in registrations:
        if work.work_id not in case.claim.works:
            continue
        if work.artist_id != case.claim.claimant_id:
            yield Finding.of("not-own-work", exhibit.ref)
        named = by_work.get(work.work_id)
        missing = named is None and exhibit.ref not in aligned
        yield Finding.of("work-not-shown" if missing else "work-shown", exhibit.ref)
        yield from _contests(exhibit, registrations, work.artist_id, measures)
        if named is not None:
            yield from _same_place(named, shown, measures)
        if not missing:
            yield from _made_before(exhibit, made)


def _same_place(named: Shown, shown: tuple[Shown, ...], measures: Measures) -> Iterator[Finding]:
    """Another artist's work that the picture shows where it shows the one named: which was copied is not to be seen."""
    for each in shown:
        if each.work.artist_id != named.work.artist_id and each.region.covers(named.region, measures.least_cover):
            yield Finding.of(_contested(each.registration, named.registration.leaf_index), each.registration.ref)


def _made_before(registration: Exhibit, made: tuple[Made, ...]) -> Iterator[Finding]:
    for picture in made:
        if picture.exhibit.leaf_index < registration.leaf_index:
            reported = picture.generation.origin_of_image == "reported"
            yield Finding.of("reported-before-work" if reported else "made-here-before-work", picture.exhibit.ref)


def _generated(case: Case, shown: tuple[Shown, ...], made: tuple[Made, ...], measures: Measures) -> Iterator[Finding]:
    whole = [each for each in shown if each.region.covers(WHOLE, measures.least_cover)]
    for picture in made:
        fits = case.claim.model is None or picture.generation.model == case.claim.model
        earlier = [each for each in whole if each.registration.leaf_index < picture.exhibit.leaf_index]
        if picture.generation.origin_of_image == "reported":
            yield Finding.of("reported-by-model" if fits else "reported-by-other-model", picture.exhibit.ref)
        elif picture.extent == "part":
            yield Finding.of("part-made-here", picture.exhibit.ref)
        elif earlier and not picture.proven:
            yield from (Finding.of("registered-before-made", each.registration.ref) for each in earlier)
        else:
            yield Finding.of("made-by-model" if fits else "made-by-other-model", picture.exhibit.ref)


def _trained(case: Case, measures: Measures) -> Iterator[Finding]:
    registrations = list(case.of(Registration))
    named = [(exhibit, work) for exhibit, work in registrations if work.work_id in case.claim.works]
    for exhibit, work in named:
        if work.artist_id != case.claim.claimant_id:
            yield Finding.of("not-own-work", exhibit.ref)
        yield from _contests(exhibit, registrations, work.artist_id, measures)
    if not named:
        for each in works_shown(case, measures):
            if each.work.artist_id != case.claim.claimant_id:
                yield Finding.of("registered-by-another", each.registration.ref)
    models = [
        exhibit for exhibit, model in case.of(ModelRecord)
        if case.claim.model is not None and model.model_id == case.claim.model.model_id
    ]  # fmt: skip
    files = [exhibit.statement.subject_sha256 for exhibit, _ in named] or [case.subject_sha256]
    for sha256 in files:
        yield from _listed(case, models, sha256)


def _listed(case: Case, models: Iterable[Exhibit], sha256: str) -> Iterator[Finding]:
    """Every list that the model ever disclosed counts: a later one without the work does not undo an earlier one."""
    answers = {each.model_record_id: each.listed for each in case.listings if each.sha256 == sha256}
    listing = [each for each in models if answers.get(each.ref.record_id)]
    yield from (Finding.of("listed", each.ref) for each in listing)
    if not listing:
        for each in models:
            code = "not-listed" if each.ref.record_id in answers else "undisclosed"
            yield Finding.of(code, each.ref)


def _contests(
    registration: Exhibit, all_of_them: Iterable[tuple[Exhibit, Registration]], artist_id: str, measures: Measures
) -> Iterator[Finding]:
    """Other artists' registrations of the same work."""
    for exhibit, work in all_of_them:
        if work.artist_id != artist_id and same_work(registration, exhibit, measures):
            yield Finding.of(_contested(exhibit, registration.leaf_index), exhibit.ref)


def _contested(other: Exhibit, own_index: int | None) -> str:
    if own_index is None:
        return "registered-by-another"
    return "contested-earlier" if other.leaf_index < own_index else "contested-later"
