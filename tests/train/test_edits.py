"""Edits for training: reproducible, visible, never out of hand."""

from __future__ import annotations

import random

import numpy as np
import pytest
from PIL import Image

from ledger.train.edits import EDITS, MIN_SIDE, edit_randomly
from tests.match.drawings import drawing


@pytest.mark.parametrize("name", sorted(EDITS))
@pytest.mark.parametrize("size", [(200, 150), (60, 300)])
def test_an_edit_changes_the_picture_and_follows_the_seed(name: str, size: tuple[int, int]) -> None:
    picture = drawing(1, 300).resize(size)

    first, again = (EDITS[name](picture, random.Random(5)) for _ in range(2))

    assert first.mode == "RGB"
    assert min(first.size) >= MIN_SIDE
    assert max(first.size) <= 3 * max(size)
    assert first.tobytes() == again.tobytes()
    assert first.size != size or not np.array_equal(np.asarray(first), np.asarray(picture))
    assert picture.size == size


def test_one_to_three_different_edits() -> None:
    seen = {edit_randomly(Image.new("RGB", (80, 80), "red"), random.Random(seed))[1] for seed in range(40)}

    assert {len(names) for names in seen} == {1, 2, 3}
    assert all(len(set(names)) == len(names) for names in seen)
