"""How often what was asked for is near to what was made."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from ledger.fingerprint.copy_encoder import load_copy_encoder
from ledger.image.pool import DecodePool
from ledger.lab.evaluate.subjects import NEAREST, NearWorks, SubjectReport, read_works, save_grid, share_ratio, words_of


def _unit(count: int, place: int) -> NDArray[np.float32]:
    vectors = np.zeros((count, 2), np.float32)
    vectors[:, place] = 1
    return vectors


def test_the_share_of_near_works_with_a_word() -> None:
    cars, trees = [frozenset({"car"})] * NEAREST, [frozenset({"tree"})] * (3 * NEAREST)
    works = NearWorks([*cars, *trees], np.concatenate([_unit(NEAREST, 0), _unit(3 * NEAREST, 1)]))
    vector = np.array([1, 0], np.float16)
    assert works.share(vector, "car") == 1
    assert works.share(vector, "tree") == 0
    assert works.base_rate("tree") == 0.75


def test_a_generator_that_heeds_its_prompt_beats_chance() -> None:
    heeded = share_ratio(np.array([[0.8, 0.1, 0.0], [0.1, 0.6, 0.1], [0.0, 0.1, 0.7]]))
    assert (heeded["prompted"], heeded["shuffled"]) == (0.7, 0.0667)
    assert heeded["ratio"] == 10.5
    assert heeded["interval"][0] < 10.5 < heeded["interval"][1]
    assert share_ratio(np.full((4, 4), 0.2))["ratio"] == 1


def test_words_are_singular_and_plain() -> None:
    assert words_of("Red Cars; plants/trees_02 gas") == {"red", "car", "plant", "tree", "gas"}


def test_a_grid_shows_every_picture(tmp_path: Path) -> None:
    pictures = np.zeros((10, 2, 8, 8, 3), np.uint8)
    pictures[9, 1] = 200
    save_grid(SubjectReport({}, pictures), tmp_path / "grid.png")
    with Image.open(tmp_path / "grid.png") as grid:
        cells = np.asarray(grid)[4::12, 4::12, 0]
    assert cells.tolist() == [[0] * 8, [0] * 8, [0, 0, *[255] * 6], [0, 200, *[255] * 6]]


@pytest.mark.needs("openclipart")
def test_open_works_are_described_once(tmp_path: Path) -> None:
    encoder = load_copy_encoder()
    stages: list[tuple[int, int | None]] = []
    with DecodePool() as pool:
        first = read_works(
            pool, encoder, tmp_path / "works.jsonl", 20, lambda _, done, total: stages.append((done, total))
        )
        assert stages == [(0, 20), (16, 20)]
        again = read_works(pool, encoder, tmp_path / "works.jsonl", 20, lambda *_: pytest.fail("described already"))
    assert len(first.words) == len(first.vectors) > 10
    assert (again.vectors == first.vectors).all()
