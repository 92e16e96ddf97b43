"""Works that contest a claim, found by aligning them, whatever the index offered for the claimed picture.

Somebody can register so many near-duplicates that no other work is among a picture's nearest. So a claim's picture is
also aligned with the works that it names, with other artists' works that are known copies of the claimant's, and with
the nearest among other artists' works alone.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ledger.claim.measures import Measures
from ledger.claim.pictures import ALIGNED, WHOLE, Region, is_copy
from ledger.claim.registry import CLAIM_TYPES
from ledger.flows.pictures.measurements import evidence_text
from ledger.flows.pictures.verify import Verification
from ledger.flows.upkeep.calibrate import Published
from ledger.flows.works.subset import OthersWorks, TheseWorks
from ledger.match.calibration import VERIFIED
from ledger.match.candidate import CandidateIndex, Match, Query
from ledger.match.lists import COPY_RELATIONS
from ledger.record import predicates as record
from ledger.record.predicates import Claim
from ledger.storage.search.candidates import PgVectorIndex
from ledger.storage.works.works import WorkReader

COPY_OF_ANOTHERS = "copy-of-anothers"
SHOWS_ANOTHERS = "shows-anothers"
MOST = 20
"""Other artists' works that are looked at, the earliest registered of each of the claimant's first."""
Measured = dict[str, Any]
"""`finding`, `record_id` (of a registration), `evidence`."""


@dataclass(frozen=True, slots=True)
class Rivals:
    """Threads may share it."""

    verification: Callable[[], Verification]
    works: WorkReader
    index: PgVectorIndex
    measures: Measures

    def copies(self, claimants: Sequence[str]) -> list[Measured]:
        """Other artists' works that are known copies of these works of the claimant's."""
        found = self._contesting(claimants)
        records = self._records(found)
        return [
            {
                "evidence": {"relation": relation, "work_id": own},
                "finding": COPY_OF_ANOTHERS,
                "record_id": records[other],
            }
            for other, (own, relation) in found.items()
        ]

    def shown(
        self, claim: Claim, claimants: Sequence[str], picture: record.Verification, *, query: Query,
        calibrated: Published,
    ) -> Iterator[Measured]:  # fmt: skip
        """What the picture shows beyond what its `verification` matched: works that the claim names, and other
        artists' works, where the type of claim asks for that only those at the place of a work named."""
        in_place = CLAIM_TYPES[claim.claim_type].contested_by == "work-in-the-same-place"
        named = claim.works if in_place else ()
        matched = {work_id: match for match in picture.matches if is_copy(picture, match) for work_id in match.works}
        found = self._aligned(claim, [*named, *self._contesting(claimants)], query, calibrated)
        records = self._records(found)
        places = [_region(found[work_id]) for work_id in named if work_id in found]
        told = matched.keys() if matched.keys() >= set(named) else ()
        for work_id, match in found.items():
            if work_id in named:
                code = None if work_id in matched else ALIGNED
            elif match.artist_id == claim.claimant_id or work_id in told:
                code = None
            else:
                there = not named or any(_region(match).covers(place, self.measures.least_cover) for place in places)
                code = SHOWS_ANOTHERS if there else None
            if code is not None:
                evidence = None if match.evidence is None else evidence_text(match.evidence).model_dump(mode="json")
                yield {"evidence": evidence, "finding": code, "record_id": records[work_id]}

    def _contesting(self, work_ids: Sequence[str]) -> dict[str, tuple[str, str]]:
        """Others' works by id, with the work that each is a copy of, and how."""
        found: dict[str, tuple[str, str]] = {}
        for own, others in self.works.contests(work_ids).items():
            for other, relation in others.items():
                if len(found) < MOST:
                    found.setdefault(other, (own, relation))
        return found

    def _aligned(
        self, claim: Claim, work_ids: Collection[str], query: Query, calibrated: Published
    ) -> dict[str, Match]:
        """Verified copies of these works, and of the nearest among those that the claimant did not register."""
        wanted, state = list(dict.fromkeys(work_ids)), self.index.state()
        parts: list[CandidateIndex] = [OthersWorks(self.index, claim.claimant_id)]
        parts += [
            TheseWorks(self.index, wanted[start : start + VERIFIED], state) for start in range(0, len(wanted), VERIFIED)
        ]
        alpha, matcher = calibrated.calibration.alpha, self.verification().calibrations.matcher
        return {
            match.work_id: match
            for part in parts
            for match in matcher(part, calibrated).compare(query, 2 * VERIFIED)
            if match.relation in COPY_RELATIONS and match.p_value <= alpha
        }

    def _records(self, work_ids: Collection[str]) -> Mapping[str, str]:
        """Record ids of the works' registrations."""
        return {work_id: work.registration_record_id for work_id, work in self.works.works(work_ids).items()}


def _region(match: Match) -> Region:
    return WHOLE if match.evidence is None else Region.of(evidence_text(match.evidence).query_region)
