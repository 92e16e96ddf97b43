"""Labels: which works teach which class; and what is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ledger.errors import ConflictError, InputError
from ledger.lab.train.artist.labels import (
    LEAST_WORKS,
    MOST_BY_OTHERS,
    MOST_OF_GROUP,
    LabelledWork,
    encode_labels,
    joined_names,
    require_consistent,
    spread,
)
from tests.match.artists.samples import labelled


def test_names_that_differ_only_in_writing_are_one() -> None:
    names = ["Gerald G.", "Gerald G.", "gerald_g", "GERALD  G", "G., Gerald", "Zoé", "zoe", "Zoé", "Gerald H."]
    joined = joined_names(names)
    assert {joined[name] for name in names[:5]} == {"Gerald G."}
    assert joined["zoe"] == "Zoé"
    assert joined["Gerald H."] == "Gerald H."


def test_names_without_letters_stay_apart() -> None:
    assert joined_names(["***", "+++"]) == {"***": "***", "+++": "+++"}


def test_artists_with_few_works_are_the_class_of_none() -> None:
    works = labelled(2, 10) + labelled(3, LEAST_WORKS - 1, prefix="other") + labelled(1, 1, prefix="single")
    made = encode_labels(works, seed=0)
    assert made.classes == ("artist 0", "artist 1")
    assert made.labels.count(made.none) == 3 * MOST_BY_OTHERS + 1
    assert all(works[row].artist == made.classes[label] for row, label in zip(made.rows, made.labels, strict=True)
               if label < made.none)  # fmt: skip


def test_an_artist_of_one_subject_is_no_class() -> None:
    works = labelled(2, 10) + labelled(1, 10, subjects=1, prefix="series")
    assert encode_labels(works, seed=0).classes == ("artist 0", "artist 1")


@pytest.mark.parametrize("name", ["Unknown", "anonymous", "Unknown Artist", "n/a"])
def test_unknown_artists_are_neither_a_class_nor_none(name: str) -> None:
    works = labelled(2, 10) + [replace(work, artist=name) for work in labelled(1, 30, prefix="x")]
    made = encode_labels(works, seed=0)
    assert made.classes == ("artist 0", "artist 1")
    assert made.none not in made.labels
    assert made.left_out == {"artist unknown": 30}


@pytest.mark.parametrize("works", [labelled(1, 40), labelled(40, 1), []])
def test_fewer_than_two_artists_are_refused(works: list[LabelledWork]) -> None:
    with pytest.raises(InputError, match="at least two artists") as raised:
        encode_labels(works, seed=0)
    assert raised.value.code == "too-few-artists"


def test_near_duplicates_count_a_few_times_and_those_of_two_artists_not_at_all() -> None:
    works = labelled(2, 20)
    works = [replace(work, group="one") if place < 10 else work for place, work in enumerate(works)]
    made = encode_labels(works, seed=0)
    assert sum(row < 10 for row in made.rows) == MOST_OF_GROUP
    works[25] = replace(works[25], group="one")
    made = encode_labels(works, seed=0)
    assert not any(row < 10 or row == 25 for row in made.rows)
    assert made.left_out == {"nearly the same as one of another artist": 11}


def test_a_cap_takes_every_subject_first() -> None:
    works = [*labelled(1, 50, subjects=1), *labelled(1, 12, subjects=6)]
    works = [replace(work, key=str(place)) for place, work in enumerate(works)]
    rows = spread(works, range(62), 6, seed=1)
    assert len({works[row].subject for row in rows}) == 6
    assert spread(works, range(62), 6, seed=1) == rows
    assert spread(works, range(62), 6, seed=2) != rows
    assert len(encode_labels(labelled(2, 50), seed=0, most=20).rows) == 40


def test_one_picture_of_two_artists_is_contradictory() -> None:
    require_consistent([("a" * 64, "Ada"), ("a" * 64, "Ada"), ("b" * 64, "Ben")])
    with pytest.raises(ConflictError, match="'Ada' and 'Ben'") as raised:
        require_consistent([("a" * 64, "Ada"), ("a" * 64, "Ben")])
    assert raised.value.code == "contradictory-labels"
