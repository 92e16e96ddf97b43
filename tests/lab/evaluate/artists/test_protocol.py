"""No round shows a classifier what it is asked about: no subject, no near duplicate, no unknown hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ledger.errors import ConflictError
from ledger.lab.evaluate.artists.protocol import FOLDS, LEAST_WORKS, MOST_BY_UNKNOWN, measurable, rounds
from tests.match.artists.samples import labelled

WORKS = labelled(9, 24, subjects=12) + labelled(30, 2, prefix="other")
WORKS = [replace(work, group=f"variant {place // 2}") if place % 24 < 6 else work for place, work in enumerate(WORKS)]
ROUNDS = list(rounds(WORKS, 2 * FOLDS, 5))


def values(rows: np.ndarray[tuple[int, ...], np.dtype[np.int64]], field: str) -> set[str]:
    return {getattr(WORKS[row], field) for row in rows}


@pytest.mark.parametrize("number", range(2 * FOLDS))
def test_both_sides_share_nothing(number: int) -> None:
    each = ROUNDS[number]
    assert len(each.known) > 10
    assert len(each.unknown) > 3
    for field in ("subject", "group", "key"):
        assert not values(each.fit, field) & values(each.questions, field)
    assert not values(each.fit, "artist") & values(each.unknown, "artist")
    assert values(each.known, "artist") <= values(each.fit, "artist")
    assert any(artist.startswith("artist") for artist in values(each.unknown, "artist"))


def test_four_rounds_ask_about_every_subject_once() -> None:
    for repeat in (ROUNDS[:FOLDS], ROUNDS[FOLDS:]):
        asked = [values(each.questions, "subject") for each in repeat]
        assert sum(map(len, asked)) == len(set.union(*asked)) == 12


def test_few_questions_by_one_unknown_artist() -> None:
    for each in ROUNDS:
        by = [WORKS[row].artist for row in each.unknown]
        assert max(map(by.count, by)) <= MOST_BY_UNKNOWN


def test_rounds_follow_from_the_seed() -> None:
    again = list(rounds(WORKS, 2 * FOLDS, 5))
    assert all((one.fit == two.fit).all() for one, two in zip(ROUNDS, again, strict=True))
    assert any(len(one.fit) != len(two.fit) for one, two in zip(ROUNDS, rounds(WORKS, 8, 6), strict=True))


def test_a_random_split_flatters_by_sharing_subjects() -> None:
    each = next(iter(rounds(WORKS, 1, 5, random_split=True)))
    assert values(each.fit, "subject") & values(each.known, "subject")
    assert not values(each.fit, "key") & values(each.known, "key")
    assert each.name != ROUNDS[0].name


def test_too_few_artists_to_measure() -> None:
    with pytest.raises(ConflictError, match="at least 3") as raised:
        measurable(labelled(2, 30) + labelled(9, LEAST_WORKS - 1, prefix="few"))
    assert raised.value.code == "too-few-measurable"
