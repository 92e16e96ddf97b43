"""Making the null set: roles, what is measured, what is written."""

from __future__ import annotations

import functools
import random
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from ledger.corpus.sealed import is_sealed
from ledger.errors import NotFoundError
from ledger.fingerprint.copy_encoder import load_copy_encoder
from ledger.fingerprint.fingerprint import Fingerprint
from ledger.fingerprint.fingerprinter import Fingerprinter
from ledger.fingerprint.local_features import work_features
from ledger.fingerprint.spec import copy_spec
from ledger.image.pool import DecodePool
from ledger.image.preview import make_preview
from ledger.lab.train.null_set import assemble
from ledger.lab.train.null_set_card import LICENCES, null_set_card
from ledger.lab.train.null_set_pictures import NullSetPicture, measure
from ledger.lab.train.pictures import COLLECTIONS, OPENCLIPART, SourcePicture, collected, open_works
from ledger.lab.train.roles import Role, role_of
from ledger.match.null_set import read_null_set
from ledger.match.ranking import read_ranking
from tests.match.drawings import as_query, drawing, fingerprint, pixels


@pytest.fixture(scope="module")
def pool() -> Iterator[DecodePool]:
    with DecodePool(1) as pool:
        yield pool


@functools.cache
def _measured(number: int, role: Role) -> NullSetPicture:
    """Fingerprints by arithmetic, pixels from a drawing of that number."""
    picture = pixels(drawing(number, 256))
    clean = replace(fingerprint(number, complexity=(number % 97) / 97), local=work_features(picture).to_bytes())
    collection = OPENCLIPART if role is Role.REFERENCE else "openmoji"
    query = as_query(_nearby(clean))
    return NullSetPicture(collection, str(number), role, clean, query, bool(number % 2), picture, make_preview(picture))


def _nearby(clean: Fingerprint) -> Fingerprint:
    """A copy of random quality."""
    rng = random.Random(clean.phash)
    bits = rng.randrange(100)
    phash = (int.from_bytes(clean.phash) ^ rng.getrandbits(256) & rng.getrandbits(256)).to_bytes(32)
    vector = (
        clean.embeddings["copy"].astype(np.float32) + rng.random() * np.random.default_rng(bits).normal(size=16) / 4
    )
    return replace(clean, phash=phash, embeddings={"copy": (vector / np.linalg.norm(vector)).astype(np.float16)})


def test_what_is_assembled_reads_back_and_holds_no_variant_twice() -> None:
    measured = [
        *(_measured(number, Role.REFERENCE) for number in range(12)),
        *(_measured(number, Role.BACKGROUND) for number in range(100, 110)),
        *(_measured(number, Role.NULL) for number in range(200, 216)),
        replace(_measured(200, Role.NULL), key="the same drawing again"),
        replace(_measured(100, Role.NULL), key="a background picture"),
    ]

    made = assemble(measured)

    null_set = read_null_set(made.null_set)
    kept = {bytes(row) for row in null_set.sources.phash.view(np.uint8)}
    assert len(kept) == len(null_set) == sum(made.counts.values()) <= 16
    assert len(null_set.background) == 10
    assert len(null_set.copies.evidence) == made.copies == 12
    assert fingerprint(100).phash not in kept
    assert len(null_set.unrelated.evidence) == made.unrelated > 5 * made.copies
    assert made.geometry.verified > 0.9
    assert made.geometry.mistaken < 0.1
    assert read_ranking(made.ranking.to_bytes()) == made.ranking
    assert assemble(measured).null_set == made.null_set


