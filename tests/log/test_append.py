"""Group commit: batching, isolation, back-pressure, and commits whose outcome is unknown."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from ledger.errors import ConflictError, PushbackError
from ledger.log.append import Sequencer, Ticket
from ledger.log.entry import Alongside, Appended, CommitUnknownError, Draft
from ledger.log.merkle import root_of
from tests.log.logs import submission
from tests.log.memory import MemoryEntries
from tests.log.waiting import wait_until


class GatedEntries(MemoryEntries):
    """Commits wait at a gate; what happens there can be chosen."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()
        self.gate.set()
        self.arrived = threading.Semaphore(0)
        self.batches: list[int] = []
        self.at_the_gate: Callable[[Sequence[Draft]], None] = lambda _: None
        self.after_commit: Callable[[], None] = lambda: None

    def append(self, drafts: Sequence[Draft], alongside: Alongside | None = None) -> Sequence[Appended]:
        self.batches.append(len(drafts))
        self.arrived.release()
        assert self.gate.wait(20)
        self.at_the_gate(drafts)
        appended = super().append(drafts, alongside)
        self.after_commit()
        return appended


@pytest.fixture
def store() -> GatedEntries:
    return GatedEntries()


@pytest.fixture
def sequencer(store: GatedEntries) -> Iterator[Sequencer]:
    with Sequencer(store, sign) as sequencer:
        yield sequencer


def sign(payload: bytes) -> bytes:
    return b"signed " + payload


def submit(sequencer: Sequencer, number: int, **more: Any) -> Ticket:
    each = submission(number)
    return sequencer.submit(each.record_id, each.payload, **more)


def held(store: GatedEntries, sequencer: Sequencer, count: int, **more: Any) -> list[Ticket]:
    """One submission waits at the gate, `count` more have queued behind it."""
    store.gate.clear()
    first = submit(sequencer, 10_000)
    assert store.arrived.acquire(timeout=20)
    return [first, *(submit(sequencer, number, **more) for number in range(count))]


def test_one_submission(sequencer: Sequencer, store: GatedEntries) -> None:
    appended = submit(sequencer, 7).result(20)
    assert appended.entry.leaf_index == 0
    assert appended.entry.envelope == b"signed payload 7"
    assert not appended.repeated
    assert store.head().size == 1


def test_what_queues_meanwhile_is_one_commit(sequencer: Sequencer, store: GatedEntries) -> None:
    futures = held(store, sequencer, 50)
    wait_until(lambda: len(sequencer._signed) == 50)
    store.gate.set()
    indexes = [future.result(20).entry.leaf_index for future in futures]
    assert indexes == list(range(51))
    assert store.batches == [1, 50]


def test_a_record_id_is_appended_once(sequencer: Sequencer) -> None:
    first = submit(sequencer, 1).result(20)
    again = submit(sequencer, 1).result(20)
    assert again.repeated
    assert again.entry == first.entry


