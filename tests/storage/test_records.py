"""Records are found by picture, work, artist and kind, in pages that never skip one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from ledger.corpus.work import CorpusState
from ledger.errors import IntegrityError
from ledger.record.predicates import CalibrationRecord, KeyRecord
from ledger.record.times import parse_time
from ledger.record.usage import UseFilter
from ledger.storage.database import Database
from ledger.storage.log.records import RecordStore
from ledger.storage.search.calibrations import CalibrationStore
from tests.record.kinds import ALL
from tests.record.samples import CORPUS, MODEL, ORIGIN, OTHER, TIME, key_record, sha, uid
from tests.storage.works import Stores, draft_of, every_kind, register, stores_of


@pytest.fixture
def stores(database: Database) -> Stores:
    return stores_of(database)


@pytest.fixture
def records(database: Database, stores: Stores) -> RecordStore:
    stores.entries.append(every_kind())
    return RecordStore(database, stores.projector)


def kinds(records: RecordStore, **conditions: str) -> list[str]:
    return [ALL[entry.leaf_index].kind for entry in records.find(**conditions)]  # type: ignore[arg-type]


def test_by_picture(records: RecordStore) -> None:
    assert kinds(records, sha256=sha("file")) == ["verification"]
    assert kinds(records, sha256=sha("pixels")) == ["registration", "verification", "generation"]
    assert kinds(records, sha256=sha("nothing")) == []


def test_by_work_and_artist(records: RecordStore) -> None:
    about = ["registration", "consent", "withdrawal", "verification", "generation"]
    assert kinds(records, work_id=uid(201)) == [*about, "finding"]
    assert kinds(records, work_id=uid(205)) == ["verification", "generation"], "near to pictures, nothing else"
    assert kinds(records, artist_id=uid(301)) == [*about, "usage", "domain", "finding"]
    assert kinds(records, artist_id=uid(399)) == []


def test_conditions_add_up(records: RecordStore) -> None:
    assert kinds(records, kind="verification", work_id=uid(201)) == ["verification"]
    assert kinds(records, kind="asset", work_id=uid(201)) == []
    assert records.count_by_kind() == dict.fromkeys(sorted(predicate.kind for predicate in ALL), 1)


def test_uses_fit_every_condition_in_one_match(records: RecordStore) -> None:
    def uses(artist: str, **wanted: Any) -> list[str]:
        return [ALL[entry.leaf_index].kind for entry in records.uses(artist, UseFilter(**wanted))]

    both = ["verification", "generation"]
    assert uses(uid(301)) == uses(uid(302)) == uses(uid(301), work_id=uid(201), relation="near-duplicate") == both
    assert uses(uid(399)) == uses(uid(301), work_id=uid(202)) == uses(uid(301), relation="similar-style") == []
    assert uses(uid(301), max_p=0.0005) == both
    assert uses(uid(301), max_p=0.0004) == uses(uid(302), max_p=0.5) == []
    assert uses(uid(301), kind="generation") == uses(uid(301), generator_id=MODEL.model_id) == ["generation"]
    assert uses(uid(301), generator_id=uid(71)) == uses(uid(301), kind="verification", generator_id=uid(70)) == []
    made, after = parse_time(TIME), parse_time(TIME) + timedelta(milliseconds=1)
    assert uses(uid(301), since=made, until=after) == both
    assert uses(uid(301), since=after) == uses(uid(301), until=made) == []
    [first] = records.uses(uid(301), UseFilter(), limit=1)
    [second] = records.uses(uid(301), UseFilter(), after=first.leaf_index)
    assert second.leaf_index > first.leaf_index


def test_pages_join_without_a_gap(stores: Stores, records: RecordStore) -> None:
    register(stores, 30)
    whole = [entry.leaf_index for entry in records.find(kind="registration", limit=100)]
    assert len(whole) == 31
    paged: list[int] = []
    while page := records.find(kind="registration", after=paged[-1] if paged else -1, limit=7):
        assert len(page) <= 7
        paged += [entry.leaf_index for entry in page]
    assert paged == whole


def test_entries_come_as_they_are_on_the_log(stores: Stores, records: RecordStore) -> None:
    (found,) = records.find(kind="verification")
    assert found == stores.entries.get(found.record_id)


def test_public_keys_outlive_their_revocation(stores: Stores, records: RecordStore) -> None:
    revoked = KeyRecord(
        event="revoked",
        generated_at=TIME,
        origin=ORIGIN,
        holder_id=uid(8),
        public_key=OTHER.public_raw.hex(),
        record_id=uid(901),
        refs=(),
        replaces=None,
        role="service",
    )
    stores.entries.append([draft_of(key_record(OTHER, 900))])
    stores.entries.append([draft_of(revoked)])
    assert records.public_keys([OTHER.keyid, sha("unknown")]) == {OTHER.keyid: OTHER.public_raw}


def test_calibrations(database: Database, stores: Stores) -> None:
    store = CalibrationStore(database, stores.projector)
    assert store.newest(sha("spec")) is None
    for number, text in ((1, b"first file"), (2, b"second file")):
        predicate = CalibrationRecord(
            bins=(), corpus=CORPUS, generated_at=TIME, origin=ORIGIN, record_id=uid(number), spec=sha("spec")
        )
        digest = sha(text.decode())
        stores.entries.append([draft_of(predicate, digest)], store.writer(digest, text))
    newest = store.newest(sha("spec"))
    assert newest is not None
    assert (newest.document, newest.digest, newest.record_id) == (b"second file", sha("second file"), uid(2))
    assert newest.corpus == CorpusState(2001, 2000)
    entry = stores.entries.get(uid(2))
    assert entry is not None
    assert newest.leaf_hash == entry.leaf_hash.hex()
    assert store.newest(sha("other spec")) is None
    first = store.by_digest(sha("first file"))
    assert first is not None
    assert first.document == b"first file"
    assert store.digests() == [sha("first file"), sha("second file")]


def test_a_lost_calibration_file_is_named(database: Database, stores: Stores) -> None:
    store = CalibrationStore(database, stores.projector)
    predicate = CalibrationRecord(
        bins=(), corpus=CORPUS, generated_at=TIME, origin=ORIGIN, record_id=uid(1), spec=sha("spec")
    )
    stores.entries.append([draft_of(predicate, sha("file"))], store.writer(sha("file"), b"file"))
    with database.begin_as_owner() as connection:
        connection.execute(sa.text("DELETE FROM calibration_file"))
    with pytest.raises(IntegrityError) as refused:
        store.by_digest(sha("file"))
    assert refused.value.code == "calibration-missing"
    assert store.newest(sha("spec")) is None, "what is in force is a file that is here"
    assert store.newest_digest(sha("spec")) is None
