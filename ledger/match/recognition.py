"""Which of the pictures that were made here a picture shows: the rule by which generated pictures are found again.

A kept picture is found when geometry verifies it in the query, by the rule that works are verified by, and the score of
fingerprints and geometry together (a log Bayes factor, as a work's) reaches LEAST_SCORE; or when both its hashes are
those of one of the query's views but for a few bits (`ledger.match.alike`): of heavily compressed pictures hashes are
all that is left. No p-value goes with it: strangers are measured against the corpus of works, not against pictures made
here. `tests/benchmarks/found_again.py` measures how many copies are found, and how many strangers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ledger.fingerprint.fingerprint import Fingerprint
from ledger.match.alike import alike
from ledger.match.block import FingerprintBlock
from ledger.match.calibration import VERIFIED
from ledger.match.candidate import Evidence, Query, WorkPicture
from ledger.match.geometry import QueryGeometry, Verified
from ledger.match.lists import Relation
from ledger.match.null_set import shipped_null_set
from ledger.match.ranking import shipped_ranking
from ledger.match.score import UNUSABLE, QueryBlock, features, levels

LEAST_SCORE = 2.0
"""All 423 verified copies among the pairs measured for the null set have more; of 17,500 pairs of strangers 3 have."""


@dataclass(frozen=True, slots=True)
class StoredPicture:
    """A picture that may be found again."""

    key: str
    fingerprint: Fingerprint


@dataclass(frozen=True, slots=True)
class Recognition:
    """A kept picture that was found."""

    key: str
    relation: Relation
    """NEAR_DUPLICATE or PARTIAL_COPY."""
    evidence: Evidence | None
    """None where hashes alone speak for it."""
    phash_distance: int
    """Bits of 256, the smallest over the query's views."""


def recognise(
    query: Query, kept: Sequence[StoredPicture], pictures: Callable[[Sequence[str]], Mapping[str, WorkPicture]]
) -> list[Recognition]:
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
        _judged(each.key, verified.get(each.key), float(raw[place]), int(near.phash[0, place]), int(near.pdq[0, place]))
        for place, each in enumerate(kept)
    ]
    return [again for _, again in sorted(filter(None, found), key=lambda pair: pair[0])]


def _judged(
    key: str, verified: Verified | None, raw: float, phash: int, pdq: int
) -> tuple[tuple[bool, float, str], Recognition] | None:
    """What was found, after what it is sorted by: verified ones first, the highest score first."""
    score = raw + (verified.log_bayes_factor if verified else 0.0)
    if verified is not None and score >= LEAST_SCORE:
        return (False, -score, key), Recognition(key, verified.relation, verified.evidence, phash)
    if alike(phash, None if pdq == UNUSABLE else pdq):
        return (True, -score, key), Recognition(key, Relation.NEAR_DUPLICATE, None, phash)
    return None
