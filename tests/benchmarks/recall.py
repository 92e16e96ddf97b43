"""Candidate recall of PgVectorIndex against exact search, on real fingerprints, without and with HNSW indexes.

Questions are edited copies of registered works. For each list that candidates come from (copy descriptor of the
whole and of each window, pHash and PDQ over all views) the exact nearest k are computed in memory; a work as near as
the k-th counts, so ties do not matter.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
from numpy.typing import NDArray

from ledger.app import Application
from ledger.fingerprint.fingerprint import Vector
from ledger.flows.pictures.verify import query_of
from ledger.match.candidate import WORKS_PER_WINDOW, Candidate, Query
from ledger.storage.search.vector_indexes import ensure_indexes
from tests.benchmarks._corpus import ART, drawings, fresh_application
from tests.benchmarks._output import emit
from tests.benchmarks.verify import questions

DEPTHS = (10, 60)
Distances = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Exact:
    """All fingerprints of a corpus in memory."""

    place: dict[str, int]
    copies: NDArray[np.float32]
    phash: NDArray[np.uint8]
    pdq: NDArray[np.uint8]

    @classmethod
    def of(cls, works: Sequence[Candidate]) -> Exact:
        return cls(
            {work.work_id: number for number, work in enumerate(works)},
            np.stack([work.fingerprint.embeddings["copy"] for work in works]).astype(np.float32),
            np.stack([np.frombuffer(work.fingerprint.phash, np.uint8) for work in works]),
            np.stack([np.frombuffer(work.fingerprint.pdq, np.uint8) for work in works]),
        )

    def distances(self, query: Query, depth: int) -> Iterator[tuple[int, Distances]]:
        """One array per list that a query has, in the order of `place`, and how many works that list offers."""
        asked = query.fingerprint
        yield depth, self._copies(asked.image.embeddings["copy"])
        for window in asked.windows.get("copy", ()):
            yield min(depth, WORKS_PER_WINDOW), self._copies(window)
        for hashes, views in ((self.phash, asked.phash_views), (self.pdq, asked.pdq_views)):
            if views:
                yield depth, np.min([_hamming(hashes, view) for view in views], axis=0)

    def _copies(self, vector: Vector) -> Distances:
        return -(self.copies @ vector.astype(np.float32)).astype(np.float64)


def _hamming(hashes: NDArray[np.uint8], view: bytes) -> Distances:
    return np.asarray(np.bitwise_count(hashes ^ np.frombuffer(view, np.uint8)).sum(axis=1), np.float64)


def recall(exact: Exact, query: Query, found: Sequence[Candidate], depth: int) -> float:
    """Share of the exact nearest `depth` of each list that was found, averaged over the lists."""
    places = [exact.place[candidate.work_id] for candidate in found]
    shares = []
    for offered, distances in exact.distances(query, depth):
        wanted = min(offered, len(distances))
        farthest = np.partition(distances, wanted - 1)[wanted - 1]
        tolerance = 1e-3 if farthest < 0 else 0.0  # of the half-precision products that the database computes
        near = int((distances[places] <= farthest + tolerance).sum())
        shares.append(min(near, wanted) / wanted)
    return float(np.mean(shares))


def measure(application: Application, exact: Exact, queries: Sequence[Query], indexed: bool) -> None:
    context = {"works": len(exact.place), "queries": len(queries), "hnsw": indexed, "processors": os.cpu_count()}
    for depth in DEPTHS:
        started = time.perf_counter()
        found = [application.store.index.search(query, limit=depth) for query in queries]
        elapsed = 1000 * (time.perf_counter() - started) / len(queries)
        pairs = zip(queries, found, strict=True)
        value = float(np.mean([recall(exact, query, candidates, depth) for query, candidates in pairs]))
        emit("recall", f"recall_at_{depth}", value, "share", **context)
        emit("recall", f"search_ms_at_{depth}", elapsed, "ms", **context)


def asked(application: Application, pictures: Sequence[bytes]) -> list[Query]:
    images = [application.pictures.images.decode(picture) for picture in pictures]
    fingerprints = application.pictures.fingerprinter.queries(images)
    made = [query_of(image, fingerprint) for image, fingerprint in zip(images, fingerprints, strict=True)]
    return [query for query in made if query.not_comparable is None]


def all_works(application: Application) -> Exact:
    ids: list[str] = []
    after: int | None = -1
    while after is not None:
        page = application.records.page(kind="registration", after=after, limit=200)
        ids += [record.statement["predicate"]["work_id"] for record in page.records]
        after = page.next_after
    return Exact.of(application.store.index.candidates(ids))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", default="openclipart", help="as `artledger corpus ingest` takes it")
    parser.add_argument("--works", type=int, default=2000, help="registered works")
    parser.add_argument("--count", type=int, default=200, help="pictures asked about")
    parser.add_argument("--quick", action="store_true", help="the few drawings of the tests: shows that it works")
    options = parser.parse_args()
    name, works, count = (str(ART), 30, 10) if options.quick else (options.source, options.works, options.count)
    with fresh_application() as application:
        source = drawings(application, name, works)
        application.works.ingestion.run(source)
        queries = asked(application, questions(source, count))
        exact = all_works(application)
        measure(application, exact, queries, indexed=False)
        assert ensure_indexes(application.store.database, application.store.spec.digest, at_least=1)
        measure(application, exact, queries, indexed=True)


if __name__ == "__main__":
    main()
