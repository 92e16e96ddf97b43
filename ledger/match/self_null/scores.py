"""Compares a sample of a corpus' works with the works of other artists, and takes each one's best score.

Each work of the sample stands for an unrelated picture. Left out are the works of its own artist, of its duplicate
group, and variants of it: what the matcher finds beside them is chance, or a copy that nobody marked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ledger.fingerprint.fingerprint import Fingerprint, QueryFingerprint
from ledger.match.bins import LOWEST
from ledger.match.block import FingerprintBlock
from ledger.match.copies.choice import Contender, chosen
from ledger.match.null_set import SourcePrints, variants
from ledger.match.score import NearestCosines, QueryBlock, Ranking, features

KEPT = 60
"""Nearest works kept for each query, from which the candidates to align are chosen; an index offers as many."""
BY_ONE_ARTIST = 1
"""Most queries whose best score may rest on an alignment with works of one artist, and most of one artist's own.
Somebody who registers edited copies of others' works would otherwise raise everybody's error rates."""


@dataclass(frozen=True, slots=True)
class NullQuery:
    """A work of the sample as a query."""

    work_id: str
    artist_id: str
    label: str
    """Equal for works of one duplicate group or with equal pixels."""
    source: Fingerprint
    """That of the work itself, which decides what is a variant of it."""
    fingerprints: tuple[QueryFingerprint, ...]
    """Of the picture that is asked about, and of the one that is compared beside it (query_pictures.py)."""


@dataclass(frozen=True, slots=True)
class WorkBlock:
    """Works of the corpus, one for each row; a work with a second view has two rows beside each other."""

    prints: FingerprintBlock
    work_ids: Sequence[str]
    artist_ids: Sequence[str]
    labels: Sequence[str]

    @property
    def works(self) -> int:
        return self.prints.works

    def is_second(self, row: int) -> bool:
        """Whether the row is a second view."""
        return row > 0 and self.work_ids[row] == self.work_ids[row - 1]


@dataclass(frozen=True, slots=True)
class NearWork:
    """A candidate of a null query."""

    work_id: str
    artist_id: str
    raw: float
    second: bool = False
    """Whether its second view is nearer than its first."""


_Kept = tuple[float, str, bool, str, str]
"""Minus the raw score, the work, whether this is its second view, its artist and its label: sorted, the nearest comes
first."""


class SelfComparison:
    """Compares queries with works that come in blocks. Of the pictures of a query, the nearest counts."""

    def __init__(self, queries: Sequence[NullQuery], ranking: Ranking) -> None:
        self.queries = queries
        self._ranking = ranking
        self._block = QueryBlock.stack([fingerprint for each in queries for fingerprint in each.fingerprints])
        self._counts = [len(each.fingerprints) for each in queries]
        self._starts = np.cumsum([0, *self._counts[:-1]])
        self._artists = {each.artist_id: number for number, each in enumerate(queries)}
        self._labels = {each.label: number for number, each in enumerate(queries)}
        sources = FingerprintBlock.stack([each.source for each in queries])
        self._sources = SourcePrints(sources.copy, sources.phash, sources.pdq, sources.pdq_quality)

    def nearest(self, works: Iterable[WorkBlock]) -> list[list[NearWork]]:
        """For each query the works to align, the nearest first. `works` is iterated twice."""
        near = NearestCosines(self._block)
        for block in works:
            near.add(block.prints.copy, np.repeat(self._left_out(block), self._counts, axis=0))
        level = near.levels()
        found: list[list[_Kept]] = [[] for _ in self.queries]
        for block in works:
            rows = self._ranking.raw(features(self._block, level, block.prints)).astype(np.float64)
            raw = np.maximum.reduceat(rows, self._starts, axis=0)
            raw[self._left_out(block)] = LOWEST
            count = min(KEPT, raw.shape[1])
            columns = np.argpartition(-raw, count - 1, axis=1)[:, :count]
            for row, kept in enumerate(found):
                kept.extend(
                    (
                        -raw[row, column],
                        block.work_ids[column],
                        block.is_second(column),
                        block.artist_ids[column],
                        block.labels[column],
                    )
                    for column in columns[row]
                    if raw[row, column] > LOWEST
                )
                kept.sort()
                del kept[_most(kept) :]
        return [_chosen(kept) for kept in found]

    def _left_out(self, block: WorkBlock) -> NDArray[np.bool_]:
        """Shape (queries, rows)."""
        same = _equal(self._artists, [each.artist_id for each in self.queries], block.artist_ids)
        same |= _equal(self._labels, [each.label for each in self.queries], block.labels)
        left_out, starts = same | variants(self._sources, block.prints), block.prints.starts
        if starts is None or block.works == len(block.prints):
            return left_out
        # Whichever view is a variant, the work is.
        works = np.logical_or.reduceat(left_out, starts, axis=1)
        return np.repeat(works, np.diff([*starts, len(block.prints)]), axis=1)


def _equal(numbers: Mapping[str, int], ours: Sequence[str], theirs: Sequence[str]) -> NDArray[np.bool_]:
    """Which names are equal, by their numbers; shape (ours, theirs)."""
    rows, columns = [numbers[name] for name in ours], [numbers.get(name, -1) for name in theirs]
    return np.asarray(np.equal.outer(np.array(rows), np.array(columns)), np.bool_)


def _most(kept: Sequence[_Kept]) -> int:
    """How many entries to keep: KEPT different works, which may come in several rows."""
    seen: set[str] = set()
    for place, (_, work_id, *_) in enumerate(kept):
        seen.add(work_id)
        if len(seen) > KEPT:
            return place
    return len(kept)


def _chosen(kept: Sequence[_Kept]) -> list[NearWork]:
    first = {work_id: NearWork(work_id, artist, -raw, second) for raw, work_id, second, artist, _ in reversed(kept)}
    labels = {work_id: label for _, work_id, _, _, label in kept}
    nearest = dict.fromkeys(work_id for _, work_id, *_ in kept)
    contenders = [Contender(work_id, first[work_id].artist_id, labels[work_id]) for work_id in nearest]
    return [first[work_id] for work_id in chosen(contenders)]


def best_scores(
    queries: Sequence[NullQuery],
    near: Sequence[Sequence[NearWork]],
    evidence: Mapping[tuple[str, str], float | None],
    unverified: float,
) -> dict[str, float]:
    """The best score of each query by work id, fingerprints and alignment together.

    At most BY_ONE_ARTIST of them rest on an alignment with one artist's works, and as many on an alignment of its own.

    `evidence`: the log Bayes factor of each aligned pair (query, work); None if alignment found nothing. Queries come
    in the order of the sample. Where an artist has had its share, alignments with its works are passed over; a query of
    its own whose best score is aligned is left out.
    """
    taken: Counter[str] = Counter()
    own: Counter[str] = Counter()
    scores: dict[str, float] = {}
    for query, works in zip(queries, near, strict=True):
        best, by = LOWEST, None
        for work in works:
            found = evidence[query.work_id, work.work_id]
            if found is not None and taken[work.artist_id] >= BY_ONE_ARTIST:
                continue
            score = work.raw + (unverified if found is None else found)
            if score > best:
                best, by = score, None if found is None else work.artist_id
        if by is not None:
            if own[query.artist_id] >= BY_ONE_ARTIST:
                continue
            taken[by] += 1
            own[query.artist_id] += 1
        scores[query.work_id] = best
    return scores
