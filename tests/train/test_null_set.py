"""Making the null set: roles, what is measured, what is written."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from ledger.corpus.openclipart import SVG_ROOT
from ledger.corpus.sealed import is_sealed
from ledger.errors import NotFoundError
from ledger.fingerprint.copy_encoder import load_copy_encoder
from ledger.fingerprint.fingerprinter import Fingerprinter
from ledger.fingerprint.spec import default_spec
from ledger.fingerprint.types import Fingerprint
from ledger.image.pool import DecodePool
from ledger.match.null_set import read_null_set
from ledger.match.ranking import read_ranking, shipped_ranking
from ledger.train.geometry import GeometryFit, fit_geometry, make_examples
from ledger.train.null_set import Measured, Role, assemble, measure, role_of
from ledger.train.null_set_card import LICENCES, null_set_card
from ledger.train.pictures import COLLECTIONS, OPENCLIPART, SourcePicture, collected, open_works
from tests.match.drawings import as_query, drawing, fingerprint

RULE = shipped_ranking().geometry.rule()


@pytest.fixture(scope="module")
def pool() -> Iterator[DecodePool]:
    with DecodePool(1) as pool:
        yield pool


def test_works_of_one_subject_have_one_role() -> None:
    assert len({role_of(OPENCLIPART, f"animals/birds/{name}") for name in "abcdefghij"}) == 1
    assert len({role_of("skimage", f"coffee.png#{part}") for part in ("00", "01", "10", "11")}) == 1


def test_roles_have_about_the_stated_shares() -> None:
    works = Counter(role_of(OPENCLIPART, f"subject {number}/work") for number in range(4000))
    others = Counter(role_of("openmoji", f"{number}.svg") for number in range(4000))

    assert [works[role] / 4000 for role in (Role.REFERENCE, Role.NULL, Role.HELD_OUT)] == pytest.approx(
        [0.35, 0.5, 0.15], abs=0.03
    )
    assert [others[role] / 4000 for role in (Role.BACKGROUND, Role.NULL, Role.HELD_OUT)] == pytest.approx(
        [0.15, 0.7, 0.15], abs=0.03
    )


def _measured(number: int, role: Role) -> Measured:
    clean = fingerprint(number, complexity=(number % 97) / 97)
    collection = OPENCLIPART if role is Role.REFERENCE else "openmoji"
    return Measured(collection, str(number), role, clean, as_query(_nearby(clean)), ("blur",) if number % 2 else ())


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
        *(_measured(number, Role.REFERENCE) for number in range(60)),
        *(_measured(number, Role.BACKGROUND) for number in range(100, 130)),
        *(_measured(number, Role.NULL) for number in range(200, 300)),
        replace(_measured(200, Role.NULL), key="the same drawing again"),
        replace(_measured(100, Role.NULL), key="a background picture"),
        *(_measured(number, Role.HELD_OUT) for number in range(400, 410)),
    ]

    made = assemble(measured, RULE)

    null_set = read_null_set(made.null_set)
    kept = {bytes(row) for row in null_set.sources.phash.view(np.uint8)}
    assert len(kept) == len(null_set) == sum(made.counts.values()) <= 100
    assert len(null_set.background) == 30
    assert len(null_set.copies.cosine) == made.copies == 60
    assert fingerprint(100).phash not in kept
    assert not kept & {fingerprint(number).phash for number in range(400, 410)}
    assert read_ranking(made.ranking.to_bytes()) == made.ranking
    assert assemble(measured, RULE).null_set == made.null_set


def test_the_card_tells_of_every_collection_that_may_be_used() -> None:
    assert set(LICENCES) == {OPENCLIPART, *(collection.name for collection in COLLECTIONS)}
    made = assemble(
        [
            _measured(number, role)
            for role, start in ((Role.REFERENCE, 0), (Role.BACKGROUND, 100), (Role.NULL, 200))
            for number in range(start, start + 40)
        ],
        RULE,
    )

    card = null_set_card(made, GeometryFit(RULE, 0.7, 0.01))

    assert read_null_set(made.null_set).digest in card
    assert "npm `openmoji`" in card


def test_pictures_are_measured_through_the_same_decoder_as_queries(pool: DecodePool) -> None:
    fingerprinter = Fingerprinter([load_copy_encoder()], default_spec())
    pictures = [SourcePicture("openmoji", f"{number}.svg", drawing(number, 200)) for number in range(4)]

    first, again = (list(measure(pictures, pool, fingerprinter, seed=3)) for _ in range(2))

    assert [item.key for item in first] == [picture.key for picture in pictures]
    assert [item.query.phash_views for item in first] == [item.query.phash_views for item in again]
    assert all((item.clean.phash == item.query.image.phash) for item in first if not item.edits)
    assert any(item.edits for item in first)


def test_the_geometric_rule_is_fitted_from_copies_and_their_likest() -> None:
    pictures = [SourcePicture("openmoji", str(number), drawing(number, 256)) for number in range(14)]

    fit = fit_geometry(make_examples(pictures, count=10, seed=1))

    assert fit.verified > 0.6
    assert fit.mistaken < 0.05
    assert fit.rule.unverified < 0 < fit.rule.correlation + fit.rule.closeness + fit.rule.inliers


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


@pytest.mark.skipif(not SVG_ROOT.is_dir(), reason="Debian's openclipart-svg is not installed")
def test_sealed_works_are_never_read(pool: DecodePool) -> None:
    works = list(islice(open_works(pool, limit=12, seed=2), 12))

    assert len(works) == 12
    assert not any(is_sealed(work.key) for work in works)
