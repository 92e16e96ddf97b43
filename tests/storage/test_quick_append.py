"""Appending in one round trip: the same leaves as the ordinary way, and nothing at all when it does not apply."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

import pytest
import sqlalchemy as sa

from ledger.errors import PushbackError
from ledger.log.entry import Appended, CommitUnknownError, Draft
from ledger.log.merkle import root_of
from ledger.storage.database import Database
from ledger.storage.log.entries import PostgresEntryStore
from ledger.storage.log.required_signatures import SERVICE_STATEMENT, DraftMaker
from tests.log.contracts import draft, envelopes


@pytest.fixture
def quick(entries: PostgresEntryStore, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Which appends were quick, from now on; two ordinary ones went before."""
    for number in range(2):
        entries.append([draft(b"before %d" % number)])
    outcomes: list[bool] = []
    original = entries._quick.append

    def noting(drafts: Sequence[Draft], made: Sequence[DraftMaker]) -> list[Appended] | None:
        appended = original(drafts, made)
        outcomes.append(appended is not None)
        return appended

    monkeypatch.setattr(entries._quick, "append", noting)
    return outcomes


def require_sound(entries: PostgresEntryStore) -> None:
    stored = list(entries.read(0, entries.head().size))
    assert [each.leaf_index for each in stored] == list(range(len(stored)))
    assert entries.head().root == root_of(each.leaf_hash for each in stored)


def test_gives_what_is_stored(entries: PostgresEntryStore, quick: list[bool]) -> None:
    drafts = [draft(b"leaf %d" % number, dedup_key=bytes([number]) * 32 if number % 3 else None) for number in range(9)]
    appended = [*entries.append(drafts[:1]), *entries.append(drafts[1:])]
    assert quick == [True, True]
    assert [each.entry for each in appended] == list(entries.read(2, 11))
    assert not any(each.repeated for each in appended)
    for each, one in zip(drafts, appended, strict=True):
        assert entries.get(each.record_id) == one.entry
        if each.dedup_key:
            assert entries.by_dedup_key(each.dedup_key) == one.entry
    require_sound(entries)


def test_repeats_take_the_ordinary_way(entries: PostgresEntryStore, quick: list[bool]) -> None:
    known = draft(b"known", dedup_key=b"k" * 32)
    entries.append([known])
    for repeat in (known, draft(b"other", known.record_id), draft(b"other", dedup_key=b"k" * 32)):
        again = entries.append([draft(b"new"), repeat])
        assert [each.repeated for each in again] == [False, True]
        assert again[1].entry.envelope == b"known"
    twice = draft(b"twice")
    assert [each.repeated for each in entries.append([twice, twice])] == [False, True]
    assert True in quick
    require_sound(entries)


def test_another_process_in_between(entries: PostgresEntryStore, database_url: str, quick: list[bool]) -> None:
    with Database(database_url) as other_database:
        other = PostgresEntryStore(other_database)
        assert entries.append([draft(b"ours")])[0].entry.leaf_index == 2
        assert other.append([draft(b"theirs")])[0].entry.leaf_index == 3
        for number in range(4, 12, 2):
            assert entries.append([draft(b"ours")])[0].entry.leaf_index == number
            assert other.append([draft(b"theirs")])[0].entry.leaf_index == number + 1
        assert quick == [True, False, False, False, False]
        for number in range(12, 16):
            assert entries.append([draft(b"ours")])[0].entry.leaf_index == number
        assert quick[5:] == [False, False, True, True], "alone again"
    require_sound(entries)


def test_rows_alongside_take_the_ordinary_way(entries: PostgresEntryStore, quick: list[bool]) -> None:
    calls: list[Any] = []
    entries.append([draft(b"a", alongside=calls.append)])
    entries.append([draft(b"b")], calls.append)
    assert len(calls) == 2
    assert quick == [False]
    require_sound(entries)


def test_a_failed_ordinary_append_teaches_nothing(entries: PostgresEntryStore, quick: list[bool]) -> None:
    def fail(_: Any) -> None:
        raise RuntimeError("alongside")

    with pytest.raises(RuntimeError):
        entries.append([draft(b"lost")], fail)
    entries.append([draft(b"kept")])
    assert envelopes(entries) == [b"before 0", b"before 1", b"kept"]
    require_sound(entries)


@pytest.mark.parametrize("committed", [False, True])
def test_a_connection_lost_in_the_quick_way_is_settled(
    entries: PostgresEntryStore, quick: list[bool], monkeypatch: pytest.MonkeyPatch, *, committed: bool
) -> None:
    original = entries._quick._attempt

    def lose(*args: Any) -> None:
        if committed:
            original(*args)
        raise CommitUnknownError("connection lost")

    monkeypatch.setattr(entries._quick, "_attempt", lose)
    old = draft(b"old")
    entries._append([old], [SERVICE_STATEMENT], None)
    entries._append([draft(b"more")], [SERVICE_STATEMENT], None)
    appended = entries.append([draft(b"x"), draft(b"y")])
    assert [each.repeated for each in appended] == [False, False]
    assert envelopes(entries)[-2:] == [b"x", b"y"]
    assert entries.head().size == 6
    require_sound(entries)


def test_a_server_that_is_gone_leaves_the_outcome_unknown(
    entries: PostgresEntryStore, quick: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: Any) -> None:
        raise CommitUnknownError("connection lost")

    def unreachable(*_: Any) -> None:
        raise PushbackError("no server")

    monkeypatch.setattr(entries._quick, "_attempt", gone)
    monkeypatch.setattr(entries, "_append", unreachable)
    with pytest.raises(CommitUnknownError):
        entries.append([draft(b"x")])


def test_a_killed_connection(entries: PostgresEntryStore, database: Database, quick: list[bool]) -> None:
    """The server ends the backend: the next append goes through all the same."""
    entries.append([draft(b"a")])
    with database.begin_as_owner() as connection:
        connection.execute(
            sa.text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    assert not entries.append([draft(b"b", str(uuid.uuid4()))])[0].repeated
    assert envelopes(entries)[-2:] == [b"a", b"b"]
    require_sound(entries)