def test_many_threads(sequencer: Sequencer, store: GatedEntries) -> None:
    results: list[Appended] = []

    def call(start: int) -> None:
        results.extend([submit(sequencer, number).result(20) for number in range(start, start + 50)])

    threads = [threading.Thread(target=call, args=(50 * number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(each.entry.leaf_index for each in results) == list(range(800))
    assert store.head().root == root_of(entry.leaf_hash for entry in store.entries)


def test_rows_alongside_belong_to_one_submission(sequencer: Sequencer) -> None:
    rows: list[str] = []
    submit(sequencer, 1, alongside=lambda _: rows.append("first")).result(20)
    submit(sequencer, 1, alongside=lambda _: rows.append("repeat")).result(20)
    assert rows == ["first"]


def test_one_refused_draft_does_not_fail_its_neighbours(sequencer: Sequencer, store: GatedEntries) -> None:
    def refuse(_: Any) -> None:
        raise ConflictError("this row is taken")

    futures = held(store, sequencer, 3)
    bad = submit(sequencer, 100, alongside=refuse)
    after = submit(sequencer, 101)
    store.gate.set()
    assert [future.result(20).entry.leaf_index for future in [*futures, after]] == [0, 1, 2, 3, 4]
    with pytest.raises(ConflictError, match="taken"):
        bad.result(20)
    assert store.head().size == 5


@pytest.mark.parametrize("error", [PushbackError("database is gone"), RuntimeError("a bug")])
def test_a_failed_batch_is_acknowledged_to_nobody(sequencer: Sequencer, store: GatedEntries, error: Exception) -> None:
    def fail(_: Sequence[Draft]) -> None:
        raise error

    futures = held(store, sequencer, 5)
    store.at_the_gate = fail
    store.gate.set()
    for future in futures:
        with pytest.raises(type(error)) as raised:
            future.result(20)
        assert raised.value is error
    assert store.head().size == 0
    store.at_the_gate = lambda _: None
    assert submit(sequencer, 1).result(20).entry.leaf_index == 0, "the leader is still at work"


def test_a_commit_of_unknown_outcome_that_happened(sequencer: Sequencer, store: GatedEntries) -> None:
    def lose() -> None:
        raise CommitUnknownError("connection lost")

    key = b"k" * 32
    submit(sequencer, 500, dedup_key=key).result(20)
    futures = held(store, sequencer, 5)
    repeat = submit(sequencer, 501, dedup_key=key)
    store.after_commit = lose
    store.gate.set()
    appended = [future.result(20) for future in futures]
    assert [each.entry.leaf_index for each in appended] == [1, 2, 3, 4, 5, 6]
    assert not any(each.repeated for each in appended)
    assert repeat.result(20).repeated
    assert repeat.result(20).entry.leaf_index == 0


def test_a_commit_of_unknown_outcome_that_did_not_happen(
    sequencer: Sequencer, store: GatedEntries, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose(_: Sequence[Draft]) -> None:
        raise CommitUnknownError("connection lost")

    monkeypatch.setattr("ledger.log.append._LOOKUPS", (0.0, 0.0))
    store.at_the_gate = lose
    future = submit(sequencer, 1)
    with pytest.raises(CommitUnknownError):
        future.result(20)
    store.at_the_gate = lambda _: None
    assert submit(sequencer, 1).result(20).entry.leaf_index == 0


def test_a_full_queue_pushes_back(store: GatedEntries) -> None:
    with Sequencer(store, sign, max_queue=3) as sequencer:
        futures = held(store, sequencer, 3)
        with pytest.raises(PushbackError) as error:
            submit(sequencer, 99)
        assert error.value.code == "overloaded"
        assert error.value.retry_after >= 1
        store.gate.set()
        assert [future.result(20).entry.leaf_index for future in futures] == [0, 1, 2, 3]
        assert submit(sequencer, 99).result(20).entry.leaf_index == 4


def test_an_old_queue_pushes_back_for_as_long_as_it_is_old(store: GatedEntries) -> None:
    with Sequencer(store, sign, max_age=1e-9) as sequencer:
        store.gate.clear()
        first = submit(sequencer, 1)
        assert store.arrived.acquire(timeout=20)
        with pytest.raises(PushbackError) as error:
            submit(sequencer, 2)
        assert error.value.code == "overloaded"
        with pytest.raises(PushbackError) as error:
            first.result(0.0)
        assert error.value.code == "commit-pending"
        store.gate.set()
        first.result(20)


def test_queue_age(sequencer: Sequencer, store: GatedEntries) -> None:
    assert sequencer.queue_age() == 0.0
    futures = held(store, sequencer, 1)
    assert sequencer.queue_age() > 0.0
    store.gate.set()
    for future in futures:
        future.result(20)


def test_closing_commits_what_has_queued(store: GatedEntries) -> None:
    sequencer = Sequencer(store, sign)
    futures = held(store, sequencer, 5)
    closing = threading.Thread(target=sequencer.close)
    closing.start()
    store.gate.set()
    closing.join(20)
    assert [future.result(0).entry.leaf_index for future in futures] == list(range(6))
    with pytest.raises(PushbackError) as error:
        submit(sequencer, 99)
    assert error.value.code == "closed"


def test_append_now(store: GatedEntries) -> None:
    commits: list[int] = []
    with Sequencer(store, sign, on_commit=lambda: commits.append(store.head().size)) as sequencer:
        rows: list[str] = []
        appended = sequencer.append_now([submission(number) for number in range(1000)], lambda _: rows.append("all"))
        assert [each.entry.leaf_index for each in appended] == list(range(1000))
        assert appended[3].entry.envelope == b"signed payload 3"
        assert rows == ["all"]
        assert commits == [1000]
        assert store.batches == [1000]


def test_what_cannot_be_signed_fails_alone(store: GatedEntries) -> None:
    def refuse_some(payload: bytes) -> bytes:
        if payload == b"payload 1":
            raise ValueError("too large")
        return payload

    with Sequencer(store, refuse_some) as sequencer:
        futures = held(store, sequencer, 3)
        store.gate.set()
        with pytest.raises(ValueError, match="too large"):
            futures[2].result(20)
        assert [futures[number].result(20).entry.leaf_index for number in (0, 1, 3)] == [0, 1, 2]
        with pytest.raises(ValueError, match="too large"):
            sequencer.append_now([submission(5), submission(1)])
        assert store.head().size == 3
