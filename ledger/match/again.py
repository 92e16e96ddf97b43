"""Which of the pictures that were made here a picture shows: the rule by which generated pictures are found again.

A kept picture is found when geometry verifies it in the query, by the rule that works are verified by, or when its
pHash is within PHASH_RADIUS bits of that of one of the query's views: of flat and heavily compressed pictures a hash is
all that is left. No p-value goes with it: strangers are measured against the corpus of works, not against pictures made
here. `tests/benchmarks/found_again.py` measures how many copies are found, and how many strangers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ledger.fingerprint.types import Fingerprint
from ledger.match.block import FingerprintBlock
from ledger.match.calibration import VERIFIED
from ledger.match.geometry import QueryGeometry, Verified
from ledger.match.lists import Relation
from ledger.match.null_set import shipped_null_set
from ledger.match.ranking import shipped_ranking
from ledger.match.score import QueryBlock, features, levels
from ledger.match.types import Evidence, Query, WorkPicture

PHASH_RADIUS = 20
"""Of 1,632 pictures of the null set none is as near to any of 1,955 open works; the first one is at 30 bits."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A picture that may be found again."""

    key: str
    fingerprint: Fingerprint


@dataclass(frozen=True, slots=True)
class Again:
    """A kept picture that was found."""

    key: str
    relation: Relation
    """NEAR_DUPLICATE or PARTIAL_COPY."""
    evidence: Evidence | None
    """None where the hash alone speaks for it."""
    phash_distance: int
    """Bits of 256, the smallest over the query's views."""


def find_again(
    query: Query, kept: Sequence[Kept], pictures: Callable[[Sequence[str]], Mapping[str, WorkPicture]]
) -> list[Again]:
    """The kept pictures that the query shows, the surest first; none for a query that is not comparable.

    `pictures` gives what is kept for geometric verification, by key; asked once, for the VERIFIED nearest.
    """
    if not kept or query.not_comparable is not None:
        return []
    ranking = shipped_ranking()
    fused = ranking.ranking()
    queries = QueryBlock.stack([query.fingerprint])
    level = levels(queries, shipped_null_set().background, fused.neighbours)
    near = features(queries, level, FingerprintBlock.stack([each.fingerprint for each in kept]))
    raw = fused.raw(near)[0]
    nearest = [kept[place].key for place in np.argsort(-raw, kind="stable")[:VERIFIED]]
    geometry, rule = QueryGeometry(query.working), ranking.geometry.rule()
    verified = {key: geometry.verify(picture, rule) for key, picture in pictures(nearest).items()}
    found = [
        (_surety(each.key, verified.get(each.key), float(raw[place])), _again(each.key, verified.get(each.key), bits))
        for place, (each, bits) in enumerate(zip(kept, near.phash[0].tolist(), strict=True))
    ]
    return [again for _, again in sorted(((surety, each) for surety, each in found if each), key=lambda pair: pair[0])]


def _surety(key: str, found: Verified | None, raw: float) -> tuple[bool, float, str]:
    """Verified ones first; a key decides between equals."""
    return (found is None, -raw - (found.log_bayes_factor if found else 0.0), key)


def _again(key: str, found: Verified | None, bits: int) -> Again | None:
    if found is not None:
        return Again(key, found.relation, found.evidence, bits)
    return Again(key, Relation.NEAR_DUPLICATE, None, bits) if bits <= PHASH_RADIUS else None
