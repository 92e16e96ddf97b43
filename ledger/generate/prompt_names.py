"""Finds names of registered artists in a prompt, without taking ordinary words for names.

Prompt and names are compared twice: in their own letters, and in the plain Latin letters that those look like
(folding.py). Each is split into words (`'s` removed). Only whole words count:

1. A name of several words, not all ordinary, counts anywhere. If it has seven letters or more, it also counts written
   as one word or in pieces ("VincentVanGogh", "v-a-n g.o.g.h").
2. The same holds with the family name first or without particles ("Gogh, Vincent van", "gogh vincent"), if none of its
   words is ordinary.
3. A name of one word, or only of ordinary words ("Red Hat"), counts only in the place of a name: after `by`, `artist`,
   `style of`, `manner of` (and the like in a few languages), or before `style` or `esque`. A single ordinary word, or
   one of fewer than three letters, never counts: "by night" names nobody.
4. The last words of a name ("van Gogh", "Gogh") count in the context of style: after `style of` or `manner of`, and
   before `style` or `esque`, but not if they are ordinary or shorter than four letters. Several last words, none of
   them ordinary, count in any place of a name, and anywhere if written without a space ("#vangogh", "van_gogh").
5. A name of at least two characters in a script without spaces (Chinese, Japanese, Thai) counts anywhere.

Ordinary words are those of `data/ordinary-words.toml`, numbers and single letters. Nicknames, misspellings, digits
instead of letters and other spellings of a name are not recognised.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from itertools import accumulate
from typing import Self

from ledger.corpus.work import UNKNOWN_ARTIST, Artist
from ledger.generate.folding import fold, skeleton

Words = tuple[str, ...]
Fold = Callable[[str], str]

READINGS: tuple[Fold, ...] = (fold, skeleton)

_STYLE_BEFORE: tuple[Words, ...] = (
    ("style", "of"), ("manner", "of"), ("style", "de"), ("maniere", "de"), ("estilo", "de"), ("stile", "di"),
    ("stil", "von"),
)  # fmt: skip
_NAME_BEFORE: tuple[Words, ...] = (("by",), ("artist",), *_STYLE_BEFORE)
_STYLE_AFTER = frozenset({"style", "styled", "esque"})
_PARTICLES = frozenset(
    "al bin da das de del della den der des di dos du el ibn la le ten ter van von vom zu zum zur".split()  # noqa: SIM905
)
_LEAST_JOINED, _LEAST_TAG = 7, 6
"""Least letters of a whole name, and of its last words, to count when written as one word."""
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_NO_SPACES = re.compile("[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]")
"""Thai, kana and Chinese characters: scripts without spaces between words."""


@dataclass(frozen=True, slots=True)
class _Prompt:
    """A prompt in one form of letters."""

    words: Words
    present: frozenset[str]
    run: str
    """The words without spaces."""
    edges: frozenset[int]
    """Positions in the run at which words begin and end."""
    chunks: frozenset[str]
    """Parts between spaces, with their words joined."""

    @classmethod
    def read(cls, text: str, write: Fold) -> Self:
        folded = write(text)
        words = _words(folded)
        return cls(
            words,
            frozenset(words),
            "".join(words),
            frozenset(accumulate(map(len, words), initial=0)),
            frozenset("".join(_words(chunk)) for chunk in folded.split()),
        )

    def has_in_pieces(self, joined: str) -> bool:
        """Whether consecutive whole words, joined, give this text."""
        at = self.run.find(joined)
        while at >= 0:
            if at in self.edges and at + len(joined) in self.edges:
                return True
            at = self.run.find(joined, at + 1)
        return False


def named_artists(prompt: str, artists: Sequence[Artist]) -> tuple[Artist, ...]:
    """Those of `artists` that the prompt names by the module's rule, in order. Artists without a name (erased, or
    unknown) are never named."""
    readings = [(_Prompt.read(prompt, write), write) for write in READINGS]
    return tuple(artist for artist in artists if any(_is_named(artist.name, read, write) for read, write in readings))


def _is_named(name: str, prompt: _Prompt, write: Fold) -> bool:
    if any(prompt.has_in_pieces(joined) for joined in _whole(name, write)):
        return True
    for form in _forms(name, write):
        if _NO_SPACES.search(form[0]):
            if len("".join(form)) >= 2 and "".join(form) in prompt.run:
                return True
        # Most names share no word with the prompt and are skipped here.
        elif form[-1] in prompt.present and any(
            _counts(form, prompt.words, end) for end in _ends(form[-1], prompt.words)
        ):
            return True
    return not prompt.chunks.isdisjoint(_tags(name, write))


def _ends(last: str, words: Words) -> Iterator[int]:
    return (place + 1 for place, word in enumerate(words) if word == last)


def _counts(form: Words, words: Words, end: int) -> bool:
    """Whether the name, or its last words, end before `words[end]` and count there."""
    start = end
    while end - start < len(form) and start and words[start - 1] == form[len(form) - (end - start) - 1]:
        start -= 1
    styled = end < len(words) and words[end] in _STYLE_AFTER
    if end - start == len(form):
        if _distinctive(form):
            return True
        nameable = len(form) > 1 or (len(form[0]) >= 3 and not _ordinary(form[0]))
        if nameable and (styled or _follows(_NAME_BEFORE, words, start)):
            return True
    if any(_follows(_NAME_BEFORE, words, at) and _all_distinctive(words[at:end]) for at in range(start, end - 1)):
        return True
    # In the context of style: any number of the name's last words, down to one.
    family = len(form[-1]) >= 4 and not _ordinary(form[-1])
    return family and (styled or any(_follows(_STYLE_BEFORE, words, at) for at in range(start, end)))


def _distinctive(form: Words) -> bool:
    return len(form) > 1 and not all(map(_ordinary, form))


def _follows(phrases: tuple[Words, ...], words: Words, start: int) -> bool:
    return any(words[max(0, start - len(phrase)) : start] == phrase for phrase in phrases)


@lru_cache(maxsize=65_536)
def _forms(name: str, write: Fold) -> tuple[Words, ...]:
    """Forms of a registered name, without text in brackets and with the family name last."""
    plain = re.split(r"[(<\[]", write(name))[0]
    if plain.strip() in ("", UNKNOWN_ARTIST):
        return ()
    last, comma, first = plain.partition(",")
    forms = {_words(plain), _words(f"{first} {last}") if comma else ()}
    return tuple(sorted(form for form in forms if form))


@lru_cache(maxsize=65_536)
def _whole(name: str, write: Fold) -> frozenset[str]:
    """The whole name as one word, in every order that counts."""
    orders: set[Words] = set()
    for form in _forms(name, write):
        if _distinctive(form):
            orders.add(form)
        core = tuple(word for word in form if word not in _PARTICLES)
        if len(core) > 1 and _all_distinctive(core):
            orders |= {form[at:] + form[:at] for at in range(1, len(form))}
            orders |= {core, (core[-1], *core[:-1])}
    return frozenset(joined for joined in map("".join, orders) if len(joined) >= _LEAST_JOINED)


@lru_cache(maxsize=65_536)
def _tags(name: str, write: Fold) -> frozenset[str]:
    """Several last words of a name as one word."""
    tails = (form[at:] for form in _forms(name, write) for at in range(1, len(form) - 1))
    joined = ("".join(tail) for tail in tails if _all_distinctive(tail))
    return frozenset(each for each in joined if len(each) >= _LEAST_TAG)


def _all_distinctive(words: Words) -> bool:
    """Whether there are several words, none of them ordinary, and not only particles."""
    telling = [word for word in words if word not in _PARTICLES]
    return len(words) > 1 and bool(telling) and all(len(word) >= 3 and not _ordinary(word) for word in telling)


def _words(folded: str) -> Words:
    found = (match.group().removesuffix("'s").replace("'", "") for match in _WORD.finditer(folded))
    return tuple(word for word in found if word)


def _ordinary(word: str) -> bool:
    return len(word) < 2 or word.isdecimal() or word in _ordinary_words()


@lru_cache(maxsize=1)
def _ordinary_words() -> frozenset[str]:
    data = files("ledger.generate").joinpath("data", "ordinary-words.toml").read_text(encoding="utf-8")
    return frozenset(tomllib.loads(data)["words"].split())
