"""The publisher: what it writes, what it refuses to sign, and that a crash anywhere is recovered from."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from tlog_scales.backend import LocalBackend
from tlog_scales.reader import TilesReader
from tlog_scales.tiles import leaf_hash as scales_leaf_hash

from ledger.errors import IntegrityError, PushbackError
from ledger.log.checkpoint import Checkpoint, sign_checkpoint
from ledger.log.entry import Draft
from ledger.log.merkle import verify_consistency, verify_inclusion
from ledger.log.published import PublishedLog
from ledger.log.reader import TileReader, make_receipt
from ledger.log.tiles import growth
from tests.log.keys import note_signer
from tests.log.logs import Log
from tests.log.memory import MemoryEntries
from tests.log.waiting import wait_until

SIZES = [0, 1, 1, 254, 1, 1, 255, 300, 5000]


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log.at(tmp_path)


def test_every_published_size_has_its_objects(log: Log) -> None:
    sizes = []
    for count in SIZES:
        publication = log.grow(count)
        assert publication.published
        head = log.entries.head()
        assert (publication.signed.size, publication.signed.root) == (head.size, head.root)
        assert log.served() == publication.signed
        sizes.append(head.size)
    for size in sizes:
        for tile in growth(0, size):
            assert log.objects.get(tile.path) is not None, f"{tile.path} of size {size}"
    expected = {tile.path for size in sizes for tile in growth(0, size)} | {"checkpoint"}
    folder = log.objects.folder
    assert {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()} == expected


def test_proofs_between_all_published_sizes(log: Log) -> None:
    heads = [log.grow(count).signed for count in SIZES]
    reader = TileReader(log.objects)
    for old in heads:
        for new in heads:
            if old.size <= new.size:
                verify_consistency(old.size, old.root, new.size, new.root, reader.consistency_proof(old.size, new.size))
    for signed in heads[1:]:
        for index in {0, signed.size // 2, signed.size - 1}:
            leaf = log.entries.entries[index].leaf_hash
            verify_inclusion(leaf, index, signed.size, reader.inclusion_proof(index, signed.size), signed.root)


def test_another_implementation_reads_the_log(log: Log) -> None:
    log.grow(777)
    log.grow(65_000)
    reader = TilesReader(LocalBackend(log.objects.folder))
    checkpoint = reader.get_checkpoint()
    assert checkpoint.size == 65_777
    for index in (0, 255, 256, 776, 777, 65_535, 65_536, 65_776):
        entry = reader.get_entry(index)
        assert entry == b"entry %d" % index
        reader.get_inclusion_proof(index, checkpoint.size).check(scales_leaf_hash(entry), checkpoint.root_hash)


def test_a_partial_tile_may_be_replaced_by_the_full_one(log: Log) -> None:
    old = log.grow(100).signed
    log.grow(400)
    (log.objects.folder / "tile/0/000.p/100").unlink()
    receipt = make_receipt(TileReader(log.objects), log.entries.entries[7].leaf_hash, 7, old)
    assert len(receipt.path) == 7


def test_nothing_new_publishes_nothing(log: Log) -> None:
    log.grow(10)
    before = log.objects.folder.joinpath("checkpoint").stat().st_mtime_ns
    assert log.grow(0).published
    assert log.objects.folder.joinpath("checkpoint").stat().st_mtime_ns == before


def test_another_publisher_at_work(log: Log) -> None:
    @contextmanager
    def taken() -> Iterator[bool]:
        yield False

    log.add(3)
    assert log.publisher(lock=taken).publish() is None
    assert log.objects.get("checkpoint") is None


def refusal(log: Log) -> IntegrityError:
    served, remembered = log.objects.get("checkpoint"), log.last_checkpoint.read_bytes()
    with pytest.raises(IntegrityError) as error:
        log.publisher().publish()
    assert log.objects.get("checkpoint") == served
    assert log.last_checkpoint.read_bytes() == remembered
    return error.value


@pytest.mark.parametrize("lost", ["nothing else", "served checkpoint"])
def test_a_restored_backup_is_not_signed(log: Log, lost: str) -> None:
    log.grow(300)
    backup = log.entries
    older = MemoryEntries()
    older.append([Draft(entry.record_id, entry.envelope) for entry in backup.entries[:200]])
    log.entries = older
    if lost == "served checkpoint":
        (log.objects.folder / "checkpoint").unlink()
    error = refusal(log)
    assert error.code == "database-behind"
    assert "200 entries" in error.message
    assert "300" in error.message
    assert error.hint
    # Grown past the signed size with other entries, the same backup is a fork, and is refused too.
    older.append([Draft(f"other {number}", b"other %d" % number) for number in range(150)])
    assert refusal(log).code == "forked"
    log.entries = backup
    assert log.grow(1).signed.size == 301


def test_a_restored_backup_of_the_same_size_is_not_signed(log: Log) -> None:
    log.grow(3)
    log.entries = MemoryEntries()
    log.entries.append([Draft(f"r{number}", b"other %d" % number) for number in range(3)])
    assert refusal(log).code == "forked"


def test_a_fork_at_a_bundle_boundary_is_not_signed(log: Log) -> None:
    log.grow(512)
    log.entries = MemoryEntries()
    log.entries.append([Draft(f"r{number}", b"other %d" % number) for number in range(520)])
    assert refusal(log).code in ("published-log-damaged", "forked", "entry-altered")


def test_an_altered_row_is_not_signed(log: Log) -> None:
    log.grow(10)
    log.add(10)
    entries = log.entries.entries
    entries[15] = replace(entries[15], envelope=b"altered")
    assert refusal(log).code == "entry-altered"
    entries[15] = replace(entries[15], leaf_hash=bytes(32), envelope=b"entry 15")
    assert refusal(log).code == "entry-altered"


def test_a_deleted_row_is_not_signed(log: Log) -> None:
    log.grow(10)
    log.add(10)
    del log.entries.entries[12]
    assert refusal(log).code in ("entry-gap", "entry-altered")


@pytest.mark.parametrize("path", ["tile/0/001.p/44", "tile/1/000.p/1", "tile/0/000"])
def test_a_flipped_bit_in_a_tile_is_not_built_upon(log: Log, path: str) -> None:
    log.grow(300)
    tile = log.objects.folder / path
    data = bytearray(tile.read_bytes())
    data[3] ^= 4
    tile.write_bytes(data)
    log.add(5)
    if path == "tile/0/000":
        # A full tile off the right edge is not read again: receipts from it are refused, and replay finds it.
        assert log.grow(0).published
        with pytest.raises(IntegrityError) as error:
            make_receipt(TileReader(log.objects), log.entries.entries[1].leaf_hash, 1, log.served())
        assert error.value.code == "published-log-damaged"
    else:
        assert refusal(log).code in ("published-log-damaged", "forked", "entry-altered")


def test_a_tile_that_is_there_with_other_bytes_stops_publishing(log: Log) -> None:
    log.grow(300)
    log.add(10)
    log.objects.put_new("tile/entries/001.p/54", b"something else")
    assert refusal(log).code == "object-differs"


def test_two_signed_checkpoints_of_one_size_are_a_fork(log: Log) -> None:
    signed = log.grow(5).signed
    other = sign_checkpoint(Checkpoint(signed.checkpoint.origin, 5, bytes(32)), log.signer)
    log.last_checkpoint.write_bytes(other)
    assert refusal(log).code == "forked"


def test_the_remembered_and_the_served_checkpoint_must_be_of_one_log(log: Log) -> None:
    signed = log.grow(5).signed
    log.grow(5)
    log.last_checkpoint.write_bytes(sign_checkpoint(Checkpoint(signed.checkpoint.origin, 5, bytes(32)), log.signer))
    assert refusal(log).code == "published-log-damaged"


def test_a_lost_file_is_made_again_from_what_is_served(log: Log) -> None:
    log.grow(5)
    log.last_checkpoint.unlink()
    log.grow(0)
    assert log.last_checkpoint.read_bytes() == log.objects.get("checkpoint")


@pytest.mark.parametrize("damage", [b"", b"rubbish", b"\xff"])
def test_a_damaged_file_stops_signing(log: Log, damage: bytes) -> None:
    log.grow(5)
    log.last_checkpoint.write_bytes(damage)
    log.add(1)
    assert refusal(log).code == "last-checkpoint-damaged"


def test_a_file_that_cannot_be_written_stops_signing(log: Log) -> None:
    log.last_checkpoint.mkdir()
    log.add(1)
    with pytest.raises(PushbackError) as error:
        log.publisher().publish()
    assert error.value.code == "last-checkpoint-unreadable"
    assert log.objects.get("checkpoint") is None


def test_another_logs_folder_is_not_touched(log: Log) -> None:
    log.grow(5)
    log.signer = note_signer("localhost/artledger/other", 9)
    log.last_checkpoint.unlink()
    with pytest.raises(IntegrityError) as error:
        log.publisher().publish()
    assert error.value.code == "published-log-damaged"


def test_a_publisher_that_wakes_up_late_does_not_set_the_checkpoint_back(log: Log) -> None:
    """It slept between signing and serving, while another one went on."""
    log.add(5)
    late = log.publisher()
    publications = []
    overtaken = threading.Event()
    original = log.objects.sync

    def sleep_then_sync() -> None:
        if not overtaken.is_set():
            overtaken.set()
            publications.append(log.grow(5))
        original()

    log.objects.sync = sleep_then_sync  # type: ignore[method-assign]
    with pytest.raises(IntegrityError) as error:
        late.publish()
    assert error.value.code == "stale-checkpoint"
    assert publications[0].signed.size == 10
    assert log.served().size == 10
    assert log.last_checkpoint.read_bytes() == publications[0].signed.data


def test_runs_until_stopped_and_recovers_from_errors(log: Log) -> None:
    publisher = log.publisher()
    stop = threading.Event()
    thread = threading.Thread(target=publisher.run, args=(stop,), kwargs={"interval": 0.01})
    log.add(3)
    log.last_checkpoint.mkdir()
    thread.start()
    published = PublishedLog(log.objects, log.signer.key)
    try:
        wait_until(lambda: publisher.status.error is not None)
        log.last_checkpoint.rmdir()
        assert published.covering(2, timeout=10).size == 3
        log.add(1)
        publisher.wake()
        receipt = published.receipt(log.entries.entries[3], timeout=10)
        assert receipt.index == 3
        wait_until(lambda: publisher.status.error is None)
        assert publisher.status.publication is not None
    finally:
        stop.set()
        publisher.wake()
        thread.join()


def test_not_published_yet(log: Log) -> None:
    published = PublishedLog(log.objects, log.signer.key)
    with pytest.raises(PushbackError) as error:
        published.covering(0, timeout=0)
    assert error.value.code == "not-published"
