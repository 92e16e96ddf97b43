"""Variations keep a drawing's size and white ground."""

from __future__ import annotations

import numpy as np

from ledger.image.canonical_image import Pixels
from ledger.lab.train.studio.captions import colour_of
from ledger.lab.train.studio.variations import moved, recolour, vary


def _drawing() -> Pixels:
    pixels = np.full((64, 64, 3), 255, np.uint8)
    pixels[16:48, 16:40] = (220, 20, 20)
    return pixels


def test_another_hue_leaves_white_alone() -> None:
    blue = recolour(_drawing(), 230)
    assert colour_of(blue) == "blue"
    assert (blue[0, 0] == 255).all()


def test_a_moved_drawing_stays_whole() -> None:
    for seed in range(20):
        shown = moved(_drawing(), np.random.default_rng(seed))
        assert shown.shape == (64, 64, 3)
        edge = np.concatenate([shown[0], shown[-1], shown[:, 0], shown[:, -1]])
        assert (edge == 255).all()


def test_the_same_seed_gives_the_same_variation() -> None:
    made = [vary(_drawing(), np.random.default_rng(5)) for _ in range(2)]
    assert (made[0] == made[1]).all()
    assert len({vary(_drawing(), np.random.default_rng(seed)).tobytes() for seed in range(10)}) > 4
