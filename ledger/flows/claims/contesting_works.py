"""Works that contest a claim, found by aligning pictures, even if the index did not offer them.

Somebody can register so many near-duplicates that no other work is among a picture's nearest. So a claim's picture is
also aligned with the works that it names, with other artists' known copies of the claimant's works, and with the
nearest works of other artists alone.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ledger.claim.measured import COPY_OF_ANOTHERS, SHOWS_ANOTHERS, WORK_ALIGNED
from ledger.claim.measures import Measures
from ledger.claim.pictures import WHOLE, ExactRegion, is_copy
from ledger.claim.registry import CLAIM_TYPES
from ledger.flows.claims.claimed_picture import ClaimedPicture
from ledger.flows.claims.exhibits import Measurement
from ledger.flows.pictures.measurements import evidence_text
from ledger.flows.pictures.verify import Verifying
from ledger.flows.works.subset import OthersWorks, TheseWorks
from ledger.match.calibration import VERIFIED
from ledger.match.candidate import CandidateIndex, Match
from ledger.match.lists import COPY_RELATIONS
from ledger.record.predicates import Claim
from ledger.storage.search.candidates import PgVectorIndex
from ledger.storage.works.works import WorkReader

MOST_WORKS = 20
"""How many works of other artists are compared: for each work of the claimant, the earliest registered first."""


@dataclass(frozen=True, slots=True)
class ContestingWorks:
    """Threads may share it."""

    verification: Callable[[], Verifying]
    works: WorkReader
    index: PgVectorIndex
    measures: Measures

    def copies(self, claimants: Sequence[str]) -> list[Measurement]:
        """Other artists' works that are known copies of these works of the claimant."""
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

    def shown(self, claim: Claim, claimants: Sequence[str], sent: ClaimedPicture) -> Iterator[Measurement]:
        """What the picture shows beyond the matches of its `verification`: works that the claim names, and works of
        other artists. Where the type of claim requires it, only those at the same place as a named work count."""
        in_place = CLAIM_TYPES[claim.claim_type].contested_by == "work-in-the-same-place"
        named = claim.works if in_place else ()
        picture = sent.verification
        matched = {work_id: match for match in picture.matches if is_copy(picture, match) for work_id in match.works}
        found = self._aligned(claim, [*named, *self._contesting(claimants)], sent)
        records = self._records(found)
        places = [_region(found[work_id]) for work_id in named if work_id in found]
        told = matched.keys() if matched.keys() >= set(named) else ()
        for work_id, match in found.items():
            if work_id in named:
                code = None if work_id in matched else WORK_ALIGNED
            elif match.artist_id == claim.claimant_id or work_id in told:
                code = None
            else:
                there = not named or any(_region(match).covers(place, self.measures.least_cover) for place in places)
                code = SHOWS_ANOTHERS if there else None
            if code is not None:
                evidence = None if match.evidence is None else evidence_text(match.evidence).model_dump(mode="json")
                yield {"evidence": evidence, "finding": code, "record_id": records[work_id]}

    def _contesting(self, work_ids: Sequence[str]) -> dict[str, tuple[str, str]]:
        """Works of others by id, with the work that each is a copy of, and the evidence."""
        found: dict[str, tuple[str, str]] = {}
        for own, others in self.works.contests(work_ids).items():
            for other, relation in others.items():
                if len(found) < MOST_WORKS:
                    found.setdefault(other, (own, relation))
        return found

    def _aligned(self, claim: Claim, work_ids: Collection[str], sent: ClaimedPicture) -> dict[str, Match]:
        """Verified copies among these works, and among the nearest works that the claimant did not register."""
        wanted, state = list(dict.fromkeys(work_ids)), self.index.state()
        parts: list[CandidateIndex] = [OthersWorks(self.index, claim.claimant_id)]
        parts += [
            TheseWorks(self.index, wanted[start : start + VERIFIED], state) for start in range(0, len(wanted), VERIFIED)
        ]
        alpha, matcher = sent.calibrated.calibration.alpha, self.verification().calibrations.matcher
        return {
            match.work_id: match
            for part in parts
            for match in matcher(part, sent.calibrated).compare(sent.query, 2 * VERIFIED)
            if match.relation in COPY_RELATIONS and match.p_value <= alpha
        }

    def _records(self, work_ids: Collection[str]) -> Mapping[str, str]:
        """Record ids of the works' registrations."""
        return {work_id: work.registration_record_id for work_id, work in self.works.works(work_ids).items()}


def _region(match: Match) -> ExactRegion:
    return WHOLE if match.evidence is None else ExactRegion.of(evidence_text(match.evidence).query_region)
