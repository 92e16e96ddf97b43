"""How near a query is to each of its candidates: by which view of the work, and by which picture of the query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ledger.match.block import FingerprintBlock
from ledger.match.calibration import Calibration
from ledger.match.candidate import Candidate, CandidateIndex, Query
from ledger.match.lists import OVER_BLACK, QUERY_VIEW
from ledger.match.score import LAST_RANK, Features, Levels, NearestCosines, QueryBlock, features, levels


@dataclass(frozen=True, slots=True)
class ScoredWork:
    candidate: Candidate
    raw: float
    parts: Mapping[str, float]
    second: bool
    """Whether its second view is nearer than its first, and so is the one that counts."""
    query: Query
    """The picture that is nearest to it: the query or one of its others."""


@dataclass(frozen=True, slots=True)
class Scoring:
    """Scores candidates under one calibration."""

    index: CandidateIndex
    calibration: Calibration
    background: NDArray[np.float16]
    """`copy` embeddings of the null set's background pictures."""

    def score(self, query: Query, found: Sequence[Candidate]) -> list[ScoredWork]:
        """Scored candidates, each by its view that is nearer to the query."""
        views = [(each, each.fingerprint, False) for each in found]
        views += [(each, each.second, True) for each in found if each.second is not None]
        queries = QueryBlock.stack([query.fingerprint])
        works = FingerprintBlock.stack([fingerprint for _, fingerprint, _ in views])
        level = self._levels(query, queries, found)
        near = features(queries, level, works)
        raw = self.calibration.ranking.raw(near)[0]
        windows = _nearest_windows(queries, level, works)
        scored: dict[str, ScoredWork] = {}
        for column, (candidate, _, second) in enumerate(views):
            known = scored.get(candidate.work_id)
            if known is None or raw[column] > known.raw:
                parts = _parts(near, column, level, windows[column]) | ({OVER_BLACK: 1.0} if second else {})
                parts |= {f"{QUERY_VIEW}{query.view}": 1.0} if query.view else {}
                scored[candidate.work_id] = ScoredWork(candidate, float(raw[column]), parts, second, query)
        return list(scored.values())

    def _levels(self, query: Query, queries: QueryBlock, found: Sequence[Candidate]) -> Levels:
        """The query's background levels, from the corpus if the calibration says so. A query that is not comparable
        has no nearest works, and a corpus that shrank may have too few: then from the background pictures."""
        if self.calibration.corpus_levels and query.not_comparable is None:
            around = self.index.surroundings(query, found)
            if len(around) >= LAST_RANK:
                near = NearestCosines(queries)
                near.add(around)
                return near.levels()
        return levels(queries, self.background, self.calibration.ranking.neighbours)


def by_work(scored: Sequence[ScoredWork]) -> Mapping[str, Sequence[ScoredWork]]:
    """How each work was compared, with the nearest picture first; works in the order of nearness."""
    ways: dict[str, list[ScoredWork]] = {}
    for item in sorted(scored, key=lambda item: (-item.raw, item.candidate.work_id)):
        ways.setdefault(item.candidate.work_id, []).append(item)
    return ways


def _nearest_windows(queries: QueryBlock, level: Levels, works: FingerprintBlock) -> Sequence[int | None]:
    """For each work the number of the query's window that is nearest to it above its level; None without windows."""
    if not queries.windows.shape[1]:
        return [None] * len(works)
    near = queries.windows[0].astype(np.float32) @ works.copy.astype(np.float32).T - level.windows[0][:, None]
    return [int(window) for window in near.argmax(axis=0)]


def _parts(near: Features, column: int, level: Levels, window: int | None) -> dict[str, float]:
    """The raw measurements behind a score, as in records. `window`: the query's window that is nearest to the work."""
    return {
        "copy_cosine": float(near.cosine[0, column]) + float(level.whole[0]),
        "copy_background": float(level.whole[0]),
        "copy_look": float(near.window[0, column]),
        **({} if window is None else {"copy_look_background": float(level.windows[0, window])}),
        "phash_distance": float(near.phash[0, column]),
        "pdq_distance": float(near.pdq[0, column]),
    }
