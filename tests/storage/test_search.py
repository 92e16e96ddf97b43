"""Candidates by windows and behind filters, with and without indexes; indexes are built with progress."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import sqlalchemy as sa
from numpy.typing import NDArray

from ledger.image.preview import make_preview
from ledger.match.candidate import WORKS_PER_WINDOW, Query
from ledger.storage.database import Database, driver
from ledger.storage.search import candidates
from ledger.storage.search.candidates import PgVectorIndex
from ledger.storage.search.nearest import EVERY_WORK, Space, WorkFilter, search_statement
from ledger.storage.search.vector_indexes import ensure_indexes
from ledger.storage.search.vectors import SecondView, takes_wire
from ledger.storage.tables.corpus import SECOND
from ledger.storage.works.corpus import NewWork
from tests.conftest import DatabaseUrl, copied
from tests.storage.test_projections import consent
from tests.storage.works import (
    DIMENSION,
    SPEC,
    Stores,
    fingerprint,
    new_work,
    query_of,
    register,
    registration_of,
    stores_of,
)

WORKS = 200
Filled = tuple[Database, Stores, list[NewWork]]


@pytest.fixture(scope="module", params=[False, True], ids=["scan", "hnsw"])
def filled(request: pytest.FixtureRequest, database_server: DatabaseUrl, template: str) -> Iterator[Filled]:
    """A corpus that the tests only read; every tenth work is under another licence and only for matching."""
    with copied(database_server, template) as url, Database(url) as database:
        stores = stores_of(database)
        works = register(stores, WORKS, artists=("Ada", "Ben", "Cem", "Dia"))
        stores.entries.append([consent(900 + n, work.work_id, ("match",)) for n, work in enumerate(works[::10])])
        stores.projector.catch_up()
        if request.param:
            assert ensure_indexes(database, SPEC.digest, at_least=1)
        yield database, stores, works


def with_windows(random: np.random.Generator, windows: NDArray[np.float16]) -> Query:
    query = query_of(fingerprint(random))
    return replace(query, fingerprint=replace(query.fingerprint, windows={"copy": windows}))


def by_cosine(works: list[NewWork], vector: NDArray[np.float16]) -> list[str]:
    """Work ids, nearest first."""
    copies = np.stack([work.fingerprint.embeddings["copy"] for work in works]).astype(np.float64)
    return [works[row].work_id for row in np.argsort(-(copies @ vector.astype(np.float64)), kind="stable")]


def test_each_window_brings_the_works_nearest_to_it(filled: Filled) -> None:
    database, stores, works = filled
    index = PgVectorIndex(database, stores.projector, SPEC)
    random = np.random.default_rng(11)
    windows = np.stack([fingerprint(random).embeddings["copy"] for _ in range(9)])
    windows[4] = works[77].fingerprint.embeddings["copy"]
    query = with_windows(random, windows)
    found = {each.work_id for each in index.search(query, limit=60)}
    wanted = {work_id for window in windows for work_id in by_cosine(works, window)[:WORKS_PER_WINDOW]}
    wanted |= set(by_cosine(works, query.fingerprint.image.embeddings["copy"])[:60])
    assert works[77].work_id in found
    assert len(found & wanted) >= 0.97 * len(wanted)
    few = index.search(query, limit=2)
    assert works[77].work_id in {each.work_id for each in few}
    assert len(few) <= 2 * (3 + 9)


def test_surroundings_are_of_every_work_or_of_those_registered_by_then(filled: Filled) -> None:
    """They have the nearest works to each vector of the query, whichever way they are found."""
    database, stores, works = filled
    index = PgVectorIndex(database, stores.projector, SPEC)
    random = np.random.default_rng(16)
    query = with_windows(random, np.stack([fingerprint(random).embeddings["copy"] for _ in range(3)]))
    vectors = [query.fingerprint.image.embeddings["copy"], *query.fingerprint.windows["copy"]]
    halfway = len(works) // 2
    index_of_half = _registered_at(database, works[halfway - 1].work_id)
    for found, among in (
        (index.surroundings(query, index.search(query, limit=60)), works),
        (index.near(query), works),
        (index.near(query, WorkFilter(through=index_of_half)), works[:halfway]),
    ):
        for vector in vectors:
            copies = np.stack([work.fingerprint.embeddings["copy"] for work in among])
            best, there = (np.sort(each.astype(np.float32) @ vector.astype(np.float32)) for each in (copies, found))
            assert np.mean(best[-15:] - there[-15:]) < 0.005
    assert index.works_through(index_of_half) == halfway
    assert index.works_through(10**6) == len(works)


def _registered_at(database: Database, work_id: str) -> int:
    with database.begin() as connection:
        statement = sa.text("SELECT registration_index FROM work WHERE work_id = :id")
        return int(connection.execute(statement, {"id": work_id}).scalar_one())


def test_windows_say_nothing_of_what_is_not_comparable(filled: Filled) -> None:
    database, stores, works = filled
    query = with_windows(np.random.default_rng(12), works[5].fingerprint.embeddings["copy"][None])
    blank = replace(query, not_comparable="blank")
    assert PgVectorIndex(database, stores.projector, SPEC).search(blank, limit=10) == []


@pytest.mark.parametrize("many", [1, 10_000], ids=["as many", "as few"])
@pytest.mark.parametrize("kind", ["artist", "licence", "use", "both"])
def test_a_filter_offers_the_nearest_of_those_that_pass(
    filled: Filled, kind: str, many: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether by the indexes, whose scans go on until enough pass, or one by one."""
    database, stores, works = filled
    monkeypatch.setattr(candidates, "WORTH_AN_INDEX", many)
    ada, rest = works[0].artist_id, [work for n, work in enumerate(works) if n % 10]
    only, passing = {
        "artist": (WorkFilter(artist_ids=[ada]), works[::4]),
        "licence": (WorkFilter(licences=["CC-BY-4.0"]), works[::10]),
        "use": (WorkFilter(allowed_use="train"), rest),
        "both": (WorkFilter(artist_ids=[ada], allowed_use="style"), [work for work in rest if work.artist_id == ada]),
    }[kind]
    index = PgVectorIndex(database, stores.projector, SPEC)
    query = query_of(fingerprint(np.random.default_rng(13)))
    found = {each.work_id for each in index.search(query, limit=10, only=only)}
    assert found <= {work.work_id for work in passing}
    nearest = by_cosine(passing, query.fingerprint.image.embeddings["copy"])[:10]
    assert len(found & set(nearest)) >= 9


