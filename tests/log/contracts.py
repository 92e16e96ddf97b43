"""What every EntryStore and ObjectStore must do. Inherit, and give the fixture `store` (or `objects`)."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from ledger.errors import IntegrityError
from ledger.log.entry import Alongside, Draft, EntryStore
from ledger.log.merkle import leaf_hash, root_of
from ledger.log.objects import ObjectStore


def draft(
    envelope: bytes, record_id: str | None = None, dedup_key: bytes | None = None, alongside: Alongside | None = None
) -> Draft:
    return Draft(record_id or str(uuid.uuid4()), envelope, dedup_key, alongside)


def envelopes(store: EntryStore) -> list[bytes]:
    return [entry.envelope for entry in store.read(0, store.head().size)]


class EntryStoreContract:
    def test_empty(self, store: EntryStore) -> None:
        assert store.head().size == 0
        assert store.head().root == root_of([])
        assert list(store.read(0, 0)) == []

    def test_appends_in_order_and_extends_the_tree(self, store: EntryStore) -> None:
        drafts = [draft(b"leaf %d" % number) for number in range(300)]
        first = store.append(drafts[:1])
        rest = store.append(drafts[1:])
        appended = [*first, *rest]
        assert [each.entry.leaf_index for each in appended] == list(range(300))
        assert not any(each.repeated for each in appended)
        assert [each.entry.record_id for each in appended] == [each.record_id for each in drafts]
        assert [each.entry.leaf_hash for each in appended] == [leaf_hash(each.envelope) for each in drafts]
        assert store.head().size == 300
        assert store.head().root == root_of(leaf_hash(each.envelope) for each in drafts)
        assert list(store.read(0, 300)) == [each.entry for each in appended]
        assert list(store.read(255, 258)) == [each.entry for each in appended[255:258]]

    def test_looks_up(self, store: EntryStore) -> None:
        key = b"k" * 32
        (appended,) = store.append([draft(b"leaf", dedup_key=key)])
        assert store.get(appended.entry.record_id) == appended.entry
        assert store.by_dedup_key(key) == appended.entry
        assert store.get(str(uuid.uuid4())) is None
        assert store.by_dedup_key(b"o" * 32) is None

    def test_a_record_id_becomes_one_leaf(self, store: EntryStore) -> None:
        record_id = str(uuid.uuid4())
        (first,) = store.append([draft(b"first", record_id)])
        again = store.append([draft(b"second", record_id), draft(b"other")])
        assert [each.repeated for each in again] == [True, False]
        assert again[0].entry == first.entry
        assert again[1].entry.leaf_index == 1
        assert envelopes(store) == [b"first", b"other"]

    def test_a_dedup_key_becomes_one_leaf(self, store: EntryStore) -> None:
        key = b"k" * 32
        (first,) = store.append([draft(b"first", dedup_key=key)])
        (again,) = store.append([draft(b"second", dedup_key=key)])
        assert again.repeated
        assert again.entry == first.entry
        assert store.head().size == 1

    def test_repeats_within_one_batch(self, store: EntryStore) -> None:
        key, record_id = b"k" * 32, str(uuid.uuid4())
        appended = store.append(
            [
                draft(b"a", record_id),
                draft(b"b", record_id),
                draft(b"c", dedup_key=key),
                draft(b"d", dedup_key=key),
                draft(b"e"),
            ]
        )
        assert [each.repeated for each in appended] == [False, True, False, True, False]
        assert [each.entry.leaf_index for each in appended] == [0, 0, 1, 1, 2]
        assert envelopes(store) == [b"a", b"c", b"e"]

    def test_alongside_is_called_for_new_leaves_only(self, store: EntryStore) -> None:
        calls: list[str] = []
        record_id = str(uuid.uuid4())
        store.append([draft(b"a", record_id, alongside=lambda _: calls.append("first"))], lambda _: calls.append("all"))
        assert calls == ["first", "all"]
        calls.clear()
        store.append([draft(b"b", record_id, alongside=lambda _: calls.append("repeat"))], lambda _: calls.append("no"))
        assert calls == []
        store.append(
            [
                draft(b"b", record_id, alongside=lambda _: calls.append("repeat")),
                draft(b"c", alongside=lambda _: calls.append("new")),
            ],
            lambda _: calls.append("all"),
        )
        assert calls == ["new", "all"]

    @pytest.mark.parametrize("where", ["draft", "batch"])
    def test_a_failure_alongside_appends_nothing(self, store: EntryStore, where: str) -> None:
        def fail(_: Any) -> None:
            raise RuntimeError("alongside")

        before = store.head()
        with pytest.raises(RuntimeError, match="alongside"):
            store.append([draft(b"a"), draft(b"b", alongside=fail if where == "draft" else None)], fail)
        assert store.head() == before
        assert envelopes(store) == []
        (appended,) = store.append([draft(b"c")])
        assert appended.entry.leaf_index == 0

    def test_concurrent_batches_leave_no_gap(self, store: EntryStore) -> None:
        batches = [[draft(b"%d/%d" % (batch, number)) for number in range(7)] for batch in range(12)]
        with ThreadPoolExecutor(4) as pool:
            results = list(pool.map(store.append, batches))
        for result in results:
            indexes = [each.entry.leaf_index for each in result]
            assert indexes == list(range(indexes[0], indexes[0] + 7)), "a batch stands together, in order"
        entries = list(store.read(0, 84))
        assert [entry.leaf_index for entry in entries] == list(range(84))
        assert store.head().root == root_of(entry.leaf_hash for entry in entries)

    def test_the_largest_entry(self, store: EntryStore) -> None:
        (appended,) = store.append([draft(b"x" * 65_535)])
        assert store.get(appended.entry.record_id) == appended.entry


class ObjectStoreContract:
    def test_absent(self, objects: ObjectStore) -> None:
        assert objects.get("checkpoint") is None
        assert objects.get("tile/0/000") is None

    def test_keeps_bytes(self, objects: ObjectStore) -> None:
        objects.put_new("tile/0/x001/x234/067.p/5", b"\0\xff")
        objects.put_new("tile/0/x001/x234/067", b"full")
        objects.sync()
        assert objects.get("tile/0/x001/x234/067.p/5") == b"\0\xff"
        assert objects.get("tile/0/x001/x234/067") == b"full"
        assert objects.get("tile/0/x001/x234") is None

    def test_equal_bytes_may_come_again(self, objects: ObjectStore) -> None:
        objects.put_new("tile/0/000.p/1", b"same")
        objects.put_new("tile/0/000.p/1", b"same")
        objects.sync()
        assert objects.get("tile/0/000.p/1") == b"same"

    def test_other_bytes_are_refused(self, objects: ObjectStore) -> None:
        objects.put_new("tile/0/000.p/1", b"one")
        with pytest.raises(IntegrityError) as refusal:
            objects.put_new("tile/0/000.p/1", b"two")
        assert refusal.value.code == "object-differs"
        assert objects.get("tile/0/000.p/1") == b"one"

    def test_the_checkpoint_is_replaced(self, objects: ObjectStore) -> None:
        objects.replace("checkpoint", b"one")
        objects.replace("checkpoint", b"two, longer")
        objects.replace("checkpoint", b"3")
        assert objects.get("checkpoint") == b"3"
