"""Replay of a log of records against the pure cost of its cryptography: hashing and Ed25519 on all cores."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from multiprocessing.synchronize import Event
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ledger.audit.checks import AuditVerdict
from ledger.audit.entries import EntryChecker
from ledger.audit.whole_log.replay import replay_log
from ledger.log.checkpoint import Checkpoint, sign_checkpoint
from ledger.log.entry import Entry
from ledger.log.growth import TileWriter
from ledger.log.merkle import leaf_hash, root_of
from ledger.record import dsse
from ledger.record.ids import new_id
from ledger.record.predicates import Predicate
from ledger.record.statement import statement_payload
from tests.benchmarks._output import emit
from tests.log.keys import note_signer
from tests.log.memory import FolderObjects
from tests.record.kinds import subject_of
from tests.record.samples import ORIGIN, SIGNER, key_record, registration


def records(count: int) -> list[bytes]:
    """A log's entries: the service's key, then registrations."""
    first, sample = key_record(), registration(1)
    others = (sample.model_copy(update={"record_id": new_id(), "work_id": new_id()}) for _ in range(count - 1))
    return [leaf(first), *map(leaf, others)]


def leaf(predicate: Predicate) -> bytes:
    return dsse.sign(statement_payload(predicate.kind, subject_of(predicate), predicate), [SIGNER])


def write_log(entries: Sequence[bytes], folder: Path) -> None:
    objects = FolderObjects(folder)
    now = datetime.now(UTC)
    size = TileWriter(objects, 0).write(
        Entry(index, "", leaf_hash(entry), entry, now) for index, entry in enumerate(entries)
    )
    checkpoint = Checkpoint(ORIGIN, size, root_of(map(leaf_hash, entries)))
    objects.replace("checkpoint", sign_checkpoint(checkpoint, note_signer()))


Signed = tuple[bytes, bytes, bytes]
"""Entry, signed message, signature."""


def signed(entry: bytes) -> Signed:
    envelope = dsse.parse(entry)
    return entry, dsse.pae(envelope.payload), envelope.signatures[0].sig


def crypto(work: Sequence[Signed]) -> bytes:
    """Hashes the entries into a tree and verifies each signature: nothing else."""
    key = Ed25519PublicKey.from_public_bytes(SIGNER.public_raw)
    for _, message, signature in work:
        key.verify(signature, message)
    return root_of(leaf_hash(entry) for entry, _, _ in work)


class CryptoWorkers:
    """The same on all cores: every process has its share of the work beforehand."""

    def __init__(self, entries: Sequence[bytes], jobs: int) -> None:
        context = multiprocessing.get_context("fork")
        work = list(map(signed, entries))
        shares = [work[start::jobs] for start in range(jobs)]
        self._starts = [context.Event() for _ in shares]
        self._done = [context.Event() for _ in shares]
        self._processes = [
            context.Process(target=self._work, args=(share, start, done))
            for share, start, done in zip(shares, self._starts, self._done, strict=True)
        ]
        for process in self._processes:
            process.start()

    @staticmethod
    def _work(share: Sequence[Signed], start: Event, done: Event) -> None:
        while True:
            start.wait()
            start.clear()
            crypto(share)
            done.set()

    def seconds(self) -> float:
        started = time.perf_counter()
        for event in self._starts:
            event.set()
        for event in self._done:
            event.wait()
            event.clear()
        return time.perf_counter() - started

    def close(self) -> None:
        for process in self._processes:
            process.kill()
            process.join()


def replay_seconds(folder: Path, jobs: int) -> float:
    started = time.perf_counter()
    result = replay_log(str(folder), note_signer().key, checker=EntryChecker(ORIGIN), jobs=jobs)
    if result.audit.verdict is not AuditVerdict.VERIFIED:
        raise RuntimeError(f"the replay failed: {result.audit}")
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100_000, help="records")
    parser.add_argument("--rounds", type=int, default=3, help="both are measured so often, in turn; medians count")
    parser.add_argument("--quick", action="store_true", help="few records: shows that it works")
    options = parser.parse_args()
    count, rounds = (500, 1) if options.quick else (options.count, options.rounds)
    jobs = os.cpu_count() or 1
    with tempfile.TemporaryDirectory(prefix="artledger-audit-") as name:
        entries = records(count)
        write_log(entries, Path(name))
        workers = CryptoWorkers(entries, jobs)
        try:
            pairs = [(workers.seconds(), replay_seconds(Path(name), jobs)) for _ in range(rounds)]
        finally:
            workers.close()
    pure, replay = (statistics.median(times) for times in zip(*pairs, strict=True))
    rates = {"crypto": round(count / pure), "replay": round(count / replay)}
    size = round(statistics.mean(map(len, entries)))
    emit("audit", "vs_crypto", pure / replay, "ratio", records=count, bytes=size, per_second=rates, jobs=jobs)


if __name__ == "__main__":
    main()
