"""How logs have died, on PostgreSQL and a folder: backups, altered rows, two publishers, killed services."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
import sqlalchemy as sa

from ledger.audit.whole_log.replay import replay_log
from ledger.errors import IntegrityError, LedgerError
from ledger.log.entry import Draft
from ledger.log.publish import Publisher, PublisherLock
from ledger.storage.database import Database
from ledger.storage.locks import PublisherLock as AdvisoryLock
from ledger.storage.log.entries import PostgresEntryStore
from ledger.storage.log.objects import FolderObjects
from tests.conftest import DatabaseUrl, admin
from tests.log.faults import require_replay, run_process, serve, witness
from tests.log.injector import Place
from tests.log.keys import note_signer
from tests.log.logs import alone
from tests.record.samples import ORIGIN

KEY = note_signer().key


@pytest.fixture
def entries(database: Database) -> PostgresEntryStore:
    store = PostgresEntryStore(database)
    store.create_log(ORIGIN)
    return store


def publisher_for(store: PostgresEntryStore, folder: Path, lock: PublisherLock = alone) -> Publisher:
    return Publisher(store, FolderObjects(folder / "log"), note_signer(), folder / "last", lock)


def add(store: PostgresEntryStore, count: int, text: str = "entry") -> None:
    store.append([Draft(str(uuid.uuid4()), f"{text} {number}".encode()) for number in range(count)])


def good(folder: Path) -> bool:
    return replay_log(str(folder / "log"), KEY, jobs=1).audit.exit_code == 0


def test_a_database_restored_from_an_older_backup_is_not_signed(
    database_server: DatabaseUrl, database_url: str, tmp_path: Path
) -> None:
    backup = f"backup_{uuid.uuid4().hex[:12]}"
    name = sa.make_url(database_url).database
    with Database(database_url) as database:
        store = PostgresEntryStore(database)
        store.create_log(ORIGIN)
        add(store, 300)
        publisher_for(store, tmp_path).publish()
    admin(database_server("postgres"), f"CREATE DATABASE {backup} TEMPLATE {name}")
    try:
        with Database(database_url) as database:
            store = PostgresEntryStore(database)
            add(store, 50)
            publisher_for(store, tmp_path).publish()
        with Database(database_server(backup)) as restored:
            store = PostgresEntryStore(restored)
            require_refusal(publisher_for(store, tmp_path), "database-behind")
            add(store, 80, "other")
            require_refusal(publisher_for(store, tmp_path), "forked")
    finally:
        admin(database_server("postgres"), f"DROP DATABASE {backup} WITH (FORCE)")
    assert good(tmp_path)


def require_refusal(publisher: Publisher, code: str) -> None:
    with pytest.raises(IntegrityError) as refusal:
        publisher.publish()
    assert refusal.value.code == code
    assert refusal.value.hint


def test_a_row_that_a_superuser_altered_is_not_signed(
    entries: PostgresEntryStore, database: Database, tmp_path: Path
) -> None:
    add(entries, 10)
    publisher_for(entries, tmp_path).publish()
    add(entries, 10)
    with database.begin_as_owner() as connection:
        connection.execute(sa.text("ALTER TABLE entry DISABLE TRIGGER ALL"))
        connection.execute(sa.text("UPDATE entry SET envelope = 'altered' WHERE leaf_index = 15"))
    require_refusal(publisher_for(entries, tmp_path), "entry-altered")
    with database.begin_as_owner() as connection:
        connection.execute(sa.text("DELETE FROM entry WHERE leaf_index >= 15"))
    require_refusal(publisher_for(entries, tmp_path), "log-gap")


def test_two_publishers_forced_to_run_at_once_do_not_fork(database_url: str, tmp_path: Path) -> None:
    stop = threading.Event()
    sizes: list[int] = []
    unexpected: list[LedgerError] = []

    def publish() -> None:
        with Database(database_url) as database:
            publisher = publisher_for(PostgresEntryStore(database), tmp_path)
            while not stop.is_set():
                try:
                    publication = publisher.publish()
                except LedgerError as error:
                    if error.code != "stale-checkpoint":
                        unexpected.append(error)
                else:
                    assert publication is not None
                    sizes.append(publication.signed.size)

    with Database(database_url) as database:
        store = PostgresEntryStore(database)
        store.create_log(ORIGIN)
        threads = [threading.Thread(target=publish) for _ in range(2)]
        for thread in threads:
            thread.start()
        while len(set(sizes)) < 8 and not unexpected:
            add(store, 11)
        stop.set()
        for thread in threads:
            thread.join()
        last = publisher_for(store, tmp_path).publish()
    assert unexpected == []
    result = replay_log(str(tmp_path / "log"), KEY, jobs=1)
    assert result.audit.exit_code == 0
    assert last is not None
    assert result.entries == last.signed.size


def hold_the_lock(url: str, ready: Connection) -> None:
    with Database(url) as database, AdvisoryLock(database)() as obtained:
        ready.send(obtained)
        signal.pause()


def test_another_publisher_takes_over_when_the_first_is_killed(
    entries: PostgresEntryStore, database: Database, database_url: str, tmp_path: Path
) -> None:
    add(entries, 3)
    publisher = publisher_for(entries, tmp_path, AdvisoryLock(database))
    context = multiprocessing.get_context("forkserver")
    receiver, sender = context.Pipe(duplex=False)
    first = context.Process(target=hold_the_lock, args=(database_url, sender))
    first.start()
    assert receiver.recv() is True
    assert publisher.publish() is None
    first.kill()
    first.join()
    publication = None
    for _ in range(500):
        publication = publication or publisher.publish()
        if publication is None:
            threading.Event().wait(0.01)
    assert publication is not None
    assert publication.signed.size == 3
    receiver.close()
    sender.close()


@contextmanager
def service(place: Place, record_ids: list[str]) -> Iterator[tuple[Connection, int]]:
    context = multiprocessing.get_context("forkserver")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=serve, args=(place, None, record_ids, sender))
    process.start()
    sender.close()
    assert process.pid is not None
    try:
        yield receiver, process.pid
    finally:
        process.kill()
        process.join()
        receiver.close()


@pytest.mark.parametrize("times", [3, pytest.param(50, marks=pytest.mark.slow)])
def test_killed_under_load_again_and_again(database_url: str, tmp_path: Path, times: int) -> None:
    """Everything acknowledged before each SIGKILL is found at the end, and the log replays."""
    chance = random.Random(times)
    acknowledged: dict[str, int] = {}
    with witness(tmp_path) as (_, policy):
        place = Place(database_url, tmp_path, policy)
        for _ in range(times):
            with service(place, [str(uuid.uuid4()) for _ in range(20_000)]) as (reports, pid):
                for _ in range(chance.randint(1, 400)):
                    _, record_id, index = reports.recv()
                    acknowledged[record_id] = index
                os.kill(pid, signal.SIGKILL)
                while True:
                    try:
                        _, record_id, index = reports.recv()
                    except EOFError:
                        break
                    acknowledged[record_id] = index
        _, published = run_process(place, None, [str(uuid.uuid4())])
        assert published
        require_replay(place, tmp_path / "auditor")
    with Database(database_url) as database:
        store = PostgresEntryStore(database)
        stored = {entry.record_id: entry.leaf_index for entry in store.read(0, store.head().size)}
    assert acknowledged.items() <= stored.items()
    assert len(acknowledged) >= times


def test_two_services_on_one_database(database_url: str, tmp_path: Path) -> None:
    """No gap, no duplicate, one log: each record of both is where it was acknowledged."""
    mine, theirs = ([str(uuid.uuid4()) for _ in range(400)] for _ in range(2))
    with witness(tmp_path) as (_, policy):
        place = Place(database_url, tmp_path, policy)
        results: list[tuple[dict[str, int], bool]] = []
        other = threading.Thread(target=lambda: results.append(run_process(place, None, theirs)))
        other.start()
        results.append(run_process(place, None, mine))
        other.join()
        require_replay(place, tmp_path / "auditor")
    indexes = [index for acknowledged, _ in results for index in acknowledged.values()]
    assert sorted(indexes) == list(range(800))
    assert all(published for _, published in results)
