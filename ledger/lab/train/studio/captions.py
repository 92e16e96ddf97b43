"""Captions of pictures, made from titles, keywords, file names and the colours in the picture.

Nobody captioned these works; titles and keywords are all that their artists wrote.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import PurePosixPath

import cv2
import numpy as np

from ledger.image.canonical_image import Pixels

MOST_WORDS = 12
_FREQUENT = 4
"""A word that at least this many pictures share is a subject that can be asked for alone."""
_NOISE = frozenset(resources.files(__package__).joinpath("noise-words.txt").read_text().split())
"""Words that name no subject, and colour names (colours are read from the picture instead)."""
_WORD = re.compile("[a-z]{2,}")
_SYNONYMS = dict(
    line.split() for line in resources.files(__package__).joinpath("synonyms.txt").read_text().splitlines()
)
"""Maps a word to a plainer word that is also learnt for it."""
_HUES = (
    (16, "red"),
    (42, "orange"),
    (68, "yellow"),
    (165, "green"),
    (255, "blue"),
    (292, "purple"),
    (338, "pink"),
    (361, "red"),
)
"""Upper bounds of hue in degrees."""
COLOURS = ("black", "white", "grey", "brown", *dict.fromkeys(name for _, name in _HUES))


@dataclass(frozen=True, slots=True)
class Subjects:
    """What one picture shows, in words."""

    title: str
    words: tuple[str, ...]
    """Subjects that can be asked for alone, most specific first."""


def title_of(collection: str, key: str) -> str:
    """Title from a package's file name: the Unicode name of an emoji, the name of an icon."""
    stem = PurePosixPath(key).stem
    if collection == "openmoji":
        return _unicode_names(stem)
    return " ".join(_words(stem))


def colour_of(pixels: Pixels) -> str | None:
    """The colour of most of the picture without its white ground; None if no colour covers most of it.

    pixels: shape (height, width, 3), RGB.
    """
    flat = pixels.reshape(-1, 3)
    drawn = flat[(flat.astype(np.int16) < 238).any(axis=1)]
    if len(drawn) < len(flat) // 50:
        return None
    hue, saturation, value = cv2.cvtColor(drawn[np.newaxis], cv2.COLOR_RGB2HSV)[0].astype(np.int32).T
    names = np.full(len(drawn), "grey", dtype="<U6")
    names[value < 60] = "black"
    names[(saturation < 40) & (value >= 200)] = "white"
    vivid = (saturation >= 60) & (value >= 60)
    ends = [end for end, _ in _HUES]
    hues = np.array([name for _, name in _HUES])[np.searchsorted(ends, hue * 2, side="right")]
    names[vivid] = hues[vivid]
    names[vivid & np.isin(hues, ["orange", "red"]) & (value < 160) & (hue * 2 > 8)] = "brown"
    kinds, counts = np.unique(names, return_counts=True)
    coloured = [
        (int(count), str(kind))
        for kind, count in zip(kinds, counts, strict=True)
        if kind not in ("grey", "white", "black")
    ]
    total = len(drawn)
    if coloured and max(coloured)[0] > 0.4 * total:
        return max(coloured)[1]
    if counts.max() > 0.75 * total:
        return str(kinds[counts.argmax()])
    return None


def subjects_of(described: Sequence[tuple[str, Sequence[str]]]) -> list[Subjects]:
    """Subjects from each picture's (title, keywords): the words that several pictures share."""
    worded = [
        (_words(title), [word for keyword in keywords for word in _words(keyword)]) for title, keywords in described
    ]
    named = [tuple(dict.fromkeys(_with_plainer((*reversed(title), *others)))) for title, others in worded]
    common = Counter(word for words in named for word in words)
    return [
        Subjects(title=" ".join(title[:MOST_WORDS]), words=tuple(word for word in words if common[word] >= _FREQUENT))
        for (title, _), words in zip(worded, named, strict=True)
    ]


def _with_plainer(words: Iterable[str]) -> Iterator[str]:
    for word in words:
        if word in _SYNONYMS:
            yield _SYNONYMS[word]
        yield word


def caption(subjects: Subjects, colour: str | None, rng: np.random.Generator) -> str:
    """A random prompt that asks for the picture."""
    coloured = _perhaps(colour, rng)
    kind = rng.random()
    if subjects.words and kind < 0.6:
        # The title's last word usually names the subject.
        place = min(int(rng.geometric(0.5)) - 1, len(subjects.words) - 1)
        return _perhaps_with_article(f"{coloured}{subjects.words[place]}", rng)
    if subjects.words and kind < 0.75:
        count = min(len(subjects.words), int(rng.integers(2, 5)))
        return ", ".join(rng.permutation(list(subjects.words))[:count])
    return f"{coloured}{subjects.title}"


def asking_for(word: str, colour: str | None, rng: np.random.Generator) -> str:
    """`car`, `a car`, `red car` or `a red car`."""
    return _perhaps_with_article(f"{_perhaps(colour, rng)}{word}", rng)


def _perhaps(colour: str | None, rng: np.random.Generator) -> str:
    return f"{colour} " if colour is not None and rng.random() < 0.5 else ""


def _perhaps_with_article(asked: str, rng: np.random.Generator) -> str:
    return asked if rng.random() < 0.5 else f"{'an' if asked[0] in 'aeiou' else 'a'} {asked}"


def every_caption(subjects: Iterable[Subjects]) -> list[str]:
    """The text that the tokeniser is trained on; each colour's name becomes one token."""
    return [f"{each.title} {' '.join(each.words)} a an {' '.join(COLOURS)}" for each in subjects]


def _words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return [word for word in _WORD.findall(plain) if word not in _NOISE]


def _unicode_names(stem: str) -> str:
    """`1F697` and sequences such as `1F468-200D-1F33E`; private code points have no name."""
    names = []
    for code in stem.split("-"):
        try:
            names.append(unicodedata.name(chr(int(code, 16)), ""))
        except ValueError:
            return ""
    return " ".join(word for name in names for word in _words(name) if word not in ("zero", "width", "joiner"))
