"""Which relation of FORMAT.md holds between a query and a candidate, and which verdict follows from all of them."""

from __future__ import annotations

from collections.abc import Sequence

from ledger.match.lists import COPY_RELATIONS, Relation, Verdict
from ledger.match.types import Candidate, Match, Query


def certain_relation(query: Query, candidate: Candidate) -> Relation | None:
    """The relation that digests alone prove: same bytes before same pixels.

    The same pixels of a picture that is not comparable (blank, tiny) prove nothing: many such pictures are equal.
    """
    if query.sha256 == candidate.sha256:
        return Relation.EXACT
    if query.not_comparable is None and query.pixel_sha256 == candidate.pixel_sha256:
        return Relation.SAME_PIXELS
    return None


def verdict(matches: Sequence[Match], alpha: float, not_comparable: str | None) -> Verdict:
    """FORMAT.md: `copy` when one of the first four relations has p <= alpha, `style` when only similar-style has."""
    close = {match.relation for match in matches if match.p_value <= alpha}
    if close & COPY_RELATIONS:
        return Verdict.COPY
    if not_comparable is not None:
        return Verdict.NOT_COMPARABLE
    return Verdict.STYLE if close else Verdict.NONE
