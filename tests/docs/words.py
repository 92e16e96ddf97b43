"""Words that text for users does not use, each with what to say instead."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Word:
    """A pattern that may not appear, what to say instead, and a text that it finds."""

    pattern: re.Pattern[str]
    instead: str
    example: str
    technical: bool
    """A term of specifications, which documents for engineers and auditors may use."""


def _word(pattern: str, instead: str, example: str, *, technical: bool = False) -> Word:
    return Word(re.compile(pattern, re.IGNORECASE), instead, example, technical)


WORDS = (
    _word(r"\bleaf\b(?! hash)", "log entry", "the record's leaf"),
    _word(r"\b(?:the|of|all|earlier|later|these|those|more|\d+) leaves\b", "log entries", "12 leaves"),
    _word(r"\bstrangers?\b", "unrelated picture; anybody; a client without a token", "1 of 551 strangers"),
    _word(
        r"\b(?:a|the|by|of|each|every|its|no|one|two|several|between) looks?\b(?!-)",
        "appearance, fingerprint; or the verb",
        "to be compared by look",
    ),
    _word(r"\bno more\b", "only; no longer", "so much and no more"),
    _word(r"\bblock ?chains?\b", "log", "a blockchain"),
    _word(r"\binspired by\b", "nothing: it cannot be measured", "inspired by her work"),
    _word(r"\binfluenced by\b", "nothing: it cannot be measured", "influenced by her work"),
    _word(r"\bbased on\b", "what was measured or recorded", "this picture is based on"),
    _word(
        r"\bmade from\b(?= (?:the |a |your |this )?(?:pictures?|works?|art))", "looks most like", "made from your works"
    ),
    _word(
        r"(?<!mean it is )(?<!means it is )\b(?:is|are) original\b",
        "we have no record of it",
        "the picture is original",
    ),
    _word(r"\bfakes?\b", "what was measured or recorded", "this is a fake"),
    _word(r"\ba defect of artledger\b", "which package is missing", "this is a defect of artledger"),
    _word(r"\bdid not thereby\b", "does not prove", "who registered first did not thereby make it first"),
    _word(r"\bthat is no (?:claim|manifest|statement)\b", "invalid claim: ...", "that is no claim: copies-work"),
    _word(r"\bthe log says\b", "the log records", "Whose key it is, the log says."),
    _word(r"\bnull pictures?\b", "unrelated picture", "585 null pictures", technical=True),
    _word(r"\bp-values?\b", "chance of coincidence, 1 in N", "its p-value", technical=True),
)


def unwanted(text: str, *, technical: bool = False) -> Iterator[tuple[str, str]]:
    """Each unwanted word of a text, with what to say instead. Code between backticks may say anything."""
    readable = re.sub(r"`[^`\n]*`", "`", text)
    for word in WORDS:
        if technical and word.technical:
            continue
        for found in word.pattern.finditer(readable):
            yield found[0], word.instead
