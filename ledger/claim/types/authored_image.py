"""`authored-image`: the claimant made the picture themselves."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from ledger.claim.case import Case, ClaimFinding
from ledger.claim.contests import contested
from ledger.claim.definition import ClaimDefinition
from ledger.claim.measures import Measures
from ledger.claim.pictures import WHOLE, GeneratedPicture, generated_pictures, works_shown


def _findings(case: Case, measures: Measures) -> Iterator[ClaimFinding]:
    shown = works_shown(case, measures)
    own = [each for each in shown if each.work.artist_id == case.claim.claimant_id]
    whole = [each for each in own if each.region.covers(WHOLE, measures.least_cover)]
    for each in own:
        yield ClaimFinding.of("own-work" if each in whole else "own-work-in-part", each.registration.ref)
    first = min((each.registration.leaf_index for each in own), default=None)
    for each in shown:
        if each.work.artist_id != case.claim.claimant_id:
            yield contested(each.registration, first)
    registered = min((each.registration.leaf_index for each in whole), default=None)
    files = {case.subject_sha256} | {each.registration.statement.subject_sha256 for each in whole}
    for picture in generated_pictures(case, measures):
        yield ClaimFinding.of(_generated(case, picture, registered, files), picture.exhibit.ref)


def _generated(case: Case, picture: GeneratedPicture, registered: int | None, files: Collection[str]) -> str:
    """What a generated picture means for the claim; one that an operator reported never decides it.

    `registered`: the leaf index at which the claimant first registered the picture. `files`: digests of its file and
    of the claimant's.
    """
    later = registered is not None and registered < picture.exhibit.leaf_index
    if picture.is_reported:
        return "reported-made-later" if later else "reported-made"
    if picture.extent == "part":
        return "part-made-here"
    if later:
        return "made-here-later"
    models = {ref.record_id for ref in picture.generation.refs}
    repeated = any(each.listed and each.model_record_id in models and each.sha256 in files for each in case.listings)
    # The model may have repeated a picture that it was trained on; but not the very file that the server generated.
    return "made-here-after-training" if repeated and not picture.proven else "made-here"


DEFINITION = ClaimDefinition(name="authored-image", meaning="claims to have made this picture", findings=_findings)
