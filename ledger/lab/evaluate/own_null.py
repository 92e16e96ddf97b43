"""Null scores of a corpus in memory, from its own works, as a ledger makes them (ledger/flows/upkeep/self_null.py)."""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from ledger.fingerprint.complexity import comparable
from ledger.fingerprint.fingerprinter import Fingerprinter
from ledger.image.canonical_image import CanonicalImage, Pixels
from ledger.image.preview import read_preview
from ledger.lab.evaluate.memory_index import MemoryIndex
from ledger.lab.evaluate.works import Progress
from ledger.lab.result_cache import ResultCache
from ledger.match.candidate import Candidate
from ledger.match.ranking import RankingText, shipped_ranking
from ledger.match.self_null.alignment import aligned
from ledger.match.self_null.edits import edited
from ledger.match.self_null.null_scores import SelfNull
from ledger.match.self_null.sample import SAMPLE_RULE, SampledWork, SampleRule
from ledger.match.self_null.scores import NullQuery, SelfComparison, WorkBlock, best_scores
from ledger.match.self_null.stored import query_bytes, read_query


def own_null(
    index: MemoryIndex,
    previews: Mapping[str, bytes],
    fingerprinter: Fingerprinter,
    cache: ResultCache,
    progress: Progress,
    *,
    rule: SampleRule = SAMPLE_RULE,
) -> SelfNull | None:
    """None where the corpus is too small. `cache` keeps queries and aligned pairs."""
    works = index.works
    if len(works) < rule.least_works or len({work.artist_id for work in works}) < rule.least_artists:
        return None
    sample = _sample(works, rule)
    queries, pictures = _queries(sample, previews, fingerprinter, cache, progress)
    ranking = shipped_ranking()
    rows = [work for work in works for _ in range(1 + (work.second is not None))]
    block = WorkBlock(
        index.block,
        [work.work_id for work in rows],
        [work.artist_id for work in rows],
        [work.pixel_sha256 for work in rows],
    )
    evidence: dict[tuple[str, str], float | None] = {}
    near = SelfComparison(queries, ranking.ranking()).nearest([block])
    for number, (query, found) in enumerate(zip(queries, near, strict=True)):
        progress("aligning sampled works", number, len(queries))
        left = [work for work in found if f"{query.work_id} {work.work_id}" not in cache]
        if left:
            shown = index.pictures([work.work_id for work in left])
            pairs = aligned(query, pictures[query.work_id], left, shown, ranking.geometry.rule())
            for (asked, work_id), value in pairs.items():
                cache.put(f"{asked} {work_id}", value)
        evidence |= {(query.work_id, work.work_id): cache[f"{query.work_id} {work.work_id}"] for work in found}
    scores = best_scores(queries, near, evidence, ranking.geometry.rule().unverified)
    if len(scores) < rule.least:
        return None
    return SelfNull(tuple(scores), np.array(list(scores.values())), rule, len(sample) - len(scores))


def rule_digest(ranking: RankingText) -> str:
    """What aligned pairs belong to."""
    return hashlib.sha256(ranking.to_bytes()).hexdigest()


def _sample(works: Sequence[Candidate], rule: SampleRule) -> list[tuple[SampledWork, Candidate]]:
    first = {work.pixel_sha256: work for work in reversed(works)}
    placed = sorted(
        (SampledWork(work.work_id, work.artist_id, bytes.fromhex(work.pixel_sha256)) for work in first.values()),
        key=lambda work: work.place,
    )
    taken: Counter[str] = Counter()
    chosen = []
    for work in placed:
        taken[work.artist_id] += 1
        if taken[work.artist_id] <= rule.per_artist:
            chosen.append((work, first[work.pixel_sha256.hex()]))
    return chosen[: rule.most]


def _queries(
    sample: Sequence[tuple[SampledWork, Candidate]],
    previews: Mapping[str, bytes],
    fingerprinter: Fingerprinter,
    cache: ResultCache,
    progress: Progress,
) -> tuple[list[NullQuery], dict[str, Pixels]]:
    """The comparable ones, with their pictures."""
    queries: list[NullQuery] = []
    pictures: dict[str, Pixels] = {}
    for number, (work, candidate) in enumerate(sample):
        progress("sampling works", number, len(sample))
        picture = read_preview(previews[work.work_id])
        pictures[work.work_id] = edited(picture, work.place) if work.edited else picture
        if work.work_id not in cache:
            cache.put(work.work_id, _described(pictures[work.work_id], fingerprinter))
        if (made := cache[work.work_id]) is not None:
            fingerprints = read_query(b64decode(made), candidate.fingerprint.spec)
            label = candidate.pixel_sha256
            queries.append(NullQuery(work.work_id, work.artist_id, label, candidate.fingerprint, fingerprints))
    return queries, pictures


def _described(picture: Pixels, fingerprinter: Fingerprinter) -> str | None:
    image = CanonicalImage("", "image/webp", picture.shape[1], picture.shape[0], "", picture)
    [made] = fingerprinter.queries_with_others([image])
    return b64encode(query_bytes(made)).decode() if comparable(image, made[0].image.complexity) is None else None
