"""Makes null scores from the corpus' own works: queries, the works nearest to them, and their alignment.

Only previews of works are kept, so a work is a query by its preview, like in the search for copies within the corpus.
Every batch is one transaction. After an interruption only what is missing is computed, and in a grown corpus only what
is new.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

import numpy as np

from ledger import canonical
from ledger.corpus.work import CorpusState
from ledger.fingerprint.complexity import comparable
from ledger.fingerprint.fingerprinter import Fingerprinter
from ledger.flows.progress import Progress, silent
from ledger.flows.upkeep.passes import Passes
from ledger.image.canonical_image import CanonicalImage, Pixels
from ledger.match.geometry.verification import GeometryRule
from ledger.match.ranking import RankingText
from ledger.match.self_null.alignment import aligned
from ledger.match.self_null.edits import VERSION, edited
from ledger.match.self_null.null_scores import SelfNull
from ledger.match.self_null.sample import SAMPLE_RULE, SampledWork, SampleRule
from ledger.match.self_null.scores import NearWork, NullQuery, SelfComparison, best_scores
from ledger.match.self_null.stored import query_bytes, read_query
from ledger.storage.search.candidates import PgVectorIndex
from ledger.storage.search.null_queries import NullQueryStore

BATCH = 16
"""Queries in one transaction."""

T = TypeVar("T")
Pairs = list[tuple[NullQuery, list[NearWork]]]


@dataclass(frozen=True, slots=True)
class SelfNulls:
    """Null scores of the corpus under one spec. Every method raises as Projector.catch_up does."""

    store: NullQueryStore
    index: PgVectorIndex
    fingerprinter: Callable[[], Fingerprinter]
    """Called only where queries are missing, because it loads models."""
    rule: SampleRule = SAMPLE_RULE

    def large_enough(self, state: CorpusState) -> bool:
        """Whether a corpus has enough works and artists to be compared with itself."""
        return state.works >= self.rule.least_works and self.store.artists() >= self.rule.least_artists

    def make_queries(self, progress: Progress = silent) -> None:
        """Makes the fingerprints, as queries, of works of the sample that have none."""
        sample = self.store.sample(self.rule)
        self.store.keep_only([work.work_id for work in sample], VERSION)
        known = self.store.queries([work.work_id for work in sample], VERSION)
        missing = [work for work in sample if work.work_id not in known]
        done = len(sample) - len(missing)
        for batch in _batches(missing, BATCH):
            progress("sampling works", done, len(sample))
            self.store.put_queries(self._fingerprints(batch), VERSION)
            done += len(batch)
        progress("sampling works", done, len(sample))

    def measure(
        self,
        state: CorpusState,
        ranking: RankingText,
        progress: Progress = silent,
        *,
        most_pairs: int | None = None,
        threads: int = 1,
    ) -> SelfNull | None:
        """The null scores from the queries there are; None where corpus or sample are too small.

        `most_pairs`: gives up (None) where more pairs than this have to be aligned first. `threads`: that align.
        """
        if not self.large_enough(state):
            return None
        sample = {work.work_id: work for work in self.store.sample(self.rule)}
        queries = self._queries(sample)
        if len(queries) < self.rule.least:
            return None
        comparison = SelfComparison(queries, ranking.ranking())
        near = comparison.nearest(Passes("comparing sampled works", self.store.blocks, state.works, progress))
        key = rule_digest(ranking)
        known = self.store.evidence(key)
        missing: Pairs = []
        for query, works in zip(queries, near, strict=True):
            left = [work for work in works if (query.work_id, work.work_id) not in known]
            if left:
                missing.append((query, left))
        if most_pairs is not None and sum(len(works) for _, works in missing) > most_pairs:
            return None
        rule = ranking.geometry.rule()
        for number, batch in enumerate(_batches(missing, BATCH)):
            progress("aligning sampled works", number * BATCH, len(missing))
            found = self._align(batch, sample, rule, threads)
            self.store.put_evidence(key, found)
            known |= found
        scores = best_scores(queries, near, known, rule.unverified)
        if len(scores) < self.rule.least:
            return None
        values = np.array(list(scores.values()), np.float64)
        return SelfNull(tuple(scores), values, self.rule, len(sample) - len(scores))

    def _queries(self, sample: Iterable[str]) -> list[NullQuery]:
        """The sample's works that have a comparable query, in its order."""
        ids = list(sample)
        stored = self.store.queries(ids, VERSION)
        usable = [work_id for work_id in ids if stored.get(work_id) is not None]
        works = {each.work_id: each for each in self.index.candidates(usable)}
        return [
            NullQuery(
                work_id=work_id,
                artist_id=work.artist_id,
                label=work.duplicate_group or work.pixel_sha256,
                source=work.fingerprint,
                fingerprints=read_query(made, work.fingerprint.spec),
            )
            for work_id in usable
            if (work := works.get(work_id)) is not None and (made := stored[work_id]) is not None
        ]

    def _pictures(self, works: Sequence[SampledWork]) -> dict[str, Pixels]:
        """The pictures that are asked about, by work id; half of them edited."""
        found = self.index.pictures([work.work_id for work in works])
        return {
            work.work_id: edited(found[work.work_id].preview, work.place)
            if work.edited
            else found[work.work_id].preview
            for work in works
            if work.work_id in found
        }

    def _fingerprints(self, works: Sequence[SampledWork]) -> Mapping[str, bytes | None]:
        pictures = self._pictures(works)
        images = {
            work_id: CanonicalImage("", "image/webp", picture.shape[1], picture.shape[0], "", picture)
            for work_id, picture in pictures.items()
        }
        made = self.fingerprinter().queries_with_others(list(images.values())) if images else []
        stored: dict[str, bytes | None] = dict.fromkeys(work.work_id for work in works)
        for (work_id, image), each in zip(images.items(), made, strict=True):
            if comparable(image, each[0].image.complexity) is None:
                stored[work_id] = query_bytes(each)
        return stored

    def _align(
        self, batch: Pairs, sample: Mapping[str, SampledWork], rule: GeometryRule, threads: int
    ) -> dict[tuple[str, str], float | None]:
        asked = self._pictures([sample[query.work_id] for query, _ in batch])
        works = self.index.pictures(list({work.work_id for _, near in batch for work in near}))

        def align(pair: tuple[NullQuery, list[NearWork]]) -> dict[tuple[str, str], float | None]:
            query, near = pair
            return aligned(query, asked.get(query.work_id), near, works, rule)

        with ThreadPoolExecutor(threads) as pool:
            return {key: value for found in pool.map(align, batch) for key, value in found.items()}


def rule_digest(ranking: RankingText) -> bytes:
    """What aligned pairs belong to: the rule of alignment, and the edits of the queries."""
    return hashlib.sha256(canonical.dumps({"edits": VERSION, "geometry": ranking.geometry.model_dump()})).digest()


def _batches(items: Sequence[T], size: int) -> Iterator[list[T]]:
    left = iter(items)
    while batch := list(islice(left, size)):
        yield batch
