"""The store takes nothing that speaks for somebody who has a good key, however late the key came."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from ledger.errors import ConflictError
from ledger.log.entry import Appended, Draft
from ledger.log.merkle import leaf_hash
from ledger.record import dsse
from ledger.record.ids import new_id
from ledger.record.keys import Signer
from ledger.record.parts import Ref
from ledger.record.predicates import Consent, KeyRecord, Predicate, Withdrawal
from ledger.record.statement import kind_at_end, statement_payload
from ledger.storage.database import Database
from ledger.storage.log.entries import PostgresEntryStore
from ledger.storage.log.revocation import event_key
from tests.record.kinds import ALL, subject_of
from tests.record.samples import ORIGIN, OTHER, SIGNER, TIME, key_record, registration, uid

ADA = uid(901)
ADAS = Signer.from_seed(bytes([11]) * 32)


@pytest.fixture
def store(database: Database) -> PostgresEntryStore:
    store = PostgresEntryStore(database)
    store.create_log(ORIGIN)
    return store


def draft(predicate: Predicate, *signers: Signer, dedup_key: bytes | None = None) -> Draft:
    payload = statement_payload(predicate.kind, subject_of(predicate), predicate)
    return Draft(predicate.record_id, dsse.sign(payload, (SIGNER, *signers)), dedup_key)


def key(event: str = "added", role: str = "artist") -> Draft:
    changes = {"event": event, "role": role, "holder_id": ADA, "record_id": new_id()}
    record = KeyRecord.model_validate(key_record(ADAS).model_dump() | changes)
    signers = (ADAS,) if event == "added" else ()
    return draft(record, *signers, dedup_key=event_key("announced" if event == "added" else event, ADAS.keyid))


def work(*signers: Signer) -> Draft:
    return draft(
        registration().model_copy(update={"artist_id": ADA, "record_id": new_id(), "work_id": new_id()}), *signers
    )


def refused(store: PostgresEntryStore, *drafts: Draft) -> None:
    before = store.head()
    with pytest.raises(ConflictError) as caught:
        store.append(drafts)
    assert caught.value.code == "signature-missing"
    assert store.head() == before


def test_from_the_announcement_to_the_revocation(store: PostgresEntryStore) -> None:
    for _ in range(4):
        store.append([work()])  # the last ones in the quick way, which knows that she has no key
    store.append([key()])
    refused(store, work())
    refused(store, draft(registration(50)), work())
    store.append([work(ADAS)])
    store.append([draft(registration(51))])  # somebody else's
    refused(store, work())
    store.append([key("revoked")])
    store.append([work()])


def test_within_one_batch_the_order_counts(store: PostgresEntryStore) -> None:
    store.append([work(), key()])
    refused(store, work(ADAS), work())
    assert all(not each.repeated for each in store.append([work(ADAS), key("revoked"), work()]))
    assert store.head().size == 5


def test_a_key_of_another_role_asks_for_nothing(store: PostgresEntryStore) -> None:
    store.append([key(role="auditor")])
    store.append([work()])


def test_terms_are_the_artists_through_the_registration(store: PostgresEntryStore) -> None:
    [registered] = store.append([work()])
    store.append([key()])
    ref = Ref(leaf_hash=leaf_hash(registered.entry.envelope).hex(), record_id=registered.entry.record_id)

    def terms() -> Consent:
        return Consent(
            allowed_uses=(), generated_at=TIME, licence="MIT", origin=ORIGIN, record_id=new_id(), refs=(ref,),
            work_id=new_id(),
        )  # fmt: skip

    def withdrawal(reason: str) -> Withdrawal:
        return Withdrawal.model_validate(
            {"generated_at": TIME, "origin": ORIGIN, "reason": reason, "record_id": new_id(), "refs": (ref,),
             "work_id": new_id()}
        )  # fmt: skip

    refused(store, draft(terms()))
    refused(store, draft(withdrawal("artist")))
    store.append([draft(terms(), ADAS), draft(withdrawal("artist"), ADAS)])
    store.append([draft(withdrawal("operator")), draft(withdrawal("legal"))])


def test_a_resolution_is_never_the_services(store: PostgresEntryStore) -> None:
    refused(store, draft(next(each for each in ALL if each.kind == "resolution")))


def test_other_processes_announcements_count_at_once(database: Database, store: PostgresEntryStore) -> None:
    """Another store over the same log announces while this one appends in the quick way."""
    for _ in range(4):
        store.append([work()])
    PostgresEntryStore(database).append([key()])
    refused(store, work())


def test_appends_race_with_the_announcement(database: Database, store: PostgresEntryStore) -> None:
    """Whatever the order, no unsigned leaf follows the announcement."""
    barrier, outcomes = threading.Barrier(5), list[Appended]()

    def run(append: Callable[[], Appended]) -> None:
        barrier.wait()
        for _ in range(20):
            try:
                outcomes.append(append())
            except ConflictError as error:
                assert error.code == "signature-missing"  # noqa: PT017

    def unsigned() -> Appended:
        return PostgresEntryStore(database).append([work()])[0]

    def announcing() -> Appended:
        return store.append([key()])[0]

    threads = [
        threading.Thread(target=run, args=(each,)) for each in (unsigned, unsigned, unsigned, unsigned, announcing)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    entries = list(store.read(0, store.head().size))
    [announced] = [each.leaf_index for each in entries if ADAS.keyid in dsse.signers_of(each.envelope)]
    assert announced == len(entries) - 1


@pytest.mark.parametrize("predicate", ALL, ids=lambda each: each.kind)
def test_the_kind_is_read_at_the_end_of_a_leaf(predicate: Predicate) -> None:
    for name in ("a", "n" * 200):
        leaf = dsse.sign(statement_payload(name, subject_of(predicate), predicate), [SIGNER, OTHER])
        assert kind_at_end(dsse.payload_end(leaf)) == predicate.kind
    assert kind_at_end(dsse.payload_end(b"not an envelope")) == ""
