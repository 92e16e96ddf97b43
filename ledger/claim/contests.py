"""Findings that another artist registered the same work. They make the claims of both artists contested.

The order of registrations has no weight: registering first does not prove authorship.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ledger.claim.case import ClaimFinding, Exhibit
from ledger.claim.measures import Measures
from ledger.claim.pictures import same_work
from ledger.record.predicates import Registration


def contested(other: Exhibit, own_index: int | None) -> ClaimFinding:
    """Another artist's registration. `own_index`: the leaf index of the claimant's own; None without one."""
    if own_index is None:
        code = "registered-by-another"
    else:
        code = "contested-earlier" if other.leaf_index < own_index else "contested-later"
    return ClaimFinding.of(code, other.ref)


def contests(
    registration: Exhibit, registrations: Iterable[tuple[Exhibit, Registration]], artist_id: str, measures: Measures
) -> Iterator[ClaimFinding]:
    """The registrations by other artists, among all of a case, that are of the same work."""
    for exhibit, work in registrations:
        if work.artist_id != artist_id and same_work(registration, exhibit, measures):
            yield contested(exhibit, registration.leaf_index)
