"""Candidate search at size: what PgVectorIndex finds against exact search, how fast, and what its indexes cost.

On made-up corpora (_synthetic.py) of the spec's dimension. Recall: of the ten works nearest by each list that
candidates come from (the whole's descriptor, each window's, pHash and PDQ over all views), those that are among the
candidates; a work as near as the tenth counts, so ties do not matter. Also with a filter that one work in a hundred
passes.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from ledger.fingerprint.spec import copy_spec
from ledger.match.candidate import Candidate, Query
from ledger.match.copies.matcher import CANDIDATES
from ledger.storage.database import Database
from ledger.storage.embedded import EmbeddedServer, throwaway_folder
from ledger.storage.log.projections import Projector
from ledger.storage.schema import upgrade
from ledger.storage.search.candidates import PgVectorIndex
from ledger.storage.search.nearest import EVERY_WORK, WorkFilter
from ledger.storage.search.vector_indexes import WORTH_AN_INDEX, ensure_indexes
from tests.benchmarks._output import emit
from tests.benchmarks._synthetic import RARE, Synthetic, store

DEPTH = 10
SIZES = (3_500, 100_000)
WARM_UP = 10
"""Searches before the first measurement: plans are prepared, pages read."""
HALF_PRECISION = 1e-3
"""Of the products that the database computes."""

Search = Callable[[Query], Sequence[Candidate]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--works", type=int, nargs="+", default=SIZES, help="sizes of the corpora")
    parser.add_argument("--count", type=int, default=200, help="searches")
    parser.add_argument("--quick", action="store_true", help="a small corpus: shows that it works")
    options = parser.parse_args()
    sizes, count = ((1_500,), 10) if options.quick else (options.works, options.count)
    spec = copy_spec()
    for works in sizes:
        corpus = Synthetic.make(works, spec.dimensions["copy"], spec.digest)
        with fresh_database() as database:
            store(database, spec, corpus)
            built = build(database, spec.digest, works)
            index = PgVectorIndex(database, Projector(database), spec)
            queries = list(corpus.queries(count))
            rare = WorkFilter(artist_ids=[corpus.artist_id(0)])
            passing = np.arange(works) % RARE == 0
            for name, only, rows in (("none", EVERY_WORK, np.ones(works, bool)), ("1%", rare, passing)):
                context = {"works": works, "hnsw": built, "filter": name, "searches": len(queries)}
                measure(corpus, queries, rows, partial(index.search, limit=CANDIDATES, only=only), context)


@contextmanager
def fresh_database() -> Iterator[Database]:
    """On the embedded server, in a folder that is gone afterwards."""
    with (
        throwaway_folder("benchmark") as folder,
        EmbeddedServer(folder) as server,
        Database(server.url()) as database,
    ):
        upgrade(database)
        yield database


def build(database: Database, spec: str, works: int) -> bool:
    """Whether the corpus is large enough for indexes; their figures are 0 where not."""
    started = time.perf_counter()
    built = ensure_indexes(database, spec)
    seconds = time.perf_counter() - started if built else 0.0
    with database.begin() as connection:
        size = connection.execute(
            sa.text(
                "SELECT coalesce(sum(pg_relation_size(indexrelid)), 0)::bigint FROM pg_stat_user_indexes"
                " WHERE indexrelname LIKE 'hnsw%'"
            )
        ).scalar_one()
    context = {"works": works, "worth_an_index": WORTH_AN_INDEX, "processors": os.cpu_count()}
    emit("search", "build_s", seconds, "s", **context)
    emit("search", "index_bytes", size, "bytes", **context)
    return built


def measure(
    corpus: Synthetic, queries: Sequence[Query], passing: NDArray[np.bool_], search: Search, context: dict[str, object]
) -> None:
    """`passing`: the corpus' works that may be found."""
    for query in queries[:WARM_UP]:
        search(query)
    found, took = [], []
    for query in queries:
        started = time.perf_counter()
        found.append(search(query))
        took.append(time.perf_counter() - started)
    recalls: dict[str, list[float]] = {}
    for query, candidates in zip(queries, found, strict=True):
        rows = np.array([corpus.row(candidate.work_id) for candidate in candidates], np.int64)
        if not passing[rows].all():
            raise AssertionError("a work came through that the filter excludes")
        for name, distances in lists(corpus, query):
            recalls.setdefault(name, []).append(recall(np.where(passing, distances, np.inf), rows))
    by_list = {name: round(statistics.fmean(each), 4) for name, each in recalls.items()}
    emit("search", "recall_at_10", statistics.fmean(by_list.values()), "share", **context, **by_list)
    emit(
        "search", "per_s", len(took) / sum(took), "searches/s", **context, p50_ms=_ms(took, 0.5), p99_ms=_ms(took, 0.99)
    )


def lists(corpus: Synthetic, query: Query) -> Iterator[tuple[str, NDArray[np.float64]]]:
    """Every work's distance, by list."""
    asked = query.fingerprint
    yield "copy", -_cosines(corpus, asked.image.embeddings["copy"])
    for window in asked.windows["copy"]:
        yield "windows", -_cosines(corpus, window)
    for name, hashes, views in (("phash", corpus.phash, asked.phash_views), ("pdq", corpus.pdq, asked.pdq_views)):
        yield name, np.min([_hamming(hashes, view) for view in views], axis=0)


def recall(distances: NDArray[np.float64], found: NDArray[np.int64]) -> float:
    """Share of the nearest ten that were found."""
    farthest = np.partition(distances, DEPTH - 1)[DEPTH - 1]
    tolerance = HALF_PRECISION if farthest < 0 else 0.0
    return min(int((distances[found] <= farthest + tolerance).sum()), DEPTH) / DEPTH


def _cosines(corpus: Synthetic, vector: NDArray[np.float16]) -> NDArray[np.float64]:
    return (corpus.single @ vector.astype(np.float32)).astype(np.float64)


def _hamming(hashes: NDArray[np.uint8], view: bytes) -> NDArray[np.float64]:
    words = np.frombuffer(view, np.uint64)
    return np.asarray(np.bitwise_count(hashes.view(np.uint64) ^ words).sum(axis=1), np.float64)


def _ms(seconds: Sequence[float], share: float) -> float:
    return round(1000 * float(np.quantile(seconds, share)), 2)


if __name__ == "__main__":
    main()
