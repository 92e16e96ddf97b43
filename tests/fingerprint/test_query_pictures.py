"""The pictures that are compared beside a query: over another ground, and as a negative."""

from __future__ import annotations

import numpy as np
import pytest

from ledger.fingerprint.hashes import hashes
from ledger.fingerprint.query_pictures import negative_of, other_picture, over_plain_ground
from ledger.image.canonical_image import Pixels
from ledger.match.alike import bits
from ledger.match.copies.negative import complement
from tests.match.drawings import drawing, pixels

COLOURS = {"grey": (128, 128, 128), "pink": (255, 192, 203), "teal": (0, 128, 128)}


def on(ground: tuple[int, int, int], drawn: Pixels) -> Pixels:
    """A dark and light drawing on a ground of one colour, with noise as JPEG leaves it."""
    whole = np.full((200, 160, 3), ground, np.int16) + np.random.default_rng(1).integers(-5, 6, (200, 160, 1))
    whole[40:140, 30:130] = drawn
    picture: Pixels = np.clip(whole, 0, 255).astype(np.uint8)
    return picture


DRAWN = np.zeros((100, 100, 3), np.uint8)
DRAWN[::2] = (20, 60, 230)


@pytest.mark.parametrize("ground", COLOURS.values(), ids=COLOURS)
def test_a_ground_of_one_colour_becomes_white(ground: tuple[int, int, int]) -> None:
    replaced = over_plain_ground(on(ground, DRAWN))
    assert replaced is not None
    assert (replaced[:30] == 255).all()
    assert (replaced[:, 140:] == 255).all()
    inside = np.abs(replaced[50:130, 40:120].astype(int) - on(ground, DRAWN)[50:130, 40:120])
    assert inside.max() <= 5, "what is drawn stays"


def test_a_light_drawing_gets_a_black_ground() -> None:
    replaced = over_plain_ground(on((128, 128, 128), np.full((100, 100, 3), 250, np.uint8)))
    assert replaced is not None
    assert (replaced[:30] == 0).all()


@pytest.mark.parametrize("level", [0, 30, 230, 255])
def test_white_and_black_grounds_stay(level: int) -> None:
    assert over_plain_ground(on((level, level, level), DRAWN)) is None


def test_no_ground_and_nothing_on_it() -> None:
    noise = np.random.default_rng(2).integers(0, 256, (90, 70, 3)).astype(np.uint8)
    assert over_plain_ground(noise) is None
    assert over_plain_ground(np.full((90, 70, 3), 128, np.uint8)) is None
    assert over_plain_ground(np.full((1, 1, 3), 128, np.uint8)) is None
    assert over_plain_ground(np.full((1, 512, 3), 128, np.uint8)) is None


def test_the_hash_of_a_negative_is_the_complement() -> None:
    picture = pixels(drawing(3), 256)
    assert bits(hashes(negative_of(picture)).phash.hex(), complement(hashes(picture).phash).hex()) <= 4
    assert (negative_of(negative_of(picture)) == picture).all()


@pytest.mark.parametrize(("level", "view"), [(128, "ground"), (10, "negative"), (250, None)])
def test_one_other_picture_is_compared_beside_a_query(level: int, view: str | None) -> None:
    picture = on((level, level, level), DRAWN)
    found = other_picture(picture)
    if view is None or found is None:
        assert (found, view) == (None, None)
        return
    replaced = {"ground": over_plain_ground(picture), "negative": negative_of(picture)}[view]
    assert found[0] == view
    assert replaced is not None
    assert (found[1] == replaced).all()
