"""Which works of a corpus stand for unrelated pictures, and what is stored of them; it goes with the works."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
import sqlalchemy as sa

from ledger.match.self_null.sample import SAMPLE_RULE, SampleRule, place
from ledger.storage.database import Database
from ledger.storage.search.null_queries import NullQueryStore
from ledger.storage.works.corpus import NewWork
from ledger.storage.works.erasure import Erasure
from tests.record.samples import sha
from tests.storage.test_projections import consent
from tests.storage.works import SPEC, Stores, register, stores_of

RULE = replace(SAMPLE_RULE, most=12, per_artist=4)
ALIGNED = b"r" * 32


@pytest.fixture
def stores(database: Database) -> Stores:
    return stores_of(database)


@pytest.fixture
def store(database: Database, stores: Stores) -> NullQueryStore:
    return NullQueryStore(database, stores.projector, SPEC)


def place_of(work: NewWork) -> bytes:
    return place(bytes.fromhex(sha(f"pixels of {work.source_key}")))


def expected(works: list[NewWork], rule: SampleRule) -> list[str]:
    taken: Counter[str] = Counter()
    found = []
    for work in sorted(works, key=place_of):
        taken[work.artist_id] += 1
        if taken[work.artist_id] <= rule.per_artist:
            found.append(work.work_id)
    return found[: rule.most]


def test_the_works_with_the_lowest_places_are_taken_a_few_of_each_artist(stores: Stores, store: NullQueryStore) -> None:
    works = register(stores, 60, artists=("Ada", "Ben", "Cem", "Dia", "Eva"))
    found = store.sample(RULE)
    assert [work.work_id for work in found] == expected(works, RULE)
    assert [work.place for work in found] == sorted(work.place for work in found)
    assert store.artists() == 5
    gone = {found[0].work_id, found[3].work_id}
    stores.entries.append([consent(900 + n, work_id, ("train",)) for n, work_id in enumerate(sorted(gone))])
    left = [work for work in works if work.work_id not in gone]
    assert [work.work_id for work in store.sample(RULE)] == expected(left, RULE), (
        "who may not be matched stands for none"
    )


def test_what_is_stored_belongs_to_its_edits_and_goes_with_its_works(
    database: Database, stores: Stores, store: NullQueryStore
) -> None:
    one, two, three, four = (work.work_id for work in register(stores, 4))
    store.put_queries({one: b"first", two: None, three: b"third"}, 1)
    assert store.queries([one, two, three, four], 1) == {one: b"first", two: None, three: b"third"}
    assert store.queries([one, two], 2) == {}
    store.put_queries({one: b"anew"}, 1)
    pairs = {(one, four): 1.5, (one, two): None, (three, four): -0.25}
    store.put_evidence(ALIGNED, pairs)
    assert store.evidence(ALIGNED) == {**pairs}
    assert store.evidence(b"o" * 32) == {}
    store.put_evidence(ALIGNED, {(one, two): 2.0, ("01900000-0000-7000-8000-000000000000", two): 1.0})
    assert store.evidence(ALIGNED) == {**pairs, (one, two): 2.0}, "a work that is gone meanwhile is passed over"
    with database.begin() as connection:
        Erasure(database).of_works([four])(connection)
    assert store.evidence(ALIGNED) == {(one, two): 2.0}
    store.keep_only([two], 1)
    assert (store.queries([one, two, three], 1), store.evidence(ALIGNED)) == ({two: None}, {})
    store.keep_only([two], 2)
    assert store.queries([two], 1) == {}


def test_blocks_say_whose_the_works_are_and_which_belong_together(
    database: Database, stores: Stores, store: NullQueryStore
) -> None:
    works = register(stores, 7)
    grouped = [work.work_id for work in works[:2]]
    with database.begin() as connection:
        for work_id in grouped:
            statement = "INSERT INTO duplicate_group (work_id, group_id) VALUES (:work, :group)"
            connection.execute(sa.text(statement), {"work": work_id, "group": grouped[0]})
    blocks = list(store.blocks(block=3))
    assert [block.works for block in blocks] == [3, 3, 1]
    rows = {
        work_id: (artist, label)
        for block in blocks
        for work_id, artist, label in zip(block.work_ids, block.artist_ids, block.labels, strict=True)
    }
    assert {work_id: artist for work_id, (artist, _) in rows.items()} == {w.work_id: w.artist_id for w in works}
    assert {rows[work_id][1] for work_id in grouped} == {grouped[0]}
    assert len({label for _, label in rows.values()}) == 6
    assert sum(len(block.prints) for block in blocks) == 7
