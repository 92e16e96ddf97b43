"""An exact search index in memory, which measures matching without a database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ledger.corpus.work import CorpusState
from ledger.image.preview import read_preview
from ledger.match.block import FingerprintBlock, first_rows
from ledger.match.candidate import (
    WORKS_PER_NEGATIVE,
    WORKS_PER_STYLE,
    WORKS_PER_WINDOW,
    Candidate,
    Group,
    GroupMember,
    Query,
    WorkPicture,
)
from ledger.match.copies.negative import to_negative
from ledger.match.score import Levels, QueryBlock, features
from ledger.match.style.measure import StyleBlock, has_style


class MemoryIndex:
    """A `CandidateIndex` over works that do not change."""

    def __init__(
        self, works: Sequence[Candidate], previews: Mapping[str, bytes], seconds: Mapping[str, bytes] | None = None
    ) -> None:
        """`previews`: results of `make_preview` by work id; `seconds`: those of second views, perhaps of more works."""
        self._works = tuple(works)
        self._previews = previews
        self._seconds = seconds or {}
        self._with_second = [place for place, work in enumerate(self._works) if work.second is not None]

    @property
    def works(self) -> Sequence[Candidate]:
        return self._works

    @cached_property
    def block(self) -> FingerprintBlock:
        """First views and, beside each, the second where there is one. Needs at least one work."""
        views = [view for work in self._works for view in (work.fingerprint, work.second) if view is not None]
        places = [place for place, work in enumerate(self._works) for _ in range(1 + (work.second is not None))]
        return replace(FingerprintBlock.stack(views), starts=first_rows(places))

    @cached_property
    def _views(self) -> Sequence[tuple[FingerprintBlock, NDArray[np.int64]]]:
        """First views and second views, each with the places of their works."""
        firsts = (FingerprintBlock.stack([work.fingerprint for work in self._works]), np.arange(len(self._works)))
        seconds = [work.second for work in self._works if work.second is not None]
        return [firsts, (FingerprintBlock.stack(seconds), np.array(self._with_second))] if seconds else [firsts]

    def state(self) -> CorpusState:
        return CorpusState(through=len(self._works) - 1, works=len(self._works))

    def search(self, query: Query, *, limit: int) -> Sequence[Candidate]:
        """As `CandidateIndex.search` says; exact."""
        if not self._works:
            return []
        queries = QueryBlock.stack([query.fingerprint])
        # Levels shift all distances of a query equally, so they do not change which works are nearest.
        level = Levels(np.zeros(1, np.float32), np.zeros(queries.windows.shape[:2], np.float32))
        found: set[int] = set()
        for block, places in self._views:
            near = features(queries, level, block)
            windows = query.fingerprint.windows["copy"].astype(np.float32) @ block.copy.astype(np.float32).T
            nearest = [
                *(
                    np.argsort(distance, kind="stable")[:limit]
                    for distance in (-near.cosine[0], near.phash[0], near.pdq[0])
                ),
                *(np.argsort(-window, kind="stable")[:WORKS_PER_WINDOW] for window in windows),
                *([] if query.negative is None else [np.argsort(to_negative(query, block)[0])[:WORKS_PER_NEGATIVE]]),
            ]
            found |= {int(places[column]) for columns in nearest for column in columns}
        equal = {
            column
            for column, work in enumerate(self._works)
            if query.sha256 == work.sha256 or query.pixel_sha256 == work.pixel_sha256
        }
        return [self._works[column] for column in sorted(found | equal | self._near_in_style(query))]

    def surroundings(self, query: Query, found: Sequence[Candidate]) -> NDArray[np.float16]:  # noqa: ARG002 - all
        return self.block.copy if self._works else np.empty((0, 0), np.float16)

    def groups(self, work_ids: Sequence[str]) -> Mapping[str, Group]:
        """As `CandidateIndex.groups` says; `works` are in the order of their registration."""
        alike: dict[str, list[Candidate]] = {}
        for work in self._works:
            alike.setdefault(work.duplicate_group or work.pixel_sha256, []).append(work)
        wanted = set(work_ids)
        return {
            work.work_id: Group.of([GroupMember(each.artist_id, each.work_id) for each in works])
            for works in alike.values()
            if len(works) > 1
            for work in works
            if work.work_id in wanted
        }

    def pictures(self, work_ids: Sequence[str]) -> Mapping[str, WorkPicture]:
        return {
            work_id: WorkPicture(read_preview(self._previews[work_id]), self._local[work_id], self._second(work_id))
            for work_id in work_ids
            if work_id in self._previews
        }

    @cached_property
    def _local(self) -> Mapping[str, bytes]:
        return {work.work_id: work.fingerprint.local for work in self._works}

    def _second(self, work_id: str) -> WorkPicture | None:
        if work_id not in self._seconds:
            return None
        return WorkPicture(read_preview(self._seconds[work_id]), self._second_local[work_id])

    @cached_property
    def _second_local(self) -> Mapping[str, bytes]:
        return {work.work_id: work.second.local for work in self._works if work.second is not None}

    def _near_in_style(self, query: Query) -> set[int]:
        allowed = [place for place, work in enumerate(self._works) if work.allows_style]
        if not allowed or not has_style(query.fingerprint.image) or query.not_comparable is not None:
            return set()
        asked = StyleBlock.stack([query.fingerprint.image])
        works = StyleBlock.stack([self._works[place].fingerprint for place in allowed])
        found: set[int] = set()
        for one, many in ((asked.clip, works.clip), (asked.vae, works.vae)):
            cosine = (many.astype(np.float32) @ one.astype(np.float32).T)[:, 0]
            found |= {allowed[place] for place in np.argsort(-cosine, kind="stable")[:WORKS_PER_STYLE]}
        return found
