"""Which works of a ledger a classifier learns from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import sqlalchemy as sa

from ledger.corpus.sealed import is_sealed
from ledger.corpus.work import UNKNOWN_ARTIST
from ledger.errors import InputError
from ledger.fingerprint.fingerprint import HandPrint
from ledger.fingerprint.hand.hand import hand_spec
from ledger.fingerprint.spec import copy_spec
from ledger.flows.pictures.artist_references import ARTIST
from ledger.lab.train.artist import own_works as flow
from ledger.lab.train.artist.own_works import labelled, own_works
from ledger.lab.train.pictures import OPENCLIPART
from ledger.storage.database import Database
from ledger.storage.works.corpus import NewWork
from ledger.storage.works.hands import HandStore
from tests.storage.works import SPEC, Stores, new_work, registration_of, stores_of

HAND = HandPrint(hand_spec(), np.ones(4, np.float32), np.ones(6, np.float16))
SEALED, OPEN = (next(f"work {n}" for n in range(99) if is_sealed(f"work {n}") is sealed) for sealed in (True, False))


def registered(stores: Stores, *works: tuple[str, str, str, HandPrint | None]) -> list[NewWork]:
    """Works by artist, source and key."""
    random = np.random.default_rng(2)
    ids = stores.corpus.ensure_artists([artist for artist, *_ in works])
    made = []
    for artist, source, key, hand in works:
        work = new_work(random, key, ids[artist])
        made.append(replace(work, source_name=source, fingerprint=replace(work.fingerprint, hand=hand)))
    stores.entries.append([registration_of(work) for work in made], stores.corpus.writer(made))
    return made


def test_what_cannot_be_learned_from_is_left_out_and_said(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    stores = stores_of(database)
    monkeypatch.setattr(flow, "MOST_READ", 2)
    works = registered(
        stores,
        ("Ada", OPENCLIPART, OPEN, HAND),
        ("Ada", OPENCLIPART, SEALED, HAND),
        ("Ada", "folder", SEALED, HAND),
        ("Ada", "folder", "third", HAND),
        ("Unknown", "folder", "by nobody", HAND),
        ("Ben", "folder", "without", None),
        ("Ben", "folder", "of an older version", replace(HAND, spec="0" * 64)),
    )
    own = own_works(HandStore(database, stores.projector, SPEC), copy_spec(), lambda *_: None)
    assert {work.work_id for work in own.works} < {works[0].work_id, works[2].work_id, works[3].work_id}
    assert len(own.works) == len(own.block) == 2
    assert sorted(own.left_out.values()) == [1, 1, 1, 2]
    assert works[1].work_id not in {work.work_id for work in own.works}, "it is sealed"


def test_a_ledger_without_such_works_says_what_is_missing(database: Database) -> None:
    stores = stores_of(database)
    registered(stores, ("Ben", "folder", "without", None))
    with pytest.raises(InputError) as raised:
        own_works(HandStore(database, stores.projector, SPEC), copy_spec(), lambda *_: None)
    assert raised.value.code == "nothing-to-train-on"
    assert "corpus refresh" in raised.value.message


def test_labels_are_told_apart_on_artists_and_unknown_ones_teach_nothing(database: Database) -> None:
    stores = stores_of(database)
    made = registered(stores, *((name, "folder", name, HAND) for name in ("Ada", "Ben", "Cleo")))
    genres = {"Ada": "Landscape", "Ben": "landscape", "Cleo": "Unknown Genre"}
    with database.begin() as connection:
        for work, (name, genre) in zip(made, genres.items(), strict=True):
            connection.execute(
                sa.text("UPDATE work_detail SET labels = jsonb_build_object('genre', CAST(:genre AS text))"
                        " WHERE work_id = :work"),
                {"genre": genre, "work": work.work_id},
            )  # fmt: skip
            assert work.source_key == name
    own = own_works(HandStore(database, stores.projector, SPEC), copy_spec(), lambda *_: None)
    by_key = {work.key: work for work in labelled(own, "genre")}
    ada, ben, cleo = (by_key[work.work_id] for work in made)
    assert ada.artist == ben.artist
    assert ada.subject != ben.subject, "their artists"
    assert cleo.artist == UNKNOWN_ARTIST
    artists = {work.key: work for work in labelled(own, ARTIST)}
    assert {artists[work.work_id].subject for work in made[:2]} == {"Landscape", "landscape"}
    assert artists[made[2].work_id].subject == made[2].work_id, "an unknown genre is no subject"
