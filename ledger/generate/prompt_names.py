"""Names of registered artists in a prompt: which words count as a name, so that ordinary ones do not.

The rule. Prompt and names are brought to one form (NFKC, without accents, case folded, `'s` removed) and cut into
words. Then, always whole words in the name's order ("Gogh, Vincent van" is also read as "Vincent van Gogh"):

1. A name of several words, not all ordinary, counts wherever it stands.
2. A name of one word, or of ordinary words alone ("Red Hat"), counts only in a name's place: after `by`, `artist`,
   `style of`, `manner of` (and the like in a few languages), or before `style` or `esque`. A single ordinary word, or
   one of fewer than three letters, never counts: "by night" names nobody.
3. The last words of a name ("van Gogh", "Gogh") count where a style is spoken of: after `style of` or `manner of`, and
   before `style` or `esque`; not when they are ordinary or shorter than four letters.
4. A name in a script without spaces (Chinese, Japanese, Thai) of at least two characters counts anywhere.

Ordinary words are those of `data/ordinary-words.toml`, numbers and single letters. Nicknames, misspellings and other
spellings of a name are not recognised.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from importlib.resources import files

from ledger.corpus.types import UNKNOWN_ARTIST, Artist
from ledger.text import clean_text

Words = tuple[str, ...]

_STYLE_BEFORE: tuple[Words, ...] = (
    ("style", "of"), ("manner", "of"), ("style", "de"), ("maniere", "de"), ("estilo", "de"), ("stile", "di"),
    ("stil", "von"),
)  # fmt: skip
_NAME_BEFORE: tuple[Words, ...] = (("by",), ("artist",), *_STYLE_BEFORE)
_STYLE_AFTER = frozenset({"style", "styled", "esque"})
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_NO_SPACES = re.compile("[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]")
"""Thai, kana and Chinese characters: scripts that put no spaces between words."""


def named_artists(prompt: str, artists: Sequence[Artist]) -> tuple[Artist, ...]:
    """Those of `artists` whom the prompt names, by the module's rule, in their order. Artists without a name (erased,
    or unknown) are never named."""
    words = _words(_fold(prompt))
    present = frozenset(words)
    return tuple(artist for artist in artists if _is_named(artist.name, words, present))


def _is_named(name: str, words: Words, present: frozenset[str]) -> bool:
    for form in _forms(name):
        if _NO_SPACES.search(form[0]):
            if len("".join(form)) >= 2 and "".join(form) in "".join(words):
                return True
        # Most names have no word in the prompt: they are done with here.
        elif form[-1] in present and any(_counts(form, words, end) for end in _ends(form[-1], words)):
            return True
    return False


def _ends(last: str, words: Words) -> Iterator[int]:
    return (place + 1 for place, word in enumerate(words) if word == last)


def _counts(form: Words, words: Words, end: int) -> bool:
    """Whether the name, or its last words, count where they end before `words[end]`."""
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
    # Any number of the name's last words, down to one, where a style is spoken of.
    family = len(form[-1]) >= 4 and not _ordinary(form[-1])
    return family and (styled or any(_follows(_STYLE_BEFORE, words, at) for at in range(start, end)))


def _distinctive(form: Words) -> bool:
    return len(form) > 1 and not all(map(_ordinary, form))


def _follows(phrases: tuple[Words, ...], words: Words, start: int) -> bool:
    return any(words[max(0, start - len(phrase)) : start] == phrase for phrase in phrases)


@lru_cache(maxsize=65_536)
def _forms(name: str) -> tuple[Words, ...]:
    """The ways in which a registered name is written: without what stands in brackets, with the family name last."""
    plain = re.split(r"[(<\[]", _fold(name))[0]
    if plain.strip() in ("", UNKNOWN_ARTIST):
        return ()
    last, comma, first = plain.partition(",")
    forms = {_words(plain), _words(f"{first} {last}") if comma else ()}
    return tuple(sorted(form for form in forms if form))


def _fold(text: str) -> str:
    visible = clean_text(text, max(1, len(text)))
    decomposed = unicodedata.normalize("NFKD", visible.replace("’", "'"))
    bare = "".join(char for char in decomposed if unicodedata.category(char) != "Mn")
    return unicodedata.normalize("NFKC", bare).casefold()


def _words(folded: str) -> Words:
    found = (match.group().removesuffix("'s").replace("'", "") for match in _WORD.finditer(folded))
    return tuple(word for word in found if word)


def _ordinary(word: str) -> bool:
    return len(word) < 2 or word.isdecimal() or word in _ordinary_words()


@lru_cache(maxsize=1)
def _ordinary_words() -> frozenset[str]:
    data = files("ledger.generate").joinpath("data", "ordinary-words.toml").read_text(encoding="utf-8")
    return frozenset(tomllib.loads(data)["words"].split())
