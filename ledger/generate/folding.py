"""Normalises letters, so that a name is found with accents, look-alikes or hidden marks.

`fold` keeps every script. `skeleton` also replaces letters of other scripts and decorated Latin letters by the plain
Latin letter that they look like: small capitals, letters in circles and squares, Cyrillic, Greek, Armenian and Cherokee
look-alikes, a capital I within a word as l. It is a small subset of the skeletons of Unicode's UTS 39.
Digits and pairs of letters that replace a letter (0 for o, rn for m) stay unchanged.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache

from ledger.text import clean_text

_SCRIPTS: Mapping[str, tuple[str, str]] = {
    "Cyrillic": (
        "АаВвЕеКкМмНнОоПпРрСсТтУуХхЅѕІіЈјҺһԀԁԌԍԚԛԜԝҮүҰұӀӏӨөЬьг",
        "AaBbEeKkMmHhOoNnPpCcTtYyXxSsIiJjHhDdGgQqWwYyYyIlOoBbr",
    ),
    "Greek": ("ΑαΒβΕεΖΗηΙιΚκΜΝνΟοΡρΤτΥυΧχγωΛλςσπϲϳ", "AaBbEeZHnIiKkMNvOoPpTtYuXxywAasoncj"),
    "Armenian": ("ՍսՏտՈոՕօհցզգքԼ", "UuSsNnOohgqqpL"),
    "Cherokee": ("ᎪᏴᏟᎠᎬᎻᎫᏦᏞᎷᏢᎡᏚᎢᏙᏔᎩᏃ", "AbCDEHJKLMPRSTVWYZ"),
    "phonetic Latin": ("ɑɩ", "ai"),
}
_LOOK_ALIKES = str.maketrans({char: like for pair in _SCRIPTS.values() for char, like in zip(*pair, strict=True)})
_LATIN = re.compile(
    r"(?:.*LATIN|REGIONAL INDICATOR SYMBOL)(?: SMALL| CAPITAL| SUBSCRIPT| MODIFIER)*(?: LETTER)(?: SMALL CAPITAL)?"
    r" (SCRIPT |DOTLESS |TURNED |REVERSED |INSULAR |OPEN )?([A-Z])(?: WITH .*)?"
)
"""Unicode names of variants of Latin letters: SMALL LETTER O WITH STROKE is an o."""
_LETTER_I = re.compile("(?<=[^\\W\\d_A-Z])I")
_HIDDEN = ("Mn", "Me", "Cf")


def fold(text: str) -> str:
    """The text in NFKC, without accents, joiners and other marks, case-folded."""
    return _composed(_bare(text)).casefold()


def skeleton(text: str) -> str:
    """Like `fold`, with letters replaced by the plain Latin letters that they look like."""
    plain = "".join(map(_plain_letter, _bare(text))).translate(_LOOK_ALIKES)
    return _composed(_LETTER_I.sub("l", plain)).casefold()


def _bare(text: str) -> str:
    visible = clean_text(text, max(1, len(text)))
    decomposed = unicodedata.normalize("NFKD", visible.replace("’", "'"))
    return "".join(char for char in decomposed if unicodedata.category(char) not in _HIDDEN)


def _composed(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


@lru_cache(maxsize=4096)
def _plain_letter(char: str) -> str:
    if char.isascii():
        return char
    found = _LATIN.fullmatch(unicodedata.name(char, ""))
    return char if found is None else found[2] if char.isupper() else found[2].lower()