def test_a_work_is_found_by_its_second_view_and_stays_one_work(database: Database) -> None:
    stores, random = stores_of(database), np.random.default_rng(16)
    plain = register(stores, 12)
    artist = plain[0].artist_id
    views = [SecondView(fingerprint(random), make_preview(np.full((9, 7, 3), n, np.uint8))) for n in range(30)]
    works = [replace(new_work(random, f"two views {n}", artist), second=view) for n, view in enumerate(views)]
    stores.entries.append([registration_of(work) for work in works], stores.corpus.writer(works))
    index = PgVectorIndex(database, stores.projector, SPEC)
    query = query_of(views[7].fingerprint)

    def require_both_views() -> None:
        found = index.search(query, limit=2)
        assert len(found) == len({each.work_id for each in found}) <= 2 * 2 * 3, "one place per work and list of views"
        assert index.state().works == 42
        [work] = [each for each in found if each.work_id == works[7].work_id]
        assert work.second is not None
        assert work.fingerprint.phash == works[7].fingerprint.phash
        assert work.second.phash == views[7].fingerprint.phash
        assert np.array_equal(work.second.embeddings["copy"], views[7].fingerprint.embeddings["copy"])
        kept = index.pictures([works[7].work_id, plain[0].work_id])
        second = kept[works[7].work_id].second
        assert second is not None
        assert (second.local, second.preview.shape) == (views[7].fingerprint.local, (9, 7, 3))
        assert kept[plain[0].work_id].second is None

    require_both_views()
    assert not ensure_indexes(database, SPEC.digest, at_least=43)
    assert ensure_indexes(database, SPEC.digest, at_least=42), "its views are not worth indexes yet"
    require_both_views()
    assert ensure_indexes(database, SPEC.digest, at_least=30)
    require_both_views()
    assert "hnsw_second_copy_1" in "\n".join(_plan(database, query, SECOND))


