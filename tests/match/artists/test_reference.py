from __future__ import annotations

import numpy as np

from ledger.match.artists.reference import LEAST_NAMED, MOST_NAMED, artist_reference

ARTISTS = ("ada", "ben", "cleo")


def test_the_likeliest_come_first_and_the_unlikely_are_not_named() -> None:
    said = artist_reference(ARTISTS, np.array([0.3, 0.04, 0.5, 0.16]), "d" * 64)
    assert [each.artist_id for each in said.artists] == ["cleo", "ada"]
    assert [each.probability for each in said.artists] == [0.5, 0.3]
    assert said.none == 0.16
    assert said.model == "d" * 64


def test_an_unknown_hand_has_no_name() -> None:
    said = artist_reference(ARTISTS, np.array([0.02, 0.04, 0.01, 0.93]), "")
    assert not said.artists
    assert said.none == 0.93


def test_who_withdrew_is_not_named_and_makes_nobody_likelier() -> None:
    said = artist_reference(ARTISTS, np.array([0.3, 0.1, 0.5, 0.1]), "", omitted={"cleo"})
    assert [(each.artist_id, each.probability) for each in said.artists] == [("ada", 0.3), ("ben", 0.1)]
    assert said.none == 0.6


def test_at_most_a_few_are_named() -> None:
    many = tuple(f"artist {number}" for number in range(12))
    said = artist_reference(many, np.full(13, 1 / 13), "")
    assert LEAST_NAMED < 1 / 13
    assert len(said.artists) == MOST_NAMED
    assert said.artists[0].artist_id == "artist 0"
