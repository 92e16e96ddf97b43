"""Works beside their leaves; candidates as exact search finds them, with and without indexes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import sqlalchemy as sa

from ledger.errors import ConflictError, NotFoundError
from ledger.match.candidate import Candidate, Query
from ledger.storage.database import Database
from ledger.storage.search.candidates import PgVectorIndex
from ledger.storage.search.vector_indexes import ensure_indexes
from ledger.storage.works.corpus import NewWork
from tests.conftest import DatabaseUrl, copied
from tests.record.samples import sha
from tests.storage.test_projections import consent, withdrawal
from tests.storage.works import (
    SPEC,
    SmallSpec,
    Stores,
    fingerprint,
    new_work,
    query_of,
    register,
    registration_of,
    stores_of,
)

WORKS = 300


@pytest.fixture(scope="module")
def filled(database_server: DatabaseUrl, template: str) -> Iterator[tuple[Database, Stores, list[NewWork]]]:
    """A corpus that the tests of this file only read."""
    with copied(database_server, template) as url, Database(url) as database:
        stores = stores_of(database)
        works = register(stores, WORKS)
        stores.entries.append([withdrawal(900, works[0].work_id), consent(901, works[1].work_id, ("style",))])
        yield database, stores, works


@pytest.fixture
def stores(database: Database) -> Stores:
    return stores_of(database)


def hamming(left: bytes, right: bytes) -> int:
    return (int.from_bytes(left, "big") ^ int.from_bytes(right, "big")).bit_count()


def nearest(works: list[NewWork], query: Query, limit: int) -> set[str]:
    """Exact search, one work at a time."""
    offered = works[2:]
    image = query.fingerprint.image
    copy = image.embeddings["copy"].astype(np.float64)

    def by_views(name: str, views: tuple[bytes, ...]) -> list[NewWork]:
        return sorted(offered, key=lambda work: min(hamming(view, getattr(work.fingerprint, name)) for view in views))

    by_copy = sorted(offered, key=lambda work: -float(work.fingerprint.embeddings["copy"].astype(np.float64) @ copy))
    lists = [by_copy]
    if query.fingerprint.phash_views:
        lists.append(by_views("phash", query.fingerprint.phash_views))
    if query.fingerprint.pdq_views:
        lists.append(by_views("pdq", query.fingerprint.pdq_views))
    return {work.work_id for each in lists for work in each[:limit]}


def ids(candidates: object) -> set[str]:
    assert isinstance(candidates, list)
    found = [each.work_id for each in candidates if isinstance(each, Candidate)]
    assert len(found) == len(set(found))
    return set(found)


def test_candidates_are_those_of_exact_search(filled: tuple[Database, Stores, list[NewWork]]) -> None:
    database, stores, works = filled
    index = PgVectorIndex(database, stores.projector, SPEC)
    assert index.state().works == WORKS - 2
    random = np.random.default_rng(7)
    for _ in range(5):
        query = query_of(fingerprint(random))
        found = ids(index.search(query, limit=5))
        wanted = nearest(works, query, 5)
        assert len(found & wanted) >= len(wanted) - 2, "ties in Hamming distance may fall either way"
        assert not {works[0].work_id, works[1].work_id} & found, "withdrawn, and not for matching"


def test_stored_fingerprints_come_back_bit_for_bit(filled: tuple[Database, Stores, list[NewWork]]) -> None:
    database, stores, works = filled
    work = works[17]
    found = PgVectorIndex(database, stores.projector, SPEC).search(query_of(work.fingerprint), limit=3)
    (candidate,) = [each for each in found if each.work_id == work.work_id]
    got, expected = candidate.fingerprint, work.fingerprint
    assert (got.spec, got.phash, got.pdq, got.pdq_quality) == (
        expected.spec,
        expected.phash,
        expected.pdq,
        expected.pdq_quality,
    )
    assert got.complexity == expected.complexity
    assert np.array_equal(got.embeddings["copy"], expected.embeddings["copy"])
    assert candidate.sha256 == sha(f"file of {work.source_key}")
    entry = stores.entries.get(candidate.registration_record_id)
    assert entry is not None
    assert entry.leaf_hash.hex() == candidate.registration_leaf_hash


def test_equal_bytes_and_pixels_are_found_whatever_the_fingerprint(
    filled: tuple[Database, Stores, list[NewWork]],
) -> None:
    database, stores, works = filled
    index = PgVectorIndex(database, stores.projector, SPEC)
    stranger = fingerprint(np.random.default_rng(8))
    blank = query_of(stranger, sha256=sha("file of 9"), pixel_sha256=sha("pixels of 11"))
    blank = Query(blank.sha256, blank.pixel_sha256, blank.fingerprint, blank.working, not_comparable="blank")
    assert ids(index.search(blank, limit=5)) == {works[9].work_id, works[11].work_id}


def test_any_view_may_be_the_near_one(filled: tuple[Database, Stores, list[NewWork]]) -> None:
    database, stores, works = filled
    index = PgVectorIndex(database, stores.projector, SPEC)
    random = np.random.default_rng(9)
    query = query_of(fingerprint(random))
    views = replace(
        query.fingerprint,
        phash_views=(random.bytes(32), works[20].fingerprint.phash),
        pdq_views=(works[21].fingerprint.pdq,),
    )
    found = ids(index.search(Query(query.sha256, query.pixel_sha256, views, query.working), limit=2))
    assert {works[20].work_id, works[21].work_id} <= found


def test_indexes_are_used_and_find_nearly_everything(database: Database, stores: Stores) -> None:
    works = register(stores, 1500)
    assert ensure_indexes(database, SPEC.digest) is False, "too few works to be worth it"
    assert ensure_indexes(database, SPEC.digest, at_least=100) is True
    assert ensure_indexes(database, SPEC.digest, at_least=100) is True
    with database.begin_as_owner() as connection:
        connection.execute(sa.text("ANALYZE"))
        definitions = set(
            connection.execute(
                sa.text("SELECT indexdef FROM pg_indexes WHERE indexname LIKE 'hnsw%' ORDER BY indexname")
            ).scalars()
        )
        used = "\n".join(
            connection.execute(
                sa.text(
                    "EXPLAIN SELECT work_id FROM work_vector v WHERE spec_id = 1"
                    f" ORDER BY v.copy::halfvec(16) <#> '{[0.5] * 16}'::halfvec(16) LIMIT 10"
                )
            ).scalars()
        )
    assert len(definitions) == 3
    assert any(
        "hnsw (((copy)::halfvec(16)) halfvec_ip_ops) WITH (m='16', ef_construction='128') WHERE (spec_id = 1)" in each
        for each in definitions
    )
    assert "hnsw_copy_1" in used
    index = PgVectorIndex(database, stores.projector, SPEC)
    random = np.random.default_rng(10)
    hits = wanted = 0
    for _ in range(10):
        query = query_of(fingerprint(random))
        expected = nearest([works[0], works[0], *works], query, 10)
        hits += len(ids(index.search(query, limit=10)) & expected)
        wanted += len(expected)
    assert hits / wanted > 0.9


def test_blocks_carry_every_matchable_work_once(filled: tuple[Database, Stores, list[NewWork]]) -> None:
    _, stores, works = filled
    blocks = list(stores.corpus.iter_blocks(SPEC.digest, block=64))
    assert [len(block) for block in blocks] == [64, 64, 64, 64, 42]
    copies = {row.tobytes() for block in blocks for row in block.copy}
    assert copies == {work.fingerprint.embeddings["copy"].tobytes() for work in works[2:]}
    phashes = {row.tobytes() for block in blocks for row in block.phash}
    assert phashes == {work.fingerprint.phash for work in works[2:]}
    assert all(block.spec == SPEC.digest for block in blocks)


def test_no_blocks_of_an_empty_corpus(stores: Stores) -> None:
    assert list(stores.corpus.iter_blocks()) == []


def test_what_is_registered_is_known(filled: tuple[Database, Stores, list[NewWork]]) -> None:
    _, stores, works = filled
    known = stores.corpus.works_of_source("made-up")
    assert [work.source_key for work in known] == [str(number) for number in range(WORKS)]
    assert stores.corpus.works_of_source("other") == []
    assert [work.sha256 for work in known] == [sha(f"file of {number}") for number in range(WORKS)]
    found = stores.corpus.works_of_files([sha("file of 0"), sha("file of 1"), sha("none")])
    assert found == known[:2]
    assert [work.artist_id for work in found] == [works[0].artist_id, works[1].artist_id]
    assert all(work.artist for work in found)


def test_artists_keep_their_ids(stores: Stores) -> None:
    first = stores.corpus.ensure_artists(["Ada", "Ben", "Ada"])
    again = stores.corpus.ensure_artists(["Ben", "Cleo"])
    assert again["Ben"] == first["Ben"]
    assert len({*first.values(), *again.values()}) == 3


def test_a_work_comes_in_once(stores: Stores) -> None:
    (work,) = register(stores, 1)
    again = new_work(np.random.default_rng(3), work.source_key, work.artist_id)
    with pytest.raises(ConflictError, match="uq_work_detail_source_name_source_key") as refusal:
        stores.entries.append([registration_of(again)], stores.corpus.writer([again]))
    assert refusal.value.code == "database-conflict"
    assert stores.entries.head().size == 1


def test_works_and_artists_as_shown(filled: tuple[Database, Stores, list[NewWork]]) -> None:
    _, stores, works = filled
    shown = stores.corpus.works([works[0].work_id, works[2].work_id, "00000000-0000-7000-8000-000000000000"])
    assert set(shown) == {works[0].work_id, works[2].work_id}
    assert shown[works[0].work_id].withdrawn
    assert shown[works[2].work_id].title == "Work 2"
    assert shown[works[2].work_id].artist == "Ada"
    assert shown[works[2].work_id].registration_index == 2
    ada = works[0].artist_id
    artist = stores.corpus.artist(ada)
    assert artist is not None
    assert artist.name == "Ada"
    assert stores.corpus.count_works(ada) == WORKS // 2
    page = stores.corpus.works_of(ada, after=4, limit=3)
    assert [work.registration_index for work in page] == [6, 8, 10]
    assert stores.corpus.count_artists() == 2
    assert stores.corpus.count_by_licence() == {"CC0-1.0": WORKS - 2, "CC-BY-4.0": 1}
    assert stores.corpus.largest_artists(1) == (("Ben", WORKS // 2),)
    assert stores.corpus.preview_file(works[0].work_id) is None, "withdrawn"
    assert stores.corpus.preview_file(works[2].work_id) == works[2].preview


def test_pictures_come_with_local_features(filled: tuple[Database, Stores, list[NewWork]]) -> None:
    database, stores, works = filled
    index = PgVectorIndex(database, stores.projector, SPEC)
    pictures = index.pictures([works[4].work_id, "00000000-0000-7000-8000-000000000000"])
    assert set(pictures) == {works[4].work_id}
    assert pictures[works[4].work_id].preview.shape == (12, 16, 3)
    assert pictures[works[4].work_id].local == works[4].fingerprint.local


def test_local_features_stay_out_of_the_vectors_way_and_go_with_them(database: Database, stores: Stores) -> None:
    works = register(stores, 20)
    with database.begin_as_owner() as connection:
        vectors = connection.execute(sa.text("SELECT pg_total_relation_size('work_vector')")).scalar_one()
        assert vectors < 20 * len(works[0].fingerprint.local)
        connection.execute(sa.text("DELETE FROM work_detail WHERE work_id = :id"), {"id": works[3].work_id})
        left = connection.execute(sa.text("SELECT work_id::text FROM work_local ORDER BY 1")).scalars()
        assert list(left) == sorted(work.work_id for work in works if work is not works[3])
    index = PgVectorIndex(database, stores.projector, SPEC)
    assert index.pictures([works[3].work_id]) == {}


def test_a_corpus_moves_to_another_spec(database: Database, stores: Stores) -> None:
    works = register(stores, 5)
    stores.entries.append([withdrawal(900, works[4].work_id)])
    other = SmallSpec("other")
    moved = stores_of(database, other)
    with pytest.raises(NotFoundError) as unknown:
        list(stores.corpus.iter_blocks(other.digest))
    assert unknown.value.code == "spec-unknown"
    lacking = moved.corpus.works_lacking(other.digest)
    assert [work.source_key for work in lacking] == ["0", "1", "2", "3"]
    assert lacking[0].sha256 == sha("file of 0")
    random = np.random.default_rng(4)
    moved.corpus.put_fingerprints({work.work_id: fingerprint(random, other) for work in lacking[:3]})
    assert [work.source_key for work in moved.corpus.works_lacking(other.digest)] == ["3"]
    assert moved.corpus.works_lacking(SPEC.digest) == []
    assert [len(block) for block in moved.corpus.iter_blocks(other.digest)] == [3]
    assert [len(block) for block in moved.corpus.iter_blocks(SPEC.digest)] == [4]
    first = lacking[0].work_id
    old, new = (
        PgVectorIndex(database, stores.projector, each).pictures([first])[first].local for each in (SPEC, other)
    )
    assert old == works[0].fingerprint.local != new
    with pytest.raises(ConflictError) as mixed:
        moved.corpus.put_fingerprints({works[3].work_id: works[3].fingerprint})
    assert mixed.value.code == "spec-mismatch"
