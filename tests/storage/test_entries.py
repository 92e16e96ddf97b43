"""The PostgreSQL entry store keeps the log's contract, and refuses what must never happen to a log."""

from __future__ import annotations

import signal
import subprocess
import sys
import uuid

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import ProgrammingError

from ledger.errors import ConflictError, InputError, IntegrityError
from ledger.log.entry import Draft, EntryStore
from ledger.log.merkle import root_of
from ledger.storage.database import Database
from ledger.storage.log.entries import BATCH, PostgresEntryStore
from tests.log.contracts import EntryStoreContract, draft

CHANGES = (
    "UPDATE entry SET envelope = 'x' WHERE leaf_index = 0",
    "UPDATE entry SET leaf_index = 7",
    "DELETE FROM entry",
    "DELETE FROM entry WHERE leaf_index = 0",
    "TRUNCATE entry",
    "TRUNCATE entry CASCADE",
)


class TestPostgresEntryStore(EntryStoreContract):
    @pytest.fixture
    def store(self, entries: PostgresEntryStore) -> EntryStore:
        return entries


def _refused(connection: Connection, statement: str) -> str:
    with pytest.raises(ProgrammingError) as refusal, connection.begin_nested():
        connection.execute(sa.text(statement))
    return str(refusal.value.orig)


@pytest.mark.parametrize("statement", CHANGES)
def test_the_service_has_no_right_to_change_entries(
    database: Database, entries: PostgresEntryStore, statement: str
) -> None:
    entries.append([draft(b"leaf")])
    with database.begin() as connection:
        assert "permission denied for table entry" in _refused(connection, statement)
    assert [each.envelope for each in entries.read(0, 1)] == [b"leaf"]


@pytest.mark.parametrize("statement", CHANGES)
def test_the_trigger_refuses_even_the_owner(database: Database, entries: PostgresEntryStore, statement: str) -> None:
    entries.append([draft(b"leaf")])
    with database.begin_as_owner() as connection:
        assert "refused: the log is append only" in _refused(connection, statement)
        connection.execute(sa.text("SET LOCAL session_replication_role = replica"))
        assert "refused: the log is append only" in _refused(connection, statement)
    assert [each.envelope for each in entries.read(0, 1)] == [b"leaf"]


@pytest.mark.parametrize("role", ["service", "owner"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE log_head SET size = 0",
        "UPDATE log_head SET origin = 'other'",
        "DELETE FROM log_head",
        "TRUNCATE log_head",
    ],
)
def test_the_head_only_grows(database: Database, entries: PostgresEntryStore, role: str, statement: str) -> None:
    entries.append([draft(b"leaf")])
    with database.begin() if role == "service" else database.begin_as_owner() as connection:
        _refused(connection, statement)


def test_the_first_origin_stays(database: Database) -> None:
    store = PostgresEntryStore(database)
    with pytest.raises(ConflictError) as missing:
        store.head()
    assert missing.value.code == "log-not-created"
    assert store.create_log("log.example/one") == "log.example/one"
    assert store.create_log("log.example/two") == "log.example/one"


def test_an_entry_of_65536_bytes_is_refused_before_anything_is_written(entries: PostgresEntryStore) -> None:
    with pytest.raises(InputError) as refusal:
        entries.append([draft(b"fits"), draft(b"x" * 65_536)])
    assert refusal.value.code == "entry-too-large"
    assert entries.head().size == 0


def test_a_missing_entry_is_noticed_while_reading(database: Database, entries: PostgresEntryStore) -> None:
    entries.append([draft(b"%d" % number) for number in range(10)])
    with database.begin_as_owner() as connection:
        connection.execute(sa.text("ALTER TABLE entry DISABLE TRIGGER entry_append_only"))
        connection.execute(sa.text("DELETE FROM entry WHERE leaf_index IN (4, 9)"))
    for start, missing in ((0, 4), (5, 9)):
        with pytest.raises(IntegrityError, match=f"entry {missing} is missing") as refusal:
            list(entries.read(start, 10))
        assert refusal.value.code == "log-gap"


def test_a_head_that_contradicts_itself_stops_appends(database: Database, entries: PostgresEntryStore) -> None:
    entries.append([draft(b"leaf")])
    with database.begin() as connection:
        connection.execute(sa.text("UPDATE log_head SET root = decode(repeat('00', 32), 'hex')"))
    with pytest.raises(IntegrityError) as refusal:
        entries.append([draft(b"next")])
    assert refusal.value.code == "log-head"


def test_reads_across_batches(entries: PostgresEntryStore) -> None:
    size = 2 * BATCH + 3
    entries.append([draft(b"%d" % number) for number in range(size)])
    read = list(entries.read(1, size + 100))
    assert [each.leaf_index for each in read] == list(range(1, size))


def test_rows_alongside_that_break_a_constraint_undo_the_batch(entries: PostgresEntryStore) -> None:
    def collide(connection: Connection) -> None:
        for _ in range(2):
            connection.execute(
                sa.text("INSERT INTO artist (artist_id, name) VALUES (:id, 'One Name')"), {"id": uuid.uuid4()}
            )

    with pytest.raises(ConflictError, match="uq_artist_name") as refusal:
        entries.append([draft(b"leaf")], collide)
    assert refusal.value.code == "database-conflict"
    assert entries.head().size == 0


def test_processes_append_side_by_side(entries: PostgresEntryStore, database_url: str) -> None:
    program = (
        "import os, uuid\n"
        "from ledger.log.entry import Draft\n"
        "from ledger.storage.database import Database\n"
        "from ledger.storage.log.entries import PostgresEntryStore\n"
        "with Database(os.environ['URL']) as database:\n"
        "    store = PostgresEntryStore(database)\n"
        "    for _ in range(20):\n"
        "        store.append([Draft(str(uuid.uuid4()), os.urandom(100)) for _ in range(5)])\n"
    )
    running = [subprocess.Popen([sys.executable, "-c", program], env={"URL": database_url}) for _ in range(3)]
    assert [process.wait() for process in running] == [0, 0, 0]
    read = list(entries.read(0, 300))
    assert [each.leaf_index for each in read] == list(range(300))
    assert entries.head().root == root_of(each.leaf_hash for each in read)


def test_a_killed_writer_leaves_nothing_behind(entries: PostgresEntryStore, database_url: str) -> None:
    program = (
        "import os, signal, sys\n"
        "from ledger.log.entry import Draft\n"
        "from ledger.storage.database import Database\n"
        "from ledger.storage.log.entries import PostgresEntryStore\n"
        "store = PostgresEntryStore(Database(os.environ['URL']))\n"
        "draft = Draft('00000000-0000-7000-8000-000000000000', b'never')\n"
        "store.append([draft], lambda _: os.kill(os.getpid(), signal.SIGKILL))\n"
    )
    killed = subprocess.run([sys.executable, "-c", program], env={"URL": database_url}, check=False)
    assert killed.returncode == -signal.SIGKILL
    (appended,) = entries.append([Draft(str(uuid.uuid4()), b"after")])
    assert appended.entry.leaf_index == 0
