"""Which registered works a claimed picture shows, and which generated pictures, as far as records alone say it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from ledger.claim.case import Case, Exhibit
from ledger.claim.measured import CONTAINS_GENERATED, SHOWS_GENERATED
from ledger.claim.measures import Measures
from ledger.match.alike import hashes_alike
from ledger.match.lists import COPY_RELATIONS, Relation, Verdict
from ledger.record.parts import MatchText, RegionText
from ledger.record.predicates import Asset, Generation, Registration, Verification

PROVEN = frozenset({Relation.EXACT, Relation.SAME_PIXELS})
Extent = Literal["whole", "part"]


@dataclass(frozen=True, slots=True)
class ExactRegion:
    """A rectangle in fractions of the picture."""

    left: Decimal = Decimal(0)
    top: Decimal = Decimal(0)
    right: Decimal = Decimal(1)
    bottom: Decimal = Decimal(1)

    @classmethod
    def of(cls, text: RegionText) -> ExactRegion:
        return cls(Decimal(text.left), Decimal(text.top), Decimal(text.right), Decimal(text.bottom))

    @property
    def area(self) -> Decimal:
        return max(Decimal(0), self.right - self.left) * max(Decimal(0), self.bottom - self.top)

    def covers(self, other: ExactRegion, least: Decimal) -> bool:
        """Whether at least this share of the other lies within this one."""
        within = ExactRegion(
            max(self.left, other.left),
            max(self.top, other.top),
            min(self.right, other.right),
            min(self.bottom, other.bottom),
        )
        return within.area >= least * other.area > 0


WHOLE = ExactRegion()


@dataclass(frozen=True, slots=True)
class ShownWork:
    """A registered work that the picture is, or shows."""

    registration: Exhibit
    work: Registration
    region: ExactRegion
    """Where in the picture."""
    proven: bool
    """By equal bytes or pixels, rather than by looks."""


@dataclass(frozen=True, slots=True)
class GeneratedPicture:
    """A generated picture that the claimed one is, or shows."""

    exhibit: Exhibit
    generation: Generation
    extent: Extent
    proven: bool
    """By equal bytes or pixels, rather than by looks."""

    @property
    def is_reported(self) -> bool:
        """An operator says so; this server did not generate it."""
        return self.generation.origin_of_image == "reported"


def works_shown(case: Case, measures: Measures) -> tuple[ShownWork, ...]:
    """In the order of their registration.

    Equal digests count whatever became of the work since: the leaf stays. Looks count where the verification matched
    the work at its stated error rate, or where the two records' hashes are as near as the rules want it.
    """
    picture = case.verification
    copies = {} if picture is None else _copies(picture)
    shown = []
    for exhibit, work in case.of(Registration):
        match = copies.get(work.work_id)
        if _equal(case, picture, exhibit, work):
            shown.append(ShownWork(exhibit, work, WHOLE, proven=True))
        elif match is not None:
            region = WHOLE if match.evidence is None else ExactRegion.of(match.evidence.query_region)
            shown.append(ShownWork(exhibit, work, region, proven=False))
        elif (
            picture is not None
            and _comparable(picture)
            and hashes_alike(work.fingerprint, picture.fingerprint, measures)
        ):
            shown.append(ShownWork(exhibit, work, WHOLE, proven=False))
    return tuple(shown)


def _copies(picture: Verification) -> dict[str, MatchText]:
    """Matches by work id; what is said of a work is said of everybody's registration of its picture."""
    return {work_id: match for match in reversed(picture.matches) if is_copy(picture, match) for work_id in match.works}


def is_copy(picture: Verification | Generation, match: MatchText) -> bool:
    """Proven, or verified at the record's own error rate."""
    if match.relation in PROVEN:
        return True
    return match.relation in COPY_RELATIONS and Decimal(match.p_value) <= Decimal(picture.attribution.alpha)


def generated_pictures(case: Case, measures: Measures) -> tuple[GeneratedPicture, ...]:
    """Generated pictures, in the order of their records; none where no picture was sent in."""
    picture = case.verification
    if picture is None:
        return ()
    files = {ref.record_id for exhibit, asset in case.of(Asset) if _is_file(exhibit, picture) for ref in asset.refs}
    measured = {(each.record_id, each.leaf_hash): each.code for each in case.measured}
    found = []
    for exhibit, generation in case.of(Generation):
        if exhibit.ref.record_id in files or generation.image.pixel_sha256 == picture.image.pixel_sha256:
            found.append(GeneratedPicture(exhibit, generation, "whole", proven=True))
            continue
        code = measured.get((exhibit.ref.record_id, exhibit.ref.leaf_hash))
        comparable = _comparable(picture) and _comparable(generation)
        if code == SHOWS_GENERATED or (
            comparable and hashes_alike(generation.fingerprint, picture.fingerprint, measures)
        ):
            found.append(GeneratedPicture(exhibit, generation, "whole", proven=False))
        elif code == CONTAINS_GENERATED:
            found.append(GeneratedPicture(exhibit, generation, "part", proven=False))
    return tuple(found)


def same_work(one: Exhibit, other: Exhibit, measures: Measures) -> bool:
    """Whether two registrations are of the same picture: equal bytes, equal pixels, or hashes that are alike."""
    first, second = one.statement.predicate, other.statement.predicate
    if not isinstance(first, Registration) or not isinstance(second, Registration):
        return False
    return (
        one.statement.subject_sha256 == other.statement.subject_sha256
        or first.pixel_sha256 == second.pixel_sha256
        or hashes_alike(first.fingerprint, second.fingerprint, measures)
    )


def _equal(case: Case, picture: Verification | None, exhibit: Exhibit, work: Registration) -> bool:
    if exhibit.statement.subject_sha256 == case.subject_sha256:
        return True
    return picture is not None and work.pixel_sha256 == picture.image.pixel_sha256


def _is_file(exhibit: Exhibit, picture: Verification) -> bool:
    return exhibit.statement.subject_sha256 == picture.image.sha256


def _comparable(picture: Verification | Generation) -> bool:
    return picture.verdict is not Verdict.NOT_COMPARABLE
