"""Licences as SPDX expressions, from what people write: ids, Creative Commons URLs, and names ("CC BY 4.0").

Ids are looked up in the SPDX list, so that one licence has one spelling. What could mean several licences is refused
with the nearest ones.
"""

from __future__ import annotations

import re
from functools import lru_cache

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from ledger.corpus.licence_names import PUBLIC_DOMAIN, UNKNOWN_LICENCE, licence_of_name, nearest_ids, states_no_licence
from ledger.corpus.licence_urls import choices_of_url, licence_of_url
from ledger.errors import InputError
from ledger.text import clean_text

__all__ = ["MAX_EXPRESSION", "PUBLIC_DOMAIN", "UNKNOWN_LICENCE", "parse_licence"]

MAX_EXPRESSION = 200
"""The most that a record holds (FORMAT.md)."""

_TOKEN = re.compile(r"\s*([()]|[A-Za-z0-9][A-Za-z0-9.:+-]*)")
_OWN = re.compile(r"(?:DocumentRef-[A-Za-z0-9.-]+:)?LicenseRef-[A-Za-z0-9.-]+")
_ID = re.compile(r"(?!LicenseRef-|DocumentRef-)[A-Za-z0-9][A-Za-z0-9.-]*\+?")
_EXCEPTION = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*")
_OPERATORS = {"and": "AND", "or": "OR", "with": "WITH", "AND": "AND", "OR": "OR", "WITH": "WITH"}
_UNSTATED = frozenset(("?", "-", "--", "n/a", "nan", "null"))
"""How data sets write that they do not know."""
_HINT = (
    "Write an SPDX id such as CC-BY-4.0 or CC0-1.0, `Public Domain`, or `All rights reserved`. Terms in your own words"
    " are not a licence: state them as `terms`."
)


@lru_cache(maxsize=4096)
def parse_licence(text: str) -> str:
    """The SPDX expression (SPDX 2.3, annex D) that the text means: ids as in the SPDX list, operators in capitals,
    single spaces between parts.

    Takes an expression, the URL of a Creative Commons licence or of a statement of rightsstatements.org, or a name.
    Raises InputError (`licence`) for anything else, with the nearest choices where there are any.
    """
    stripped = text.strip()
    if stripped.casefold() in _UNSTATED:
        return UNKNOWN_LICENCE
    if known := licence_of_url(stripped):
        return known
    if len(stripped) > MAX_EXPRESSION:
        raise _refused(f"is longer than {MAX_EXPRESSION} characters", stripped)
    if states_no_licence(stripped):
        raise _refused("allows nothing by itself", stripped, hint="State these words as `terms`.")
    try:
        return _expression_of(stripped)
    except InputError as error:
        name = licence_of_name(stripped)
        if name.found is not None:
            return name.found
        choices = name.choices or choices_of_url(stripped)
        if choices:
            raise _refused(name.problem or "is not known", stripped, hint=_did_you_mean(choices)) from error
        raise


def _expression_of(text: str) -> str:
    tokens = _tokens(text)
    end = _expression(tokens, 0, text)
    if end != len(tokens):
        raise _refused(f"has {tokens[end]!r} where AND, OR or the end was expected", text)
    return " ".join(tokens).replace("( ", "(").replace(" )", ")")


def _tokens(text: str) -> list[str]:
    tokens: list[str] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise _refused(f"has an unexpected {text[position:].strip()[:1]!r}", text)
        tokens.append(_OPERATORS.get(match[1], match[1]))
        position = match.end()
    return tokens


def _expression(tokens: list[str], start: int, text: str) -> int:
    """Index after the longest `term ((AND|OR) term)*` that begins at `start`; depth is bounded by MAX_EXPRESSION.
    Spells each id in `tokens` as the SPDX list does."""
    end = _term(tokens, start, text)
    while end < len(tokens) and tokens[end] in ("AND", "OR"):
        end = _term(tokens, end + 1, text)
    return end


def _term(tokens: list[str], start: int, text: str) -> int:
    if start >= len(tokens):
        raise _refused("ends where a licence id was expected" if tokens else "is empty", text)
    if tokens[start] == "(":
        end = _expression(tokens, start + 1, text)
        if end >= len(tokens) or tokens[end] != ")":
            raise _refused("has an unclosed parenthesis", text)
        return end + 1
    if _OWN.fullmatch(tokens[start]):
        return start + 1
    if tokens[start] in _OPERATORS or not _ID.fullmatch(tokens[start]):
        raise _refused(f"has {tokens[start]!r} where a licence id was expected", text)
    if tokens[start + 1 : start + 2] == ["WITH"]:
        exception = "".join(tokens[start + 2 : start + 3])
        if exception in _OPERATORS or not _EXCEPTION.fullmatch(exception):
            raise _refused("has no exception id after WITH", text)
        tokens[start], _, tokens[start + 2] = _listed(f"{tokens[start]} WITH {exception}", text).split(" ")
        return start + 3
    tokens[start] = _listed(tokens[start], text)
    return start + 1


def _listed(spdx: str, text: str) -> str:
    """The id, with an exception if there is one, as the SPDX list spells it."""
    try:
        return str(canonicalize_license_expression(spdx))
    except InvalidLicenseExpression as error:
        choices = nearest_ids(spdx)
        raise _refused(
            "is not in the SPDX list"
            if spdx == text
            else f"has {clean_text(spdx, 60)!r}, which is not in the SPDX list",
            text,
            hint=_did_you_mean(choices) if choices else _HINT,
        ) from error


def _did_you_mean(choices: tuple[str, ...]) -> str:
    *others, last = choices
    return f"Did you mean {', '.join(others)} or {last}?" if others else f"Did you mean {last}?"


def _refused(what: str, text: str, hint: str = _HINT) -> InputError:
    return InputError(f"the licence {clean_text(text, 60)!r} {what}", code="licence", hint=hint)
