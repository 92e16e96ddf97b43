"""Training edits: what each leaves of the picture, and where it says the picture is."""

from __future__ import annotations

import numpy as np
import pytest

from ledger.image.canonical_image import Pixels
from ledger.lab.train import augmentation_scenes as scenes
from ledger.lab.train.augmentation import augment
from ledger.lab.train.augmentation_edits import CONTENT, FINISH, Edit, reground
from tests.match.drawings import drawing, pixels

WORK = pixels(drawing(1), 160)[:120]
RED = np.full((60, 90, 3), (250, 0, 0), np.uint8)
BLUE = np.full((50, 50, 3), (0, 0, 250), np.uint8)
EDITS = {edit.__name__: edit for edit, _ in (*CONTENT, *FINISH)}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_an_edit_takes_pictures_of_any_shape_and_leaves_them_as_they_are(edit: Edit) -> None:
    for picture in (WORK, np.full((9, 200, 3), 255, np.uint8)):
        before = picture.copy()
        for seed in range(8):
            edited = edit(picture, np.random.default_rng(seed))
            assert edited.dtype == np.uint8
            assert edited.ndim == 3
        assert np.array_equal(picture, before)


def test_the_same_numbers_give_the_same_edits() -> None:
    first, again = (augment(WORK, lambda: BLUE, np.random.default_rng(5)) for _ in range(2))
    assert np.array_equal(first[0], again[0])
    assert np.array_equal(first[1], again[1])


@pytest.mark.parametrize("scene", [scenes.collage, scenes.scattered, scenes.paste_on, scenes.letterbox])
def test_the_box_of_a_scene_is_where_the_picture_is(scene: scenes.Scene) -> None:
    for seed in range(20):
        shown, box = scene(RED, lambda: BLUE, np.random.default_rng(seed))
        red = shown[..., 0] > 100  # half of it may shine through
        height, width = red.shape
        left, top, right, bottom = np.round(box * [width, height, width, height]).astype(int)
        inside = red[top:bottom, left:right]
        assert inside.mean() > 0.9, seed
        assert 0 <= box.min() <= box.max() <= 1


def test_stickers_cover_only_a_part() -> None:
    covered = scenes.stickered(RED.repeat(4, axis=0).repeat(4, axis=1), lambda: BLUE, np.random.default_rng(1))
    assert 0.02 < (covered[..., 2] > 100).mean() < 0.6


def test_only_the_ground_is_replaced_and_not_white_within() -> None:
    picture = np.full((100, 100, 3), 255, np.uint8)
    picture[20:80, 20:80] = (200, 30, 30)
    picture[40:60, 40:60] = 255
    grounds = set[tuple[int, ...]]()
    for seed in range(12):
        edited = reground(picture, np.random.default_rng(seed))
        assert edited[50, 50].min() > 240
        assert np.allclose(edited[30, 30], (200, 30, 30), atol=3)
        grounds.add(tuple(edited[3, 3].tolist()))
    assert len(grounds) > 3
    assert (0, 0, 0) in grounds
    full: Pixels = np.full((50, 50, 3), 90, np.uint8)
    assert np.array_equal(reground(full, np.random.default_rng(1)), full)
