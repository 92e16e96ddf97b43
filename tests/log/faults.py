"""Faults of the whole log on PostgreSQL and a folder: what a cell of the matrix is, and how it is run.

A process appends and publishes, with a witness; at a chosen step something happens to it. Another process then goes on
undisturbed. Afterwards nothing that was acknowledged may be missing or moved, and the log must replay.
"""

from __future__ import annotations

import contextlib
import http.server
import multiprocessing
import os
import resource
import signal
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa

from ledger.audit.checks import AuditVerdict
from ledger.audit.replay import replay_log
from ledger.errors import LedgerError, PushbackError
from ledger.log.append import Sequencer
from ledger.log.publish import Publisher
from ledger.log.witness import WitnessClient
from ledger.log.witness_policy import parse_policy
from ledger.storage.database import Database
from ledger.storage.locks import PublisherLock
from ledger.storage.log import entries as entries_module
from ledger.storage.log.entries import PostgresEntryStore
from ledger.storage.log.entry_rows import write_entries
from ledger.storage.log.head import advance_head
from ledger.storage.log.objects import FolderObjects
from ledger.storage.log.quick_append import QuickAppender
from tests.log.keys import note_signer, witness_signer
from tests.log.witness_server import Witness, handler_for
from tests.record.samples import ORIGIN

STEPS = (
    "insert",
    "head update",
    "commit",
    "quick append",
    "bundle or tile",
    "partial",
    "flush",
    "sign",
    "last checkpoint",
    "witness",
    "serve",
)
FAULTS = ("exception", "SIGKILL", "connection lost", "disk full", "clock backwards")
RECORDS = 600
PORTION = 150
"""Records between which a process waits for the checkpoint, so that every step of publishing comes more than once."""
CALLERS = 8


@dataclass(frozen=True)
class Cell:
    step: str
    after: bool
    """After the step is durable; else before."""
    fault: str

    def __str__(self) -> str:
        return f"{'after' if self.after else 'before'} {self.step}, {self.fault}"


CELLS = [Cell(step, after, fault) for step in STEPS for after in (False, True) for fault in FAULTS]


@dataclass(frozen=True)
class Place:
    """Where a cell's log lives."""

    url: str
    folder: Path
    policy: str

    @property
    def objects(self) -> Path:
        return self.folder / "log"


class Injected(Exception):  # noqa: N818 - it stands for any defect
    pass


class Injector:
    """Does something to this process when it comes to a step for the second time."""

    def __init__(self, cell: Cell, place: Place) -> None:
        self._cell = cell
        self._place = place
        self._passes = 0

    def around(self, step: str, function: Callable[..., Any]) -> Callable[..., Any]:
        if step != self._cell.step:
            return function

        def wrapped(*args: Any, **kwargs: Any) -> Any:
            self._passes += 1
            hit = self._passes == 2
            if hit and (not self._cell.after or self._on_files()):
                self._happen()
            with self._full_disk() if hit and self._on_files() else contextlib.nullcontext():
                result = function(*args, **kwargs)
            if hit and self._cell.after and not self._on_files():
                self._happen()
            return result

        return wrapped

    def _note(self) -> None:
        (self._place.folder / "hit").touch()

    def _on_files(self) -> bool:
        return self._cell.fault == "disk full" and self._cell.step in (
            "bundle or tile",
            "partial",
            "last checkpoint",
            "serve",
        )

    @contextlib.contextmanager
    def _full_disk(self) -> Iterator[None]:
        """Files cannot grow beyond 50 bytes: writes come out short, then fail."""
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (50, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))

    def _happen(self) -> None:
        self._note()
        match self._cell.fault:
            case "exception":
                raise Injected(str(self._cell))
            case "SIGKILL":
                os.kill(os.getpid(), signal.SIGKILL)
            case "connection lost":
                end_connections(self._place.url)
            case "disk full" if not self._on_files():
                raise PushbackError("no space left", code="disk-full")
            case "clock backwards":
                real, real_ns = time.time, time.time_ns
                time.time = lambda: real() - 86_400
                time.time_ns = lambda: real_ns() - 86_400 * 10**9
            case _:
                pass


def end_connections(url: str) -> None:
    plain = sa.make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def inject(injector: Injector, objects: FolderObjects, publisher: Publisher, witnesses: WitnessClient) -> None:
    """Puts the injector at every step. Patches this process, which is thrown away afterwards."""

    def around(step: str, owner: Any, name: str) -> None:
        setattr(owner, name, injector.around(step, getattr(owner, name)))

    around("insert", entries_module, write_entries.__name__)
    around("head update", entries_module, advance_head.__name__)
    around("commit", PostgresEntryStore, "_append")
    around("quick append", QuickAppender, "_attempt")
    partials, others = injector.around("partial", objects.put_new), injector.around("bundle or tile", objects.put_new)
    objects.put_new = lambda path, data: (partials if ".p/" in path else others)(path, data)  # type: ignore[method-assign]
    around("flush", objects, "sync")
    around("serve", objects, "replace")
    around("witness", witnesses, "collect")
    around("last checkpoint", publisher._last_seen, "advance")
    signer = publisher._signer
    object.__setattr__(signer, "sign", injector.around("sign", signer.sign))


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
