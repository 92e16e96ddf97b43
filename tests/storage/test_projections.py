"""Projections follow the log, and a rebuild gives the same tables."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.corpus.work import AllowedUse, CorpusState
from ledger.errors import IntegrityError
from ledger.log.entry import Draft
from ledger.record.predicates import Consent, Withdrawal
from ledger.storage.database import Database
from ledger.storage.log import projections
from ledger.storage.log.projections import Projector
from ledger.storage.log.records import RecordStore
from ledger.storage.search.candidates import PgVectorIndex
from ledger.storage.tables import PROJECTIONS
from tests.record.kinds import ALL
from tests.record.samples import ORIGIN, TIME, ref, registration, uid
from tests.storage.works import SPEC, Stores, draft_of, every_kind, query_of, register, stores_of


@pytest.fixture
def stores(database: Database) -> Stores:
    return stores_of(database)


def dump(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every projection."""
    with database.begin() as connection:
        return {
            table.name: sorted(map(tuple, connection.execute(sa.select(table)).all()), key=repr)
            for table in PROJECTIONS
        }


def consent(number: int, work: str, uses: tuple[AllowedUse, ...]) -> Draft:
    return draft_of(
        Consent(
            allowed_uses=uses,
            generated_at=TIME,
            origin=ORIGIN,
            licence="CC-BY-4.0",
            record_id=uid(number),
            refs=(ref(2),),
            work_id=work,
        )
    )


def withdrawal(number: int, work: str) -> Draft:
    return draft_of(
        Withdrawal(
            generated_at=TIME, origin=ORIGIN, reason="artist", record_id=uid(number), refs=(ref(2),), work_id=work
        )
    )


def test_every_kind_is_projected(database: Database, stores: Stores) -> None:
    stores.entries.append(every_kind())
    assert stores.projector.catch_up() == len(ALL)
    assert stores.projector.catch_up() == 0
    tables = dump(database)
    assert {row[2] for row in tables["record"]} == {predicate.kind for predicate in ALL}
    assert len(tables["record_match"]) == 20, "ten matches each of a verification and a generation"
    assert len(tables["calibration"]) == len(tables["key_event"]) == len(tables["work"]) == 1


def test_a_log_that_keeps_growing_keeps_no_reader_waiting(
    database: Database, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others append as fast as entries are projected: a reader waits only for what was there when it asked."""
    records, index = RecordStore(database, stores.projector), PgVectorIndex(database, stores.projector, SPEC)
    [work] = register(stores, 1)
    numbers = iter(range(900, 920))

    def project_and_grow(connection: Connection) -> int:
        done = original(connection)
        stores.entries.append([consent(next(numbers), work.work_id, ("match",))])
        return done

    original = projections.project
    monkeypatch.setattr(projections, "project", project_and_grow)
    assert records.find(kind="registration")
    assert stores.projector.catch_up() == 1
    assert stores.projector.corpus_state() == CorpusState(2, 1)
    assert [each.work_id for each in index.search(query_of(work.fingerprint), limit=10)] == [work.work_id]


def test_a_rebuild_gives_identical_tables(database: Database, stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    stores.entries.append(every_kind())
    stores.projector.catch_up()
    works = register(stores, 40)
    stores.projector.catch_up()
    stores.entries.append([consent(900, works[3].work_id, ("style",)), withdrawal(901, works[5].work_id)])
    stores.projector.catch_up()
    before = dump(database)
    monkeypatch.setattr(projections, "BATCH", 7)
    seen: list[tuple[int, int]] = []
    total = len(ALL) + 42
    assert stores.projector.rebuild(lambda done, total: seen.append((done, total))) == total
    assert seen[0] == (0, total)
    assert seen[-1] == (total, total)
    assert dump(database) == before


def test_a_failed_rebuild_leaves_the_old_tables(database: Database, stores: Stores) -> None:
    stores.entries.append(every_kind())
    stores.projector.catch_up()
    before = dump(database)
    stores.entries.append([Draft(str(uuid.uuid4()), b"no envelope")])
    with pytest.raises(IntegrityError, match=f"cannot read log entry {len(ALL)}") as refusal:
        stores.projector.rebuild()
    assert refusal.value.code == "entry-unreadable"
    assert dump(database) == before


def test_the_corpus_state_changes_only_with_the_corpus(stores: Stores) -> None:
    assert stores.corpus.state() == CorpusState(-1, 0)
    works = register(stores, 3)
    assert stores.corpus.state() == CorpusState(2, 3)
    stores.entries.append([draft_of(ALL[0])])
    assert stores.corpus.state() == CorpusState(2, 3)
    stores.entries.append([consent(900, works[0].work_id, ("train",))])
    assert stores.corpus.state() == CorpusState(4, 2)
    stores.entries.append([consent(901, works[0].work_id, ("match",)), withdrawal(902, works[1].work_id)])
    assert stores.corpus.state() == CorpusState(6, 2)
    stores.entries.append([consent(903, works[1].work_id, ("match",))])
    assert stores.corpus.state() == CorpusState(7, 2), "a withdrawal is final"


def test_a_second_registration_of_a_work_changes_nothing(stores: Stores) -> None:
    first, *again = (registration(number).model_copy(update={"work_id": uid(201)}) for number in (2, 3, 4))
    stores.entries.append([draft_of(first), draft_of(again[0])])
    stores.entries.append([draft_of(again[1])])
    assert stores.corpus.state() == CorpusState(2, 1)
    assert stores.corpus.works([uid(201)])[uid(201)].registration_record_id == uid(2)


def test_projectors_side_by_side_project_once(database: Database, stores: Stores) -> None:
    register(stores, 200)
    with ThreadPoolExecutor(4) as pool:
        counts = list(pool.map(lambda _: Projector(database).catch_up(), range(8)))
    assert sum(counts) == 200
    assert stores.corpus.state().works == 200
