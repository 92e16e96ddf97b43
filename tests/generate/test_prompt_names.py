"""Names in prompts: found however they are written, and never where a prompt means the words."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.corpus.work import Artist
from ledger.generate.folding import fold
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
        ("a cat, VincentVanGogh", "Vincent van Gogh"),
        ("vincentvangogh cat", "Vincent van Gogh"),
        ("#vangogh cat", "Vincent van Gogh"),
        ("a vangogh cat", "Vincent van Gogh"),
        ("van_gogh cat", "Vincent van Gogh"),
        ("a van-gogh cat", "Vincent van Gogh"),
        ("a cat by van gogh", "Vincent van Gogh"),
        ("Gogh, Vincent van: a cat", "Vincent van Gogh"),
        ("van Gogh, Vincent: a cat", "Vincent van Gogh"),
        ("gogh vincent cat", "Vincent van Gogh"),
        ("gogh_vincent cat", "Vincent van Gogh"),
        ("v.i.n.c.e.n.t v a n g-o-g-h", "Vincent van Gogh"),
        ("Vіnсеnt vаn Gоgh", "Vincent van Gogh"),  # Cyrillic і, с, е, а, о
        ("Vincent van Gοgh", "Vincent van Gogh"),  # Greek omicron
        ("V\u0336i\u0336n\u0336cent van Gogh", "Vincent van Gogh"),
        ("Vin\u00adcent v\u200dan Go\u2060gh", "Vincent van Gogh"),
        ("𝓥𝓲𝓷𝓬𝓮𝓷𝓽 𝖛𝖆𝖓 Ⓖⓞⓖⓗ", "Vincent van Gogh"),
        ("🅥🅘🅝🅒🅔🅝🅣 ᴠᴀɴ ɢᴏɢʜ", "Vincent van Gogh"),
        ("MicheIangeIo Buonarroti", "Michelangelo Buonarroti"),
        ("a boat by Jørn Łukasz", "Jorn Lukasz"),
        ("in the stylе of gogh", "Vincent van Gogh"),  # the Cyrillic letter stands in `style`
        ("Марк Шагал", "Марк Шагал"),
        ("ШАГАЛ, МАРК", "Марк Шагал"),
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
        assert names(f"a car {first}{last}", f"{first} {last}"), "joined"
        assert names(f"a car, {last} {first}", f"{first} {last}"), "inverted"
    assert not names(f"a car {first}{last}ish", f"{first} {last}")
    assert not names(f"a car pre{first}{last}", f"{first} {last}")


ARTISTS = [
    "Vincent van Gogh", "Claude Monet", "Edouard Manet", "Frida Kahlo", "Georgia O’Keeffe", "Salvador Dalí",
    "Hieronymus Bosch", "Paul Klee", "Joan Miró", "Edgar Degas", "Francisco Goya", "Katsushika Hokusai",
    "Artemisia Gentileschi", "Greg Rutkowski", "Wassily Kandinsky", "Jan van Eyck", "Rembrandt van Rijn",
    "Leonardo da Vinci", "Benji Park", "Ann Green", "Mary Cassatt", "Gustav Klimt", "Egon Schiele", "Henri Rousseau",
    "Max Ernst", "Franz Marc", "Emily Carr", "Alphonse Mucha", "Winslow Homer", "Grant Wood", "Robin Black",
]  # fmt: skip
ORDINARY = [
    "a chart of monetary policy, flat design", "a permanently closed shop in the rain", "clean lines, by the sea",
    "a van parked by a green house", "robin in the black forest", "the wood was granted to the homeowner",
    "a leonine statue, vinca flowers, da capo", "a boat on a lake at dawn, oil on canvas", "black robins on wood",
    "a maximum of earnest faces", "in the park, benji the dog plays", "mirrored towers in a miracle of light",
    "degassed water, klee-like? no: clean", "an eye-level view of a van, ray tracing", "frantic market, march light",
    "a goat yawning in a meadow", "a carrot, emily's kitchen", "a home run, winning slow motion", "kahlua in a glass",
    "a portrait of an old man with a beard, dramatic light", "isometric city, low poly, pastel colours",
    "an astronaut riding a horse, photorealistic", "a bosky hill, hiero of old, a mouse", "gustatory delight",
    "Ein Haus am See, im Stil der alten Zeit", "una casa de campo, estilo de época", "кот на окне, утро",
]  # fmt: skip


@pytest.mark.parametrize("prompt", ORDINARY)
def test_ordinary_prompts_name_nobody(prompt: str) -> None:
    assert named_artists(prompt, [Artist(name, name) for name in ARTISTS]) == ()


OF_ORDINARY_WORDS = ("Benji Park", "Ann Green", "Robin Black", "Grant Wood")
ALIKE = {"a": "аαᴀ𝒂ａâ", "c": "сᴄ𝐜", "e": "еεé𝓮", "g": "ɢ𝑔ⓖ", "h": "һⓗ", "i": "іιí", "j": "ј", "k": "кκ", "m": "м",
         "n": "ոηñ", "o": "оοօø", "p": "рρ", "s": "ѕ", "t": "тτ", "u": "υ", "v": "ν", "x": "х", "y": "у"}  # fmt: skip
HIDDEN = ["", "", "\u200b", "\u00ad", "\u0301", "\u2060", "\ufe0f"]
LAYOUTS: list[Callable[[list[str]], str]] = [
    " ".join,
    "".join,
    "-".join,
    "_".join,
    lambda words: "#" + "".join(words),
    lambda words: f"{words[-1]}, {' '.join(words[:-1])}",
    lambda words: " ".join([words[-1], *words[:-1]]),
    lambda words: " ".join(" ".join(word) for word in words),
    lambda words: "".join(word.title() for word in words),
]


@given(
    name=st.sampled_from([name for name in ARTISTS if name not in OF_ORDINARY_WORDS]),
    layout=st.sampled_from(LAYOUTS),
    prompt=st.sampled_from(ORDINARY),
    data=st.data(),
)
def test_any_mixture_of_disguises_is_seen_through(
    name: str, layout: Callable[[list[str]], str], prompt: str, data: st.DataObject
) -> None:
    plain = [word for word in fold(name).replace("'", "").split() if word]
    written = layout(plain)
    letters = [
        data.draw(st.sampled_from([letter, letter, *ALIKE.get(letter, "")])) + data.draw(st.sampled_from(HIDDEN))
        for letter in written
    ]
    disguised = "".join(letters)
    assert names(f"{prompt}, {disguised}", name)
    assert names(f"{disguised} {prompt}", name)
