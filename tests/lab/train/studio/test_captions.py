"""Words for pictures that nobody captioned."""

from __future__ import annotations

import numpy as np
import pytest

from ledger.image.canonical_image import Pixels
from ledger.lab.train.studio.captions import Subjects, caption, colour_of, subjects_of, title_of

CAR = Subjects(title="old car wheel", words=("wheel", "car"))


@pytest.mark.parametrize(
    ("collection", "key", "title"),
    [
        ("openmoji", "1F697.svg", "automobile"),
        ("openmoji", "1F468-200D-1F33E.svg", "man ear rice"),
        ("openmoji", "E0A8.svg", ""),
        ("openmoji", "no-code.svg", ""),
        ("iconify-noto", "red-apple", "apple"),
        ("iconify-twemoji", "people/fire-engine.svg", "fire engine"),
    ],
)
def test_a_file_name_becomes_a_title(collection: str, key: str, title: str) -> None:
    assert title_of(collection, key) == title


def _drawing(*stripes: tuple[int, int, int]) -> Pixels:
    pixels = np.full((60, 60, 3), 255, np.uint8)
    for number, stripe in enumerate(stripes):
        pixels[10:50, 10 + number * 10 : 20 + number * 10] = stripe
    return pixels


@pytest.mark.parametrize(
    ("stripes", "colour"),
    [
        (((220, 20, 20),), "red"),
        (((20, 60, 220),), "blue"),
        (((30, 160, 40),), "green"),
        (((250, 220, 20), (250, 220, 20), (20, 20, 20)), "yellow"),
        (((110, 60, 20),), "brown"),
        (((10, 10, 10),), "black"),
        (((220, 20, 20), (20, 60, 220), (30, 160, 40)), None),
        ((), None),
    ],
)
def test_the_colour_that_most_of_a_drawing_has(stripes: tuple[tuple[int, int, int], ...], colour: str | None) -> None:
    assert colour_of(_drawing(*stripes)) == colour


def test_subjects_are_words_that_several_pictures_share() -> None:
    described = [("Old Car 01", ("transport", "red"))] * 4 + [("zebra", ())]
    subjects = subjects_of(described)
    assert subjects[0].words == ("car",)
    assert subjects[0].title == "car"
    assert subjects[4] == Subjects(title="zebra", words=())


def test_captions_speak_of_subject_and_colour_alone() -> None:
    made = {caption(CAR, "red", np.random.default_rng(seed)) for seed in range(300)}
    assert {"car", "a car", "red car", "a red car", "wheel", "old car wheel", "red old car wheel"} <= made
    words = {word for each in made for word in each.replace(",", "").split()}
    assert words == {"a", "red", "car", "wheel", "old"}


def test_a_picture_without_words_has_its_colour_at_most() -> None:
    nameless = Subjects(title="", words=())
    assert {caption(nameless, "red", np.random.default_rng(seed)).strip() for seed in range(40)} == {"", "red"}
