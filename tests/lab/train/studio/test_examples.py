"""How often each picture is learnt from, and what is told of it."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from ledger.lab.train.studio.captions import Subjects
from ledger.lab.train.studio.examples import StudioExample, StudioExamples, common_subjects

DRAWS = 4000


def _subjects(*pictures: str) -> list[Subjects]:
    return [Subjects(title=words, words=tuple(words.split())) for words in pictures]


def _drawn(*pictures: str) -> Counter[StudioExample]:
    examples = StudioExamples(_subjects(*pictures))
    rng = np.random.default_rng(0)
    return Counter(examples.draw(rng) for _ in range(DRAWS))


def test_subjects_that_people_ask_for_are_learnt_alike() -> None:
    drawn = _drawn("car", "star", "star", "star", "gadget", "")
    cars, stars = drawn[StudioExample(0, "car")], sum(drawn[StudioExample(index, "star")] for index in (1, 2, 3))
    assert cars == pytest.approx(stars, rel=0.1)
    assert (cars + stars) / DRAWS == pytest.approx(0.9, abs=0.02)
    assert 0 < drawn[StudioExample(5, None)] < drawn[StudioExample(4, None)] < drawn[StudioExample(1, "star")]


def test_a_picture_counts_less_for_what_stands_late_in_its_words() -> None:
    drawn = _drawn("car", "road tree car")
    assert drawn[StudioExample(0, "car")] / drawn[StudioExample(1, "car")] == pytest.approx(4, rel=0.2)
    assert drawn[StudioExample(1, "tree")] == pytest.approx(
        drawn[StudioExample(0, "car")] + drawn[StudioExample(1, "car")], rel=0.1
    )


def test_without_such_subjects_the_rest_is_everything() -> None:
    assert common_subjects(_subjects("gadget")) == []
    drawn = _drawn("gadget", "widget")
    assert drawn[StudioExample(0, None)] == pytest.approx(DRAWS / 2, rel=0.1)


def test_what_was_asked_for_is_what_is_told() -> None:
    examples = StudioExamples(_subjects("road tree car"))
    rng = np.random.default_rng(0)
    told = Counter(examples.told(StudioExample(0, "car"), "red", rng) for _ in range(DRAWS))
    assert sum(told[f"{article}{colour}car"] for article in ("", "a ") for colour in ("", "red ")) > 0.7 * DRAWS
    assert told[""] / DRAWS == pytest.approx(0.1, abs=0.02)
    assert any("road" in prompt for prompt in told), "what else is known of it is told too"
