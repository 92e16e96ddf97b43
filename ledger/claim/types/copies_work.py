"""`copies-work`: the picture copies registered works of the claimant's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ledger.claim.case import Case, ClaimFinding, Exhibit
from ledger.claim.contests import contested, contests
from ledger.claim.definition import ClaimDefinition
from ledger.claim.measured import WORK_ALIGNED
from ledger.claim.measures import Measures
from ledger.claim.pictures import GeneratedPicture, ShownWork, generated_pictures, works_shown
from ledger.record.predicates import Registration


def _findings(case: Case, measures: Measures) -> Iterator[ClaimFinding]:
    shown, generated = works_shown(case, measures), generated_pictures(case, measures)
    by_work = {each.work.work_id: each for each in shown}
    aligned = {each.ref for each in case.measured if each.code == WORK_ALIGNED}
    registrations = list(case.of(Registration))
    for exhibit, work in registrations:
        if work.work_id not in case.claim.works:
            continue
        if work.artist_id != case.claim.claimant_id:
            yield ClaimFinding.of("not-own-work", exhibit.ref)
        named = by_work.get(work.work_id)
        missing = named is None and exhibit.ref not in aligned
        yield ClaimFinding.of("work-not-shown" if missing else "work-shown", exhibit.ref)
        yield from contests(exhibit, registrations, work.artist_id, measures)
        if named is not None:
            yield from _in_the_same_place(named, shown, measures)
        if not missing:
            yield from _generated_before(exhibit, generated)


def _in_the_same_place(named: ShownWork, shown: Iterable[ShownWork], measures: Measures) -> Iterator[ClaimFinding]:
    """Other artists' works where the picture shows the one named: nothing tells which of them was copied."""
    for each in shown:
        if each.work.artist_id != named.work.artist_id and each.region.covers(named.region, measures.least_cover):
            yield contested(each.registration, named.registration.leaf_index)


def _generated_before(registration: Exhibit, generated: Iterable[GeneratedPicture]) -> Iterator[ClaimFinding]:
    for picture in generated:
        if picture.exhibit.leaf_index < registration.leaf_index:
            code = "reported-before-work" if picture.is_reported else "made-here-before-work"
            yield ClaimFinding.of(code, picture.exhibit.ref)


DEFINITION = ClaimDefinition(
    name="copies-work",
    meaning="claims that this picture copies a registered work",
    findings=_findings,
    works="required",
    contested_by="work-in-the-same-place",
)
