"""Features of hands go with their works, and only those may be trained on whose terms allow both uses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ledger.corpus.work import AllowedUse
from ledger.fingerprint.fingerprint import HandPrint
from ledger.storage.database import Database
from ledger.storage.search.classifiers import ClassifierStore, StoredClassifier
from ledger.storage.works.hands import HandStore
from tests.record.samples import sha, uid
from tests.storage.test_projections import consent, withdrawal
from tests.storage.works import SPEC, Stores, new_work, registration_of, stores_of

ALL: tuple[AllowedUse, ...] = ("match", "train", "style")
USES: dict[str, tuple[AllowedUse, ...]] = {
    "all": ALL, "no style": ("match", "train"), "no train": ("match", "style"), "none": (), "without hand": ALL,
}  # fmt: skip


@pytest.fixture
def stores(database: Database) -> Stores:
    return stores_of(database)


def hand(seed: int) -> HandPrint:
    random = np.random.default_rng(seed)
    return HandPrint(sha("hand"), random.normal(size=5).astype(np.float32), random.normal(size=7).astype(np.float16))


def registered(stores: Stores) -> dict[str, str]:
    """A work for each of USES: its name -> its id."""
    random = np.random.default_rng(2)
    ids = stores.corpus.ensure_artists(["Ada"])
    works = {}
    for number, name in enumerate(USES):
        work = new_work(random, name, ids["Ada"])
        made = work.fingerprint if name == "without hand" else replace(work.fingerprint, hand=hand(number))
        works[name] = replace(work, fingerprint=made, labels={"subject": "ships"})
    drafts = [registration_of(work, USES[name]) for name, work in works.items()]
    stores.entries.append(drafts, stores.corpus.writer(list(works.values())))
    return {name: work.work_id for name, work in works.items()}


def test_what_is_stored_comes_back_with_its_work(database: Database, stores: Stores) -> None:
    ids, store = registered(stores), HandStore(database, stores.projector, SPEC)
    found = {work.work_id: work for work in store.trainable()}
    assert set(found) == {ids["all"], ids["without hand"]}
    work, made = found[ids["all"]], hand(0)
    assert work.fingerprint.hand is not None
    assert work.fingerprint.hand.spec == made.spec
    assert np.array_equal(work.fingerprint.hand.technique, made.technique)
    assert np.array_equal(work.fingerprint.hand.depths, made.depths)
    assert (work.artist, work.source_name, work.source_key) == ("Ada", "made-up", "all")
    assert work.labels == {"subject": "ships"}
    assert found[ids["without hand"]].fingerprint.hand is None


def test_nobody_learns_from_a_work_that_forbids_it_later(database: Database, stores: Stores) -> None:
    ids, store = registered(stores), HandStore(database, stores.projector, SPEC)
    stores.entries.append([consent(1, ids["all"], ("match", "train")), withdrawal(2, ids["without hand"])])
    assert list(store.trainable()) == []


def test_one_classifier_serves_and_names_only_who_is_willing(database: Database, stores: Stores) -> None:
    ids = registered(stores)
    [ada] = stores.corpus.ensure_artists(["Ada"]).values()
    [nobody] = stores.corpus.ensure_artists(["Somebody without works"]).values()
    store = ClassifierStore(database, stores.projector)
    assert store.serving() == {}
    assert store.get(sha("first")) is None
    first = StoredClassifier(sha("first"), "artist", uid(1), (ada, nobody), b"file", "# Card", {"macro_top1": 0.5})
    store.put(first)
    assert store.get(first.digest) == first
    second = replace(first, digest=sha("second"), artists=(nobody,))
    store.put(second)
    assert store.serving() == {"artist": second.digest}
    assert store.get(first.digest) is None
    genres = replace(first, digest=sha("genres"), kind="genre", artists=(ada,))
    store.put(genres)
    assert store.serving() == {"artist": second.digest, "genre": genres.digest}
    store.retire("genre")
    assert store.willing((ada, nobody)) == {ada}
    stores.entries.append([consent(1, ids["all"], ("match",)), consent(2, ids["without hand"], ("match",))])
    stores.entries.append([withdrawal(3, ids["no train"])])
    assert store.willing((ada, nobody)) == set()
    assert not store.forget(ada), "it does not know her"
    store.put(genres)
    assert store.forget(nobody)
    assert store.serving() == {"genre": genres.digest}
    assert store.forget(ada), "labels are learned from somebody's works, too"
    assert store.serving() == {}


def test_an_artists_newest_works_are_compared_while_they_allow_it(database: Database, stores: Stores) -> None:
    ids, store = registered(stores), HandStore(database, stores.projector, SPEC)
    [ada] = stores.corpus.ensure_artists(["Ada"]).values()
    found = store.drawn_by([ada, uid(7)], sha("hand"), 40)
    styled = {name for name, uses in USES.items() if "style" in uses} - {"without hand"}
    assert {work_id for _, work_id, _ in found} == {ids[name] for name in styled}
    assert {artist_id for artist_id, _, _ in found} == {ada}
    assert all(made.spec == hand(0).spec for *_, made in found)
    assert store.drawn_by([ada], sha("another version"), 40) == []
    assert len(store.drawn_by([ada], sha("hand"), 1)) <= 1
    stores.entries.append([consent(1, ids["all"], ("match",))])
    assert ids["all"] not in {work_id for _, work_id, _ in store.drawn_by([ada], sha("hand"), 40)}
