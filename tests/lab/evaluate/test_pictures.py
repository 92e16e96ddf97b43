"""Which pictures are taken: sealed works never, held-out artists for what is asked, nothing on two sides."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ledger.corpus.sealed import is_sealed
from ledger.corpus.sources.openclipart import OpenClipartSource
from ledger.errors import InputError
from ledger.image.pool import DecodePool
from ledger.lab.evaluate.pictures import HELD_OUT, PHOTOGRAPHS, Picture, Selection, select
from ledger.lab.train.pictures import OPENCLIPART
from ledger.lab.train.roles import Role, role_of


@pytest.fixture(scope="module")
def pool() -> Iterator[DecodePool]:
    with DecodePool(1) as opened:
        yield opened


@pytest.fixture(scope="module")
def chosen(pool: DecodePool) -> Selection:
    return select(pool, works=3500, unrelated=600, assets=None, seed=7)


def test_sealed_works_are_never_taken(chosen: Selection) -> None:
    names = [picture.key for picture in (*chosen.corpus, *chosen.unrelated, *chosen.background)]
    assert len(names) > 3000
    assert not any(is_sealed(name) for name in names)


def test_nothing_is_on_two_sides(chosen: Selection) -> None:
    sides = [chosen.copied, chosen.distractors, chosen.unrelated, chosen.background]
    names = [picture.name for side in sides for picture in side]
    assert len(names) == len(set(names))
    subjects = [{picture.key.rpartition("/")[0] for picture in side} for side in (chosen.copied, chosen.unrelated)]
    assert not subjects[0] & subjects[1]


def test_what_is_asked_about_is_by_held_out_artists_and_nothing_else_is(chosen: Selection) -> None:
    artists = {
        item.key: item.artist or item.labels["subject"] for item in OpenClipartSource(rasterise=lambda svg: svg).items()
    }

    def role(picture: Picture) -> Role:
        return role_of(OPENCLIPART, artists[picture.key])

    assert {role(picture) for picture in (*chosen.copied, *chosen.unrelated)} == {Role.HELD_OUT}
    assert Role.HELD_OUT not in {role(picture) for picture in (*chosen.distractors, *chosen.background)}


def test_the_seed_decides(pool: DecodePool, chosen: Selection) -> None:
    few = select(pool, works=10, unrelated=5, assets=None, seed=7)
    assert [picture.name for picture in few.copied] == [picture.name for picture in chosen.copied[:10]]
    assert (len(few.corpus), len(few.unrelated), len(few.background)) == (10, 5, 10)
    other = select(pool, works=10, unrelated=5, assets=None, seed=8)
    assert [picture.name for picture in few.copied] != [picture.name for picture in other.copied]


def test_packages_give_unrelated_photographs_and_distractors(pool: DecodePool, tmp_path: Path) -> None:
    for collection in (PHOTOGRAPHS, "wesnoth", next(iter(HELD_OUT - {PHOTOGRAPHS}))):
        (tmp_path / collection).mkdir()
        for number in range(3):
            noise = np.random.default_rng(number).integers(0, 256, (256, 256, 3), np.uint8)
            Image.fromarray(noise).save(tmp_path / collection / f"{number}.png")
    chosen = select(pool, works=5000, unrelated=400, assets=tmp_path, seed=7)
    assert {picture.collection for picture in chosen.photographs} == {PHOTOGRAPHS}
    assert {picture.collection for picture in chosen.unrelated} == {OPENCLIPART, *HELD_OUT}
    assert {picture.collection for picture in chosen.distractors} == {OPENCLIPART, "wesnoth"}
    assert chosen.photographs[0].pixels().shape == (128, 128, 3), "a quarter of the photograph"


def test_a_picture_is_read_over_white_and_not_too_large() -> None:
    file = io.BytesIO()
    Image.new("RGBA", (2000, 1000), (255, 0, 0, 0)).save(file, "PNG")
    shown = Picture("x", "y", file.getvalue).pixels()
    assert shown.shape == (384, 768, 3)
    assert (shown == 255).all()


def test_a_picture_that_is_none_is_an_input_error() -> None:
    with pytest.raises(InputError):
        Picture("x", "y", lambda: b"text").pixels()
