"""Examples to train on: what is drawn, and where a pasted picture is looked for."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from ledger.lab.train.copy.dataset import TrainingPictures
from ledger.lab.train.copy.examples import CELL, CopyExample, CopyExamples, best_window
from ledger.lab.train.copy.views import views_of
from tests.lab.train.copy.pictures import training_pictures

SIDE = 64


@pytest.fixture(scope="module")
def pictures() -> TrainingPictures:
    return training_pictures(6)


@pytest.fixture(scope="module")
def drawn(pictures: TrainingPictures) -> list[CopyExample]:
    examples = CopyExamples(pictures, side=SIDE, count=60, seed=3)
    return [examples[position] for position in range(60)]


def test_an_example_depends_on_seed_and_position_alone(pictures: TrainingPictures, drawn: list[CopyExample]) -> None:
    again = CopyExamples(pictures, side=SIDE, count=60, seed=3)[40]
    assert again.index == drawn[40].index
    assert again.others == drawn[40].others
    for view, before in ((again.query, drawn[40].query), (again.window, drawn[40].window)):
        assert (view is None) is (before is None)
    if again.query is not None and drawn[40].query is not None:
        assert np.array_equal(again.query, drawn[40].query)


def test_every_picture_comes_once_in_each_round(pictures: TrainingPictures, drawn: list[CopyExample]) -> None:
    for start in range(0, 60, len(pictures)):
        assert sorted(example.index for example in drawn[start : start + len(pictures)]) == list(range(len(pictures)))


def test_each_has_a_view_and_some_have_both(drawn: list[CopyExample]) -> None:
    assert all(example.query is not None or example.window is not None for example in drawn)
    assert any(example.query is None for example in drawn)
    assert any(example.query is not None and example.window is not None for example in drawn)
    for example in drawn:
        if example.window is not None:
            assert example.window.pixels.shape == (SIDE + CELL, SIDE + CELL, 3)
            assert {example.window.row, example.window.column} <= {0, 1}


def test_a_small_picture_has_a_window_and_a_large_one_none() -> None:
    assert best_window(np.array([0.5, 0.02, 0.96, 0.45], np.float32)) == (0.5, 0.0, 1.0, 0.5)
    assert best_window(np.array([0.1, 0.1, 0.9, 0.95], np.float32)) is None


def test_stacks_hold_every_view_once(drawn: list[CopyExample]) -> None:
    stacks = list(views_of(drawn, 8))
    views = sum((example.query is not None) + (example.window is not None) for example in drawn)
    assert sum(len(stack.rows) for stack in stacks) == views
    assert all(len(stack.rows) == len(stack.weight) == len(stack.pixels) <= 8 for stack in stacks)


def test_a_window_is_pooled_without_its_surroundings(drawn: list[CopyExample]) -> None:
    import torch

    for stack in views_of(drawn, 8):
        cells = stack.pixels.shape[1] // CELL
        maps = torch.arange(cells * cells).reshape(1, 1, cells, cells).repeat(len(stack.rows), 1, 1, 1)
        seen = stack.seen(maps)
        assert seen.shape[-2:] == (SIDE // CELL, SIDE // CELL)
        assert [divmod(int(each[0, 0, 0]), cells) for each in seen] == list(stack.places or [(0, 0)] * len(stack.rows))


def test_pictures_are_kept_as_they_are() -> None:
    picture = np.random.default_rng(1).integers(0, 256, (30, 40, 3), np.uint8)
    file = cv2.imencode(".png", picture[..., ::-1])[1]
    assert np.array_equal(TrainingPictures(("a",), (np.asarray(file).reshape(-1),)).picture(0), picture)
