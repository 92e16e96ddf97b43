"""Names in prompts: found however they are written, and never where a prompt means the words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.corpus.types import Artist
from ledger.generate.prompt_names import named_artists


def names(prompt: str, name: str) -> bool:
    return bool(named_artists(prompt, [Artist("id", name)]))


@pytest.mark.parametrize(
    ("prompt", "name"),
    [
        ("a field, vincent van gogh", "Vincent van Gogh"),
        ("VINCENT VAN GOGH's sunflowers", "Vincent van Gogh"),
        ("Vincent van Gogh’s sunflowers", "Vincent van Gogh"),
        ("vincent-van-gogh", "Vincent van Gogh"),
        ("Vincent_van_Gogh", "vincent-van-gogh"),
        ("ｖｉｎｃｅｎｔ ｖａｎ ｇｏｇｈ", "Vincent van Gogh"),
        ("Vin\u200bcent van\u00a0Gogh", "Vincent van Gogh"),
        ("stars, Vincent van Gogh", "Gogh, Vincent van"),
        ("a cat by Jose Alvarez", "José Álvarez"),
        ("a cat by José Álvarez", "Jose Alvarez"),
        ("a tree in the style of van gogh", "Vincent van Gogh"),
        ("a tree in the style of gogh", "Vincent van Gogh"),
        ("a van Gogh-style tree", "Vincent van Gogh"),
        ("goghesque? no: gogh-esque", "Vincent van Gogh"),
        ("baum im stil von Gogh", "Vincent van Gogh"),
        ("a car by rejon", "rejon"),
        ("rejon style car", "rejon"),
        ("a sign by red hat", "Red Hat"),
        ("北斎風の波", "北斎"),
        ("a boat by Al Coppersmith", "Al Coppersmith (alcop)"),
        ("flowers by O'Keeffe", "O’Keeffe"),
    ],
)
def test_names_are_found(prompt: str, name: str) -> None:
    assert names(prompt, name)


@pytest.mark.parametrize(
    ("prompt", "name"),
    [
        ("a red hat on a table", "Red Hat"),
        ("a castle by night", "Night"),
        ("in the style of night", "Night"),
        ("a star", "Star"),
        ("a rejon", "rejon"),
        ("benji plays in the park", "Benji Park"),
        ("van gogh", "Vincent van Gogh"),
        ("vincent van goghs", "Vincent van Gogh"),
        ("gogh van vincent", "Vincent van Gogh"),
        ("a house by the park", "Benji Park"),
        ("a house in the style of green", "Ann Green"),
        ("by ab", "ab"),
        ("a house by 7", "7"),
        ("an unknown man", "unknown"),
        ("art by unknown", "unknown"),
        ("a red car", ""),
        ("a red car", "(...)"),
        ("", "Vincent van Gogh"),
    ],
)
def test_words_are_not_names(prompt: str, name: str) -> None:
    assert not names(prompt, name)


def test_all_who_are_named_are_returned_in_order() -> None:
    artists = [Artist(name, name) for name in ("Ann Beispiel", "Bob Muster", "Carl Nemo")]
    found = named_artists("Carl Nemo and Ann Beispiel", artists)
    assert [artist.name for artist in found] == ["Ann Beispiel", "Carl Nemo"]


@given(st.text(max_size=40), st.text(max_size=60), st.text(max_size=20))
def test_any_text_is_taken(name: str, before: str, after: str) -> None:
    named_artists(f"{before} {name} {after}", [Artist("id", name)])


@given(st.from_regex("[a-z]{4,9}x", fullmatch=True), st.from_regex("[a-z]{4,9}q", fullmatch=True))
def test_a_distinctive_name_is_found_anywhere_and_in_any_case(first: str, last: str) -> None:
    for prompt in (f"a car {first} {last}", f"{first.upper()}, {last.title()}: a car"):
        assert names(prompt, f"{first.title()} {last.title()}")
    assert not names(f"a car {first}{last}", f"{first} {last}")
