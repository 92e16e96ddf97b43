from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from ledger.fingerprint.complexity import MINIMUM_COMPLEXITY, comparable, complexity
from ledger.image.canonical_image import CanonicalImage, Pixels
from tests.image.samples import pixels_of, save, textured


def canonical(pixels: Pixels) -> CanonicalImage:
    height, width = pixels.shape[:2]
    return CanonicalImage("0" * 64, "image/png", width, height, "0" * 64, pixels)


def reason(pixels: Pixels) -> str | None:
    return comparable(canonical(pixels), complexity(pixels))


def square(side: int, size: int = 256) -> Pixels:
    picture = np.full((size, size, 3), 255, np.uint8)
    start = (size - side) // 2
    picture[start : start + side, start : start + side] = (200, 0, 0)
    return picture


def test_known_values() -> None:
    assert complexity(np.full((300, 200, 3), 90, np.uint8)) == 0
    # The outline of a 36-pixel square from 110 to 146 crosses 8-pixel cells 13 to 18: 6x6 cells less the inner 4x4.
    assert complexity(square(36)) == 20 / 1024
    noise = np.random.default_rng(0).integers(0, 256, (256, 256, 3), dtype=np.uint8)
    assert complexity(noise) == 1


def test_order_of_kinds() -> None:
    drawing = square(100)
    photograph_like = pixels_of(Image.effect_noise((512, 400), 60))
    assert complexity(drawing) < 0.1 < complexity(photograph_like)


@pytest.mark.parametrize("quality", [30, 90])
def test_compression_and_size_hardly_matter(quality: int) -> None:
    picture = textured(500, 400, seed=2)
    with Image.open(BytesIO(save(picture.resize((333, 266)), "JPEG", quality=quality))) as copy:
        assert complexity(pixels_of(copy)) == pytest.approx(complexity(pixels_of(picture)), abs=0.05)


@pytest.mark.parametrize(
    ("pixels", "word"),
    [
        (np.zeros((1, 1, 3), np.uint8), "tiny"),
        (pixels_of(textured(15, 400)), "tiny"),
        (pixels_of(textured(512, 20)), "extreme aspect"),
        (np.full((300, 300, 3), 255, np.uint8), "blank"),
        (np.random.default_rng(0).integers(250, 256, (300, 300, 3), dtype=np.uint8), "blank"),
    ],
)
def test_not_comparable(pixels: Pixels, word: str) -> None:
    said = reason(pixels)
    assert said is not None
    assert said.startswith(word)


@pytest.mark.parametrize("pixels", [square(36), pixels_of(textured(16, 16)), pixels_of(textured(400, 20))])
def test_comparable(pixels: Pixels) -> None:
    assert reason(pixels) is None


@given(st.integers(1, 60), st.integers(1, 60), st.integers(0, 9))
def test_in_the_unit_interval_for_any_size(height: int, width: int, seed: int) -> None:
    picture = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    assert 0 <= complexity(picture) <= 1
    assert 0 < MINIMUM_COMPLEXITY < 1
