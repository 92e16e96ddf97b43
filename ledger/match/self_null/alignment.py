"""Aligns a work that stands for an unrelated picture with its candidates."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from ledger.fingerprint.query_pictures import other_picture
from ledger.image.canonical_image import Pixels
from ledger.match.candidate import WorkPicture
from ledger.match.geometry.verification import GeometryRule, QueryGeometry, verify_all
from ledger.match.self_null.scores import NearWork, NullQuery


def aligned(
    query: NullQuery,
    picture: Pixels | None,
    near: Sequence[NearWork],
    works: Mapping[str, WorkPicture],
    rule: GeometryRule,
) -> dict[tuple[str, str], float | None]:
    """The log Bayes factor of each pair (query, work); None where alignment finds nothing or a picture is missing."""
    found: dict[tuple[str, str], float | None] = {(query.work_id, work.work_id): None for work in near}
    if picture is None:
        return found
    beside = other_picture(picture)
    asked = [QueryGeometry(each) for each in (picture, *(() if beside is None else (beside[1],)))]
    shown = [(work.work_id, _view(works[work.work_id], work)) for work in near if work.work_id in works]
    pairs = [(work_id, geometry, view) for work_id, view in shown for geometry in asked]
    for number, verified in verify_all(pairs, rule).items():
        key = query.work_id, pairs[number][0]
        found[key] = max(found[key] or -math.inf, verified.log_bayes_factor)
    return found


def _view(picture: WorkPicture, work: NearWork) -> WorkPicture:
    return picture.second or picture if work.second else picture
