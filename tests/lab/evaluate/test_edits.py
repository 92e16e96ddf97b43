"""Evaluation edits: every kind changes the picture, nothing depends on anything but seed and key."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from ledger.image.canonical_image import Pixels
from ledger.lab.evaluate.edits.drawing import EDITS, KINDS, MOST, Edit, apply, combined, draw, generator
from ledger.lab.evaluate.edits.kinds import Grounds, Stage, ground_mask
from ledger.lab.train import augmentation_edits as training
from ledger.lab.train import augmentation_scenes as scenes
from tests.match.drawings import drawing, pixels

WORK = pixels(drawing(1), 300)[:200]
GROUNDS = Grounds([lambda: pixels(drawing(2), 200)], [lambda: pixels(drawing(3), 200)])


@pytest.mark.parametrize("edit", EDITS, ids=str)
def test_every_edit_changes_the_picture_and_nothing_else(edit: Edit) -> None:
    before = WORK.copy()
    edited = apply(WORK, edit, generator(1, "key"), GROUNDS)
    assert np.array_equal(WORK, before)
    assert edited.dtype == np.uint8
    assert edited.ndim == 3
    assert edited.shape != WORK.shape or not np.array_equal(edited, WORK)
    assert min(edited.shape[:2]) >= 16


@pytest.mark.parametrize("edit", EDITS, ids=str)
def test_every_edit_takes_small_and_narrow_pictures(edit: Edit) -> None:
    for shape in ((17, 16, 3), (20, 300, 3)):
        picture = np.full(shape, 255, np.uint8)
        picture[4:12, 4:12] = (200, 30, 30)
        assert apply(picture, edit, generator(1, "key"), Grounds()).size


def test_seed_and_key_decide_everything() -> None:
    first, edits = combined(WORK, "a", GROUNDS, seed=1, turn=5)
    again, _ = combined(WORK, "a", GROUNDS, seed=1, turn=5)
    assert np.array_equal(first, again)
    assert edits == draw(5, generator(1, "5/a"))
    others = [combined(WORK, key, GROUNDS, seed=seed, turn=5)[0] for key, seed in (("b", 1), ("a", 2))]
    assert not any(np.array_equal(first, other) for other in others)


def test_one_to_three_edits_each_kind_once_and_one_composition_at_most() -> None:
    counts: Counter[int] = Counter()
    for turn in range(3 * len(EDITS)):
        edits = draw(turn, generator(1, f"{turn}"))
        kinds = [KINDS[edit.kind] for edit in edits]
        counts[len(edits)] += 1
        assert len({kind.name for kind in kinds}) == len(kinds)
        assert sum(kind.stage is Stage.COMPOSITION for kind in kinds) <= 1
        assert [kind.stage for kind in kinds] == sorted(kind.stage for kind in kinds)
    assert sorted(counts) == [1, 2, MOST]
    assert max(counts.values()) - min(counts.values()) <= 3


def test_every_edit_comes_alone_and_with_others() -> None:
    drawn = [draw(turn, generator(1, f"{turn}")) for turn in range(3 * len(EDITS))]
    assert {edits[0] for edits in drawn if len(edits) == 1} == set(EDITS)
    assert all(sum(edit in edits for edits in drawn) >= 3 for edit in EDITS)


def test_there_are_kinds_that_training_does_not_know() -> None:
    unseen = {kind.name for kind in KINDS.values() if kind.unseen}
    assert len(unseen) >= 7
    assert not unseen & {edit.__name__ for edit, _ in (*training.CONTENT, *training.FINISH)}
    assert not unseen & set(dir(scenes))


def test_stronger_is_farther_from_the_picture() -> None:
    for name in ("blur", "noise", "pixelate", "jpeg", "colour", "vignette", "stickers"):
        distances = [
            float(np.abs(_edited(name, strength).astype(int) - WORK).mean()) for strength in KINDS[name].strengths
        ]
        assert distances == sorted(distances), name


def _edited(name: str, strength: str) -> Pixels:
    return apply(WORK, Edit(name, strength), generator(1, "key"), GROUNDS)


def test_an_overlay_shows_the_drawing_and_not_its_ground() -> None:
    picture = np.full((200, 200, 3), 255, np.uint8)
    picture[60:140, 60:140] = (200, 30, 30)
    picture[90:110, 90:110] = 255
    assert ground_mask(picture).sum() == 200 * 200 - 80 * 80
    grey = Grounds((), [lambda: np.full((300, 300, 3), 90, np.uint8)])
    laid = apply(picture, Edit("overlay", "75%"), generator(1, "key"), grey)
    white = (laid > 240).all(axis=2).mean()
    assert 0 < white < 0.02


def test_a_crop_keeps_its_share_of_the_area() -> None:
    for strength, area in KINDS["crop"].strengths.items():
        cropped = _edited("crop", strength)
        assert cropped.shape[0] * cropped.shape[1] == pytest.approx(area * WORK.shape[0] * WORK.shape[1], rel=0.02)
