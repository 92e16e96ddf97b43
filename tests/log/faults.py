"""Faults of the whole log on PostgreSQL and a folder: what a cell of the matrix is, and how it is run.

A process appends and publishes, with a witness; at a chosen step something happens to it. Another process then goes on
undisturbed. Afterwards nothing that was acknowledged may be missing or moved, and the log must replay.
"""

from __future__ import annotations

import contextlib
import http.server
import multiprocessing
import threading
import uuid
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

from ledger.audit.checks import AuditVerdict
from ledger.audit.whole_log.replay import replay_log
from ledger.errors import LedgerError, PushbackError
from ledger.log.append import Sequencer
from ledger.log.publish import Publisher
from ledger.log.witness import WitnessClient
from ledger.log.witness_policy import parse_policy
from ledger.storage.database import Database
from ledger.storage.locks import PublisherLock
from ledger.storage.log.entries import PostgresEntryStore
from ledger.storage.log.objects import FolderObjects
from tests.log.injector import PORTION, RECORDS, Cell, Injected, Injector, Place, inject
from tests.log.keys import note_signer, witness_signer
from tests.log.witness_server import Witness, handler_for
from tests.record.samples import ORIGIN

CALLERS = 8


def serve(place: Place, cell: Cell | None, record_ids: list[str], report: Connection) -> None:
    """One process of the service: appends the records, reports each acknowledgement, publishes, reports the end."""
    with Database(place.url) as database:
        store = PostgresEntryStore(database)
        store.create_log(ORIGIN)
        objects = FolderObjects(place.objects)
        witnesses = WitnessClient(parse_policy(place.policy.encode()))
        publisher = Publisher(
            store, objects, note_signer(), place.folder / "last", PublisherLock(database), witnesses=witnesses
        )
        if cell is not None:
            inject(Injector(cell, place), objects, publisher, witnesses)
        stop = threading.Event()
        publishing = threading.Thread(target=publisher.run, args=(stop,), kwargs={"interval": 0.01})
        publishing.start()
        try:
            with Sequencer(store, lambda payload: payload, on_commit=publisher.wake) as sequencer:
                for start in range(0, len(record_ids), PORTION):
                    append_all(sequencer, record_ids[start : start + PORTION], report)
                    until_published(publisher)
        finally:
            stop.set()
            publisher.wake()
            publishing.join()
        report.send(("published", until_published(publisher)))


def append_all(sequencer: Sequencer, record_ids: list[str], report: Connection) -> None:
    """Callers that come back with the same record id when something went wrong."""
    waiting = iter(record_ids)
    lock = threading.Lock()

    def caller() -> None:
        while True:
            with lock:
                record_id = next(waiting, None)
            if record_id is None:
                return
            entry = until_acknowledged(sequencer, record_id)
            with lock:
                report.send(("acknowledged", record_id, entry))

    threads = [threading.Thread(target=caller) for _ in range(CALLERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def until_acknowledged(sequencer: Sequencer, record_id: str) -> int:
    while True:
        with contextlib.suppress(LedgerError, Injected):
            return sequencer.submit(record_id, b"record " + record_id.encode()).result().entry.leaf_index


def until_published(publisher: Publisher) -> int:
    while True:
        with contextlib.suppress(PushbackError, Injected):
            publication = publisher.publish()
            if publication is not None and publication.published:
                return publication.signed.size


@contextlib.contextmanager
def witness(folder: Path) -> Iterator[tuple[Witness, str]]:
    """A witness on a thread of this process, which no fault reaches; it and the policy that asks for it."""
    one = Witness(witness_signer(1), note_signer().key, folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler_for(one, "")) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield one, f"witness W {witness_signer(1).key} http://127.0.0.1:{server.server_port}\nquorum W\n"
        finally:
            server.shutdown()
            thread.join()


def run_process(place: Place, cell: Cell | None, record_ids: list[str]) -> tuple[dict[str, int], bool]:
    """What a process acknowledged (record id to leaf index), and whether it lived to publish everything."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=serve, args=(place, cell, record_ids, sender))
    process.start()
    sender.close()
    acknowledged: dict[str, int] = {}
    published = False
    with receiver, contextlib.suppress(EOFError):
        while True:
            match receiver.recv():
                case ("acknowledged", record_id, index):
                    acknowledged[record_id] = index
                case _:
                    published = True
    process.join()
    process.close()
    return acknowledged, published


def run_cell(cell: Cell, url: str, folder: Path) -> str:
    """Runs a cell and says how it ended; raises AssertionError when anything was lost, moved or forked."""
    record_ids = [str(uuid.uuid4()) for _ in range(RECORDS)]
    with witness(folder) as (_, policy):
        place = Place(url, folder, policy)
        state = folder / "auditor"
        first, lived = run_process(place, cell, record_ids)
        assert (folder / "hit").exists(), "the step was come to"
        if (place.objects / "checkpoint").exists():
            require_replay(place, state)
        second, published = run_process(place, None, record_ids)
        assert published, "the undisturbed process published"
        require_replay(place, state)
    with Database(url) as database:
        stored = {entry.record_id: entry.leaf_index for entry in PostgresEntryStore(database).read(0, RECORDS)}
    assert stored == second, "every record is on the log once, where it was acknowledged"
    assert first.items() <= stored.items(), "what the disturbed process acknowledged is where it said"
    return f"{len(first)} acknowledged, then {'went on' if lived else 'died'}; all found, replay good"


def require_replay(place: Place, state: Path) -> None:
    audit = replay_log(
        str(place.objects), note_signer().key, policy=parse_policy(place.policy.encode()), state_dir=state, jobs=1
    ).audit
    assert audit.verdict is AuditVerdict.VERIFIED, audit
