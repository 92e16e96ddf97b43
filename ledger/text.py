"""Cleans untrusted text, such as names and titles, so that it can be shown, compared and stored."""

from __future__ import annotations

import re
import unicodedata

DEFAULT_LIMIT = 300
MAX_MARKS = 4
"""Combining marks kept on one letter: enough for every living script, too few to paint over the lines above."""

_JOINERS = "\u200c\u200d"
_JOINER_RUN = re.compile(r"(?<=[^\x00-\x7f])([\u200c\u200d])[\u200c\u200d]*+(?=[^\x00-\x7f])|[\u200c\u200d]+")
"""Zero-width (non-)joiners: spelling in Persian, Indic scripts and emoji, an invisible difference beside ASCII."""
_BLANK_LETTERS = frozenset("\u115f\u1160\u3164\uffa0\u2800")
"""Letters and symbols by category that nevertheless show nothing (Hangul fillers, the empty Braille cell)."""


def clean_text(value: str, limit: int = DEFAULT_LIMIT) -> str:
    """One line of visible text in NFC (UAX 15), at most `limit` code points, cut with an ellipsis; may be empty.

    White space of every kind becomes one space. Control, bidirectional and other format characters (UAX 9, category
    Cf), surrogates, private use, noncharacters and invisible fillers are dropped. Idempotent. Escaping for HTML or a
    terminal stays with whoever writes there.
    """
    text = _visible(unicodedata.normalize("NFC", _visible(value)))
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def _visible(value: str) -> str:
    if value.isascii() and value.isprintable():
        return re.sub(" +", " ", value).strip(" ")
    shown = "".join(map(_shown, value))
    return re.sub(" +", " ", _JOINER_RUN.sub(r"\1", _cap_marks(shown))).strip(" ")


def _shown(char: str) -> str:
    """The character, a space for any white space, or nothing."""
    category = unicodedata.category(char)
    if category[0] == "Z" or char in "\t\n\v\f\r\x1c\x1d\x1e\x1f\x85":
        return " "
    if category == "Cn":
        noncharacter = ord(char) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(char) <= 0xFDEF
        return "" if noncharacter else char
    hidden = category in ("Cc", "Cf", "Cs", "Co") and char not in _JOINERS
    return "" if hidden or char in _BLANK_LETTERS else char


def _cap_marks(text: str) -> str:
    kept: list[str] = []
    marks = 0
    for char in text:
        marks = marks + 1 if unicodedata.category(char) in ("Mn", "Me") else 0
        if marks <= MAX_MARKS:
            kept.append(char)
    return "".join(kept)
