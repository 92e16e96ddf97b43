"""Generated pictures are kept with their leaf or not at all, and the nearest of them are the ones that are offered."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ledger.errors import ConflictError
from ledger.fingerprint.fingerprint import Fingerprint
from ledger.image.preview import make_preview, read_preview
from ledger.log.entry import Draft
from ledger.match.candidate import Query
from ledger.record.ids import new_id
from ledger.storage.database import Database
from ledger.storage.log.entries import PostgresEntryStore
from ledger.storage.search.generated_pictures import GeneratedPictureStore, NewGeneratedPicture
from tests.log.contracts import draft
from tests.storage.works import DIMENSION, SPEC, SmallSpec, fingerprint, query_of

OTHER = SmallSpec("other")


def keep(
    entries: PostgresEntryStore, store: GeneratedPictureStore, count: int, seed: int = 1
) -> list[NewGeneratedPicture]:
    random = np.random.default_rng(seed)
    pictures = [
        NewGeneratedPicture(new_id(), fingerprint(random), make_preview(random.integers(0, 256, (12, 16, 3), np.uint8)))
        for _ in range(count)
    ]
    entries.append([beside(store, picture) for picture in pictures])
    return pictures


def beside(store: GeneratedPictureStore, picture: NewGeneratedPicture, dedup_key: bytes | None = None) -> Draft:
    leaf = draft(picture.record_id.encode())
    return replace(leaf, dedup_key=dedup_key, alongside=store.writer(picture))


def found(store: GeneratedPictureStore, query: Query, limit: int = 1) -> set[str]:
    return {each.key for each in store.nearest(query, limit)}


def with_vector(image: Fingerprint, vector: list[float]) -> Fingerprint:
    made = np.array(vector, np.float32)
    return replace(image, embeddings={"copy": (made / np.linalg.norm(made)).astype(np.float16)})


def test_what_is_kept_comes_back(database: Database, entries: PostgresEntryStore) -> None:
    store = GeneratedPictureStore(database, SPEC)
    pictures = {each.record_id: each for each in keep(entries, store, 5)}
    one = next(iter(pictures.values()))
    offered = {each.key: each.fingerprint for each in store.nearest(query_of(one.fingerprint), 5)}
    assert offered.keys() == pictures.keys()
    for key, each in offered.items():
        kept = pictures[key].fingerprint
        assert (each.phash, each.pdq, each.pdq_quality, each.complexity) == (
            kept.phash,
            kept.pdq,
            kept.pdq_quality,
            kept.complexity,
        )
        assert np.array_equal(each.embeddings["copy"], kept.embeddings["copy"])
        assert each.local == b"", "ten times a vector's size: read for a few"
    read = store.pictures([*pictures, new_id()])
    assert {key: picture.local for key, picture in read.items()} == {
        key: each.fingerprint.local for key, each in pictures.items()
    }
    for key, picture in read.items():
        assert np.array_equal(picture.preview, read_preview(pictures[key].preview))


def test_each_list_offers_its_nearest(database: Database, entries: PostgresEntryStore) -> None:
    store = GeneratedPictureStore(database, SPEC)
    kept = keep(entries, store, 30)
    stranger = fingerprint(np.random.default_rng(99))
    for column in ("phash", "pdq"):
        for wanted in kept[:4]:
            asked = replace(stranger, **{column: getattr(wanted.fingerprint, column)})
            assert wanted.record_id in found(store, query_of(asked)), column
    for wanted in kept[:4]:
        vector = wanted.fingerprint.embeddings["copy"]
        assert wanted.record_id in found(store, query_of(replace(stranger, embeddings={"copy": vector})))
        query = query_of(stranger)
        windows = {"copy": np.stack([stranger.embeddings["copy"], vector])}
        looked = replace(query, fingerprint=replace(query.fingerprint, windows=windows))
        assert wanted.record_id in found(store, looked)
        assert len(found(store, looked)) <= 5


def test_a_query_that_is_not_comparable_and_an_empty_store_find_nothing(
    database: Database, entries: PostgresEntryStore
) -> None:
    store = GeneratedPictureStore(database, SPEC)
    asked = query_of(fingerprint(np.random.default_rng(1)))
    assert store.nearest(asked, 10) == []
    keep(entries, store, 2)
    assert store.nearest(replace(asked, not_comparable="blank"), 10) == []
    assert len(store.nearest(asked, 10)) == 2


def test_nothing_is_kept_without_a_leaf(database: Database, entries: PostgresEntryStore) -> None:
    store = GeneratedPictureStore(database, SPEC)
    (first,) = keep(entries, store, 1)
    key = bytes(32)
    asked_once, asked_twice = (replace(first, record_id=new_id()) for _ in range(2))
    entries.append([beside(store, asked_once, key)])
    assert entries.append([beside(store, asked_twice, key)])[0].repeated
    assert found(store, query_of(first.fingerprint), 10) == {first.record_id, asked_once.record_id}


def test_another_spec_is_refused_and_fingerprints_can_be_made_anew(
    database: Database, entries: PostgresEntryStore
) -> None:
    store, newer = GeneratedPictureStore(database, SPEC), GeneratedPictureStore(database, OTHER)
    pictures = keep(entries, store, 3)
    with pytest.raises(ConflictError) as refused:
        newer.writer(pictures[0])
    assert refused.value.code == "spec-mismatch"

    made_anew = fingerprint(np.random.default_rng(5), OTHER)
    assert newer.nearest(query_of(made_anew), 10) == []
    assert store.lacking(10) == {}
    assert len(newer.lacking(2)) == 2
    lacking = newer.lacking(10)
    assert lacking.keys() == {each.record_id for each in pictures}
    with pytest.raises(ConflictError):
        store.put({pictures[0].record_id: made_anew})
    newer.put(dict.fromkeys(list(lacking)[:2], made_anew))
    assert len(newer.lacking(10)) == 1
    assert found(newer, query_of(made_anew), 10) == set(list(lacking)[:2])
    assert len(found(store, query_of(pictures[0].fingerprint), 10)) == 3, "older fingerprints stay"


def test_a_look_that_sees_nothing_does_not_crowd_out(database: Database, entries: PostgresEntryStore) -> None:
    """Of equally near pictures each list offers as many as it may, and the whole's list is its own."""
    store = GeneratedPictureStore(database, SPEC)
    random = np.random.default_rng(3)
    axis = [1.0] + [0.0] * (DIMENSION - 1)
    crowd = [NewGeneratedPicture(new_id(), with_vector(fingerprint(random), axis), b"") for _ in range(8)]
    lone = NewGeneratedPicture(new_id(), with_vector(fingerprint(random), axis[::-1]), b"")
    entries.append([beside(store, each) for each in (*crowd, lone)])
    query = query_of(with_vector(fingerprint(random), axis[::-1]))
    windows = {"copy": np.array([axis], np.float16)}
    asked = replace(query, fingerprint=replace(query.fingerprint, windows=windows))
    assert lone.record_id in found(store, asked)
