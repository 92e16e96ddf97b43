"""Appends: ours against a plain INSERT per call and against signing and COPY in one process.

(a) ours: unsigned statements in, signed, acknowledged at commit with their leaf index, published meanwhile;
(b) a plain autocommitted INSERT of the same signed bytes per call, through a pool of the best size;
(c) the ceiling: signing and COPY in batches of 1,000, nothing else.
All in this process, 64 callers in (a) and (b), one server, its default fsync.
"""

from __future__ import annotations

import argparse
import itertools
import os
import queue
import statistics
import sys
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import psycopg
from sqlalchemy.engine import make_url

from ledger import canonical
from ledger.log.append import Sequencer, Submission
from ledger.log.entry import Appended
from ledger.log.merkle import leaf_hash
from ledger.log.proof import verify_proof
from ledger.log.publish import Publisher
from ledger.log.published import PublishedLog
from ledger.log.vkey import KeyType, NoteSigner, VerifierKey
from ledger.record import dsse
from ledger.record.ids import new_id
from ledger.record.keys import Signer
from ledger.storage.database import Database
from ledger.storage.embedded import EmbeddedServer, throwaway_folder
from ledger.storage.locks import PublisherLock
from ledger.storage.log.entries import PostgresEntryStore
from ledger.storage.log.objects import open_objects
from ledger.storage.schema import upgrade
from tests.benchmarks._output import emit

ORIGIN = "localhost/artledger/benchmark"
CALLERS = 64
STATEMENT_BYTES = 1_200
WARM_UP = 500
"""Records before the first measurement: fewer than the smallest tree has leaves."""
PLAIN = """
CREATE TABLE plain (leaf_index bigserial PRIMARY KEY, record_id uuid UNIQUE, leaf_hash bytea, envelope bytea,
  appended_at timestamptz DEFAULT now(), dedup_key bytea UNIQUE)
"""
INSERT = "INSERT INTO plain (record_id, leaf_hash, envelope) VALUES (%s, %s, %s)"
COPY = "COPY copied (leaf_index, record_id, leaf_hash, envelope) FROM STDIN (FORMAT BINARY)"


