"""`generated-by`: a model generated the picture."""

from __future__ import annotations

from collections.abc import Iterator

from ledger.claim.case import Case, ClaimFinding
from ledger.claim.definition import ClaimDefinition
from ledger.claim.measures import Measures
from ledger.claim.pictures import WHOLE, generated_pictures, works_shown


def _findings(case: Case, measures: Measures) -> Iterator[ClaimFinding]:
    whole = [each for each in works_shown(case, measures) if each.region.covers(WHOLE, measures.least_cover)]
    for picture in generated_pictures(case, measures):
        fits = case.claim.model is None or picture.generation.model == case.claim.model
        earlier = [each for each in whole if each.registration.leaf_index < picture.exhibit.leaf_index]
        if picture.is_reported:
            yield ClaimFinding.of("reported-by-model" if fits else "reported-by-other-model", picture.exhibit.ref)
        elif picture.extent == "part":
            yield ClaimFinding.of("part-made-here", picture.exhibit.ref)
        elif earlier and not picture.proven:
            yield from (ClaimFinding.of("registered-before-made", each.registration.ref) for each in earlier)
        else:
            yield ClaimFinding.of("made-by-model" if fits else "made-by-other-model", picture.exhibit.ref)


DEFINITION = ClaimDefinition(
    name="generated-by",
    meaning="claims that a model generated this picture",
    findings=_findings,
    model="optional",
    contested_by="no-work",
)
