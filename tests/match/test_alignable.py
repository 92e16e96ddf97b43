"""Which pictures can be aligned at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ledger.image.from_pixels import image_of
from ledger.match.geometry.alignable import alignable
from ledger.match.ranking import shipped_ranking
from tests.match.drawings import drawing

ART = sorted((Path(__file__).parents[1] / "data" / "art").glob("*.png"))[:10]
RULE = shipped_ranking().geometry.rule()


def working(picture: Image.Image) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return image_of(np.asarray(picture.convert("RGB"))).working


@pytest.mark.parametrize("number", [401, 411, 412])
def test_drawings_with_shapes_can_be_aligned(number: int) -> None:
    assert alignable(working(drawing(number)), RULE)


def test_most_art_can_be_aligned() -> None:
    found = [alignable(working(Image.open(path)), RULE) for path in ART]
    assert sum(found) >= 8, found


def test_stripes_cannot() -> None:
    flag = Image.new("RGB", (600, 400), "white")
    flag.paste("red", (0, 133, 600, 266))
    assert not alignable(working(flag), RULE)


def test_one_colour_cannot() -> None:
    assert not alignable(working(Image.new("RGB", (64, 64), "white")), RULE)