def test_error_rates_count_a_work_with_two_views_once(database: Database) -> None:
    stores, random = stores_of(database), np.random.default_rng(17)
    artist = register(stores, 3)[0].artist_id
    view = SecondView(fingerprint(random), make_preview(np.zeros((9, 7, 3), np.uint8)))
    works = [replace(new_work(random, f"two views {n}", artist), second=view) for n in range(2)]
    stores.entries.append([registration_of(work) for work in works], stores.corpus.writer(works))
    for size in (1, 2, 100):
        blocks = list(stores.corpus.iter_blocks(block=size))
        assert (sum(map(len, blocks)), sum(each.works for each in blocks)) == (7, 5)
    [block] = stores.corpus.iter_blocks()
    raw = random.random((4, 7))
    best = block.best_views(raw)
    assert best.shape == (4, 5)
    assert (best.max(axis=1) == raw.max(axis=1)).all()


def test_a_search_sees_what_was_registered_before_it(database: Database) -> None:
    stores = stores_of(database)
    index = PgVectorIndex(database, stores.projector, SPEC)
    stranger = query_of(fingerprint(np.random.default_rng(14)))
    assert index.search(stranger, limit=10) == []
    works = register(stores, 12)
    assert {each.work_id for each in index.search(stranger, limit=12)} == {work.work_id for work in works}
    assert index.state().works == 12


def test_indexes_made_later_are_searched_from_then_on(database: Database) -> None:
    stores = stores_of(database)
    works = register(stores, 60)
    index = PgVectorIndex(database, stores.projector, SPEC)
    query = with_windows(np.random.default_rng(15), works[5].fingerprint.embeddings["copy"][None])
    before = {each.work_id for each in index.search(query, limit=30)}
    seen: list[tuple[int, int]] = []
    assert ensure_indexes(database, SPEC.digest, lambda done, total: seen.append((done, total)), at_least=60)
    assert [step for step in seen if step[0] % 60 == 0][-3:] == [(60, 180), (120, 180), (180, 180)]
    assert seen == sorted(seen)
    plan = "\n".join(_plan(database, query))
    for name in ("hnsw_copy_1", "hnsw_phash_1", "hnsw_pdq_1"):
        assert name in plan
    after = {each.work_id for each in index.search(query, limit=30)}
    assert len(before & after) >= 0.97 * len(before)


def _plan(database: Database, query: Query, table: str = "work_vector") -> list[str]:
    """How the server searches with the statement of an indexed corpus, when a scan of the table is out of question."""
    statement, values = search_statement(query, Space(1, DIMENSION), 30, EVERY_WORK, indexed=(table,))
    with database.begin() as connection, driver(connection).cursor() as cursor:
        takes_wire(cursor)
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
        cursor.execute(f"EXPLAIN {statement}".encode(), values)
        return [row[0] for row in cursor]


def test_indexes_are_built_without_workers_where_they_lack_shared_memory(database: Database) -> None:
    """What a container with a small /dev/shm answers, until the build shares nothing."""
    register(stores_of(database), 20)
    with database.begin_as_owner() as connection:
        connection.execute(
            sa.text(
                "CREATE FUNCTION no_memory() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN"
                " IF current_setting('max_parallel_maintenance_workers') <> '0' THEN"
                " RAISE EXCEPTION 'could not resize shared memory segment' USING ERRCODE = '53100'; END IF; END $$"
            )
        )
        connection.execute(
            sa.text(
                "CREATE EVENT TRIGGER small ON ddl_command_start WHEN TAG IN ('CREATE INDEX')"
                " EXECUTE FUNCTION no_memory()"
            )
        )
    assert ensure_indexes(database, SPEC.digest, at_least=1) is True
    with database.begin() as connection:
        made = connection.execute(sa.text("SELECT count(*) FROM pg_indexes WHERE indexname LIKE 'hnsw%'")).scalar_one()
    assert made == 3
