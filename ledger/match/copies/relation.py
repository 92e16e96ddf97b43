"""Which relation equal digests prove between a query and a candidate."""

from __future__ import annotations

from ledger.match.candidate import Candidate, Query
from ledger.match.lists import Relation


def certain_relation(query: Query, candidate: Candidate) -> Relation | None:
    """The relation that digests alone prove: same bytes before same pixels.

    Equal pixels of a picture that is not comparable (blank, tiny) prove nothing, because many such pictures are equal.
    """
    if query.sha256 == candidate.sha256:
        return Relation.EXACT
    if query.not_comparable is None and query.pixel_sha256 == candidate.pixel_sha256:
        return Relation.SAME_PIXELS
    return None
