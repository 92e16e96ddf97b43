"""Aligns a work that stands for an unrelated picture with its candidates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ledger.image.canonical_image import Pixels
from ledger.match.candidate import WorkPicture
from ledger.match.geometry.verification import GeometryRule, QueryGeometry
from ledger.match.self_null.scores import NearWork, NullQuery


def aligned(
    query: NullQuery,
    picture: Pixels | None,
    near: Sequence[NearWork],
    works: Mapping[str, WorkPicture],
    rule: GeometryRule,
) -> dict[tuple[str, str], float | None]:
    """The log Bayes factor of each pair (query, work); None where alignment finds nothing or a picture is missing."""
    geometry = None if picture is None else QueryGeometry(picture)
    found: dict[tuple[str, str], float | None] = {}
    for work in near:
        shown = works.get(work.work_id)
        if shown is not None and work.second:
            shown = shown.second or shown
        verified = None if geometry is None or shown is None else geometry.verify(shown, rule)
        found[query.work_id, work.work_id] = None if verified is None else verified.log_bayes_factor
    return found
