"""Recognises generated pictures: decides which stored pictures a query shows.

A stored picture is recognised in one of two ways. Either geometry verifies it in the query, by the rule that verifies
works, and the score of fingerprints and geometry together (a log Bayes factor) reaches LEAST_SCORE. Or both its hashes
differ in only a few bits from those of one view of the query (`ledger.match.alike`): after heavy compression only the
hashes still agree.

There is no p-value, because unrelated pictures are measured against the corpus of works, not against generated
pictures. `tests/benchmarks/found_again.py` measures how many copies and how many unrelated pictures are recognised.
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
from ledger.match.geometry.verification import QueryGeometry, VerifiedAlignment
from ledger.match.lists import Relation
from ledger.match.null_set import shipped_null_set
from ledger.match.ranking import shipped_ranking
from ledger.match.score import UNUSABLE, QueryBlock, features, levels

LEAST_SCORE = 2.0
"""Among the pairs measured for the null set, 380 of 382 verified copies have more, and so have 2 of 17,500 unrelated
pairs."""


@dataclass(frozen=True, slots=True)
class StoredPicture:
    """A stored picture that a query may show."""

    key: str
    fingerprint: Fingerprint


@dataclass(frozen=True, slots=True)
class Recognition:
    """A stored picture that was recognised."""

    key: str
    relation: Relation
    """NEAR_DUPLICATE or PARTIAL_COPY."""
    evidence: Evidence | None
    """None if only the hashes agree."""
    phash_distance: int
    """Bits of 256, the smallest over the query's views."""


def recognise(
    query: Query, kept: Sequence[StoredPicture], pictures: Callable[[Sequence[str]], Mapping[str, WorkPicture]]
) -> list[Recognition]:
    """Returns the stored pictures that the query shows, the surest first. A query that is not comparable shows none.

    `pictures` returns the stored pictures for geometric verification, by key. It is called once, for the VERIFIED
    nearest.
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
    key: str, verified: VerifiedAlignment | None, raw: float, phash: int, pdq: int
) -> tuple[tuple[bool, float, str], Recognition] | None:
    """Returns a recognition with its sort key, or None. Verified ones come first, then the highest scores."""
    score = raw + (verified.log_bayes_factor if verified else 0.0)
    if verified is not None and score >= LEAST_SCORE:
        return (False, -score, key), Recognition(key, verified.relation, verified.evidence, phash)
    if alike(phash, None if pdq == UNUSABLE else pdq):
        return (True, -score, key), Recognition(key, Relation.NEAR_DUPLICATE, None, phash)
    return None