def test_the_picture_beside_a_query_counts_where_it_is_nearer() -> None:
    """Each null picture's other picture is a copy of a reference: so near are the pairs that are written then."""
    references = [_measured(number, Role.REFERENCE) for number in range(12)]
    background = [_measured(number, Role.BACKGROUND) for number in range(100, 110)]
    null = [_measured(number, Role.NULL) for number in range(200, 212)]
    beside = [
        replace(item, other=(as_query(copied.clean), copied.working))
        for item, copied in zip(null, references, strict=True)
    ]
    alone = read_null_set(assemble([*references, *background, *null]).null_set)
    both = read_null_set(assemble([*references, *background, *beside]).null_set)
    assert (len(alone.queries), len(both.queries), len(both)) == (len(alone), 2 * len(alone), len(alone))
    assert both.starts.tolist() == list(range(0, 2 * len(alone), 2))
    assert np.count_nonzero(both.unrelated.found.phash == 0) == len(null) > 0
    assert np.count_nonzero(alone.unrelated.found.phash == 0) == 0
    assert both.unrelated.evidence.max() > alone.unrelated.evidence.max()


def test_the_card_tells_of_every_collection_that_may_be_used() -> None:
    assert set(LICENCES) == {OPENCLIPART, *(collection.name for collection in COLLECTIONS)}
    made = assemble(
        [
            _measured(number, role)
            for role, start in ((Role.REFERENCE, 0), (Role.BACKGROUND, 100), (Role.NULL, 200))
            for number in range(start, start + 11)
        ]
    )

    card = null_set_card(made)

    assert read_null_set(made.null_set).digest in card
    assert "npm `openmoji`" in card


def test_pictures_are_measured_through_the_same_decoder_as_queries(pool: DecodePool) -> None:
    fingerprinter = Fingerprinter([load_copy_encoder()], copy_spec())
    names = [f"{number}.svg" for number in range(30)]
    pictures = [SourcePicture("openmoji", name, name, drawing(int(name[:-4]), 200), ()) for name in names]

    first, again = (list(measure(pictures, pool, fingerprinter, seed=3)) for _ in range(2))

    used = [name for name in names if role_of("openmoji", name) is not Role.TRAIN]
    assert [item.key for item in first] == used
    assert [item.query.phash_views for item in first] == [item.query.phash_views for item in again]
    assert all(item.clean.phash == item.query.image.phash for item in first if not item.edited)
    assert all(item.edited for item in first if item.role is Role.REFERENCE)
    assert 0 < sum(item.edited for item in first if item.role is Role.NULL) < len(used)


def test_a_folder_of_collections(tmp_path: Path, pool: DecodePool) -> None:
    (tmp_path / "openmoji").mkdir()
    svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><circle cx="4" cy="4" r="3" fill="{}"/></svg>'
    for name in ("1F600", "1F44D-1F3FB"):
        (tmp_path / "openmoji" / f"{name}.svg").write_text(svg.format("red"))
    (tmp_path / "iconify-meteocons").mkdir()
    icons = '{"icons": {"sun": {"body": "<path d=\'M0 0h9v9z\'/>"}}, "width": 16, "height": 16}'
    (tmp_path / "iconify-meteocons" / "icons.json").write_text(icons)
    (tmp_path / "skimage").mkdir()
    drawing(1, 400).save(tmp_path / "skimage" / "photo.jpg")
    (tmp_path / "skimage" / "broken.png").write_bytes(b"no picture")
    drawing(2, 40).save(tmp_path / "skimage" / "sprite.png")

    found = [(picture.collection, picture.key) for picture in collected(tmp_path, pool, seed=1)]

    quarters = [("skimage", f"photo.jpg#{part}") for part in ("00", "01", "10", "11")]
    assert sorted(found) == [("iconify-meteocons", "sun"), ("openmoji", "1F600.svg"), *quarters]


def test_no_collection_at_all_says_what_to_do(tmp_path: Path, pool: DecodePool) -> None:
    with pytest.raises(NotFoundError) as caught:
        next(collected(tmp_path, pool, seed=1))
    assert caught.value.code == "assets-missing"


@pytest.mark.needs("openclipart")
def test_sealed_works_are_never_read(pool: DecodePool) -> None:
    works = list(islice(open_works(pool, limit=12, seed=2), 12))

    assert 0 < len(works) <= 12
    assert not any(is_sealed(work.key) for work in works)