def statements(count: int) -> list[Submission]:
    """Statements of a usual size with new ids."""
    made = []
    for _ in range(count):
        record_id = new_id()
        body = {"predicate": {"record_id": record_id, "filler": os.urandom(STATEMENT_BYTES // 2 - 60).hex()}}
        made.append(Submission(record_id, canonical.dumps(body)))
    return made


def by_callers(work: Sequence[Submission], call: Callable[[Submission], object]) -> tuple[float, list[float]]:
    """Calls from 64 threads; calls per second, and the latencies in milliseconds."""
    waiting = iter(work)
    lock, latencies = threading.Lock(), list[float]()

    def caller() -> None:
        own = []
        while True:
            with lock:
                each = next(waiting, None)
            if each is None:
                break
            started = time.perf_counter()
            call(each)
            own.append(1000 * (time.perf_counter() - started))
        with lock:
            latencies.extend(own)

    threads = [threading.Thread(target=caller) for _ in range(CALLERS)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(work) / (time.perf_counter() - started), latencies


class Benchmark:
    def __init__(self, folder: Path, url: str, stack: ExitStack) -> None:
        self.url = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        database = stack.enter_context(Database(url))
        upgrade(database)
        self.signer = Signer.generate()
        self.store = PostgresEntryStore(database)
        self.store.create_log(ORIGIN)
        log = Signer.generate()
        self.log_key = VerifierKey(ORIGIN, KeyType.ED25519, log.public_raw)
        self.objects = open_objects(str(folder / "log"))
        signer = NoteSigner(self.log_key, log.sign)
        self.publisher = Publisher(self.store, self.objects, signer, folder / "last", PublisherLock(database))
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(PLAIN.encode())
            connection.execute(PLAIN.replace("plain", "copied").replace("bigserial", "bigint").encode())

    def sign(self, payload: bytes) -> bytes:
        return dsse.sign(payload, [self.signer])

    def ours(self, count: int) -> tuple[float, list[float], list[Appended]]:
        appended: list[Appended] = []
        stop = threading.Event()
        publishing = threading.Thread(target=self.publisher.run, args=(stop,))
        work = statements(count)
        publishing.start()
        try:
            with Sequencer(self.store, self.sign, on_commit=self.publisher.wake) as sequencer:

                def call(each: Submission) -> None:
                    appended.append(sequencer.submit(each.record_id, each.payload).result())

                rate, latencies = by_callers(work, call)
            self.require_receipts(appended)
        finally:
            stop.set()
            self.publisher.wake()
            publishing.join()
        return rate, latencies, appended

    def require_receipts(self, appended: Sequence[Appended]) -> None:
        """Every receipt verifies, and its checkpoint was there within five seconds."""
        published = PublishedLog(self.objects, self.log_key)
        published.covering(max(each.entry.leaf_index for each in appended), timeout=5.0)
        for each in appended:
            verify_proof(published.receipt(each.entry), leaf_hash(each.entry.envelope), self.log_key)

    def insert(self, count: int, pool_size: int) -> float:
        work = statements(count)
        signed = {each.record_id: self.sign(each.payload) for each in work}
        with ExitStack() as stack:
            pool: queue.SimpleQueue[psycopg.Connection[tuple[object, ...]]] = queue.SimpleQueue()
            for _ in range(pool_size):
                pool.put(stack.enter_context(psycopg.connect(self.url, autocommit=True)))

            def call(each: Submission) -> None:
                envelope = signed[each.record_id]
                connection = pool.get()
                connection.execute(INSERT, (each.record_id, leaf_hash(envelope), envelope), prepare=True)
                pool.put(connection)

            rate, _ = by_callers(work, call)
        return rate

    def copy(self, count: int) -> float:
        work = statements(count)
        index = itertools.count(self._copied())
        with psycopg.connect(self.url, autocommit=True) as connection:
            started = time.perf_counter()
            for start in range(0, count, 1000):
                with connection.cursor() as cursor, cursor.copy(COPY) as copy:
                    copy.set_types(["int8", "uuid", "bytea", "bytea"])
                    for each in work[start : start + 1000]:
                        envelope = self.sign(each.payload)
                        copy.write_row((next(index), uuid.UUID(each.record_id), leaf_hash(envelope), envelope))
            return count / (time.perf_counter() - started)

    def _copied(self) -> int:
        with psycopg.connect(self.url) as connection:
            row = connection.execute("SELECT count(*) FROM copied").fetchone()
        return 0 if row is None else int(row[0])

    def warm_up(self) -> None:
        """Each side once before anything is measured: the first calls would pay for code, plans and files."""
        self.ours(WARM_UP)
        self.insert(WARM_UP, CALLERS)
        self.copy(WARM_UP)

    def fill(self, size: int) -> None:
        with Sequencer(self.store, self.sign) as sequencer:
            while (missing := size - self.store.head().size) > 0:
                sequencer.append_now(statements(min(missing, 2000)))
        self.publisher.publish()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=20_000, help="records per measurement")
    parser.add_argument("--rounds", type=int, default=3, help="each is measured so often, in turn; the median counts")
    parser.add_argument("--sizes", type=int, nargs="*", default=[1_000, 10_000, 100_000], help="leaves, for growth")
    parser.add_argument("--quick", action="store_true", help="few records: shows that it works")
    options = parser.parse_args()
    count, rounds, sizes = (200, 1, [600]) if options.quick else (options.count, options.rounds, options.sizes)
    with ExitStack() as stack:
        folder = stack.enter_context(throwaway_folder("append"))
        server = stack.enter_context(EmbeddedServer(folder))
        bench = Benchmark(folder, server.url(), stack)
        bench.warm_up()
        growth(bench, sizes, count // 4)
        compare(bench, count, rounds)


def growth(bench: Benchmark, sizes: Sequence[int], count: int) -> None:
    latency = {}
    for size in sizes:
        bench.fill(size)
        _, latencies, _ = bench.ours(count)
        latency[size] = statistics.median(latencies)
    if len(latency) > 1:
        flat = max(latency.values()) / min(latency.values())
        emit("append", "growth", flat, "ratio", p50_ms={size: round(ms, 2) for size, ms in latency.items()})


def compare(bench: Benchmark, count: int, rounds: int) -> None:
    pools = {size: bench.insert(count // 4, size) for size in (8, 16, 32, 64)}
    best = max(pools, key=lambda size: pools[size])
    ours, inserts, copies, latencies = [], [], [], list[float]()
    for _ in range(rounds):
        rate, round_latencies, _ = bench.ours(count)
        ours.append(rate)
        latencies += round_latencies
        inserts.append(bench.insert(count, best))
        copies.append(bench.copy(count))
    a, b, c = (statistics.median(each) for each in (ours, inserts, copies))
    rates = {"ours": round(a), "insert": round(b), "copy": round(c), "pool": best, "leaves": bench.store.head().size}
    percentiles = statistics.quantiles(latencies, n=100)
    emit("append", "vs_insert", a / b, "ratio", per_second=rates)
    emit("append", "vs_copy", a / c, "ratio", per_second=rates)
    emit("append", "p50_ms", percentiles[49], "ms", callers=CALLERS)
    emit("append", "p99_ms", percentiles[98], "ms", callers=CALLERS)


if __name__ == "__main__":
    main()
