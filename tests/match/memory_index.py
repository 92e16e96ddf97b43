"""An index in memory that searches exactly: what every other CandidateIndex is compared with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ledger.corpus.types import CorpusState
from ledger.image.types import Pixels
from ledger.match.block import FingerprintBlock
from ledger.match.score import Levels, QueryBlock, features
from ledger.match.types import WORKS_PER_LOOK, Candidate, Query, WorkPicture


class MemoryIndex:
    """Holds works and their previews."""

    def __init__(self) -> None:
        self._works: dict[str, Candidate] = {}
        self._previews: dict[str, Pixels] = {}

    def add(self, work: Candidate, preview: Pixels | None) -> None:
        self._works[work.work_id] = work
        if preview is not None:
            self._previews[work.work_id] = preview

    def works(self) -> Sequence[Candidate]:
        return list(self._works.values())

    def candidate(self, work_id: str) -> Candidate:
        return self._works[work_id]

    def blocks(self) -> list[FingerprintBlock]:
        return [FingerprintBlock.stack([work.fingerprint for work in self._works.values()])] if self._works else []

    def state(self) -> CorpusState:
        return CorpusState(through=len(self._works) - 1, works=len(self._works))

    def search(self, query: Query, *, limit: int) -> Sequence[Candidate]:
        works = list(self._works.values())
        if not works:
            return []
        queries = QueryBlock.stack([query.fingerprint])
        level = Levels(np.zeros(1, np.float32), np.zeros(queries.looks.shape[:2], np.float32))
        near = features(queries, level, self.blocks()[0])
        found = {
            int(column)
            for distance in (-near.cosine[0], near.phash[0], near.pdq[0])
            for column in np.argsort(distance, kind="stable")[:limit]
        }
        copies = self.blocks()[0].copy.astype(np.float32)
        for look in query.fingerprint.looks["copy"]:
            found |= set(np.argsort(-(copies @ look.astype(np.float32)), kind="stable")[:WORKS_PER_LOOK].tolist())
        equal = {
            column
            for column, work in enumerate(works)
            if query.sha256 == work.sha256 or query.pixel_sha256 == work.pixel_sha256
        }
        return [works[column] for column in sorted(found | equal)]

    def pictures(self, work_ids: Sequence[str]) -> Mapping[str, WorkPicture]:
        return {
            work_id: WorkPicture(self._previews[work_id], self._works[work_id].fingerprint.local)
            for work_id in work_ids
            if work_id in self._previews
        }
