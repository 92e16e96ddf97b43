"""Licences as SPDX expressions: a strict syntax check, and the URLs of Creative Commons licences in older files.

Ids are not looked up. A library with the SPDX list (license-expression) takes half a second to start, and ingest needs
only well-formed expressions.
"""

from __future__ import annotations

import re
from functools import lru_cache

from ledger.errors import InputError
from ledger.text import clean_text

UNKNOWN_LICENCE = "LicenseRef-unknown"
"""Nobody stated the work's licence."""
PUBLIC_DOMAIN = "LicenseRef-PublicDomain"
"""The file says only "public domain", without the dedication or law that makes it so."""
MAX_EXPRESSION = 300

_TOKEN = re.compile(r"\s*([()]|[A-Za-z0-9][A-Za-z0-9.:+-]*)")
_SIMPLE = re.compile(
    r"(?:DocumentRef-[A-Za-z0-9.-]+:)?LicenseRef-[A-Za-z0-9.-]+|(?!LicenseRef-|DocumentRef-)[A-Za-z0-9][A-Za-z0-9.-]*\+?"
)
_EXCEPTION = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*")
_OPERATORS = {"and": "AND", "or": "OR", "with": "WITH", "AND": "AND", "OR": "OR", "WITH": "WITH"}

_CC_LICENCE = re.compile(
    r"https?://(?:www\.)?creativecommons\.org/licenses/(by(?:-nc)?(?:-nd|-sa)?)/(\d\.\d)(?:/(?:deed(?:\.\w+)?|legalcode)?)?"
)
_URLS = {
    "http://web.resource.org/cc/PublicDomain": PUBLIC_DOMAIN,
    "http://creativecommons.org/licenses/publicdomain/": "CC-PDDC",
    "https://creativecommons.org/licenses/publicdomain/": "CC-PDDC",
    "http://creativecommons.org/publicdomain/zero/1.0/": "CC0-1.0",
    "https://creativecommons.org/publicdomain/zero/1.0/": "CC0-1.0",
    "http://creativecommons.org/licenses/GPL/2.0/": "GPL-2.0-only",
}


@lru_cache(maxsize=4096)
def parse_licence(text: str) -> str:
    """Normalises an SPDX expression (SPDX 2.3, annex D): operators in capitals, single spaces between parts.

    Also accepts the URL of a Creative Commons licence or dedication. Ids are not looked up in the SPDX list. Raises
    InputError (`licence`) for anything else.
    """
    stripped = text.strip()
    if known := licence_of_url(stripped):
        return known
    if len(stripped) > MAX_EXPRESSION:
        raise _refused(f"is longer than {MAX_EXPRESSION} characters", stripped)
    tokens = _tokens(stripped)
    end = _expression(tokens, 0, stripped)
    if end != len(tokens):
        raise _refused(f"has {tokens[end]!r} where AND, OR or the end was expected", stripped)
    return " ".join(tokens).replace("( ", "(").replace(" )", ")")


def licence_of_url(url: str) -> str | None:
    """SPDX id of the licence with this URL; None if the URL is unknown."""
    if known := _URLS.get(url):
        return known
    if match := _CC_LICENCE.fullmatch(url):
        return f"CC-{match[1].upper()}-{match[2]}"
    return None


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
    """Index after the longest `term ((AND|OR) term)*` that begins at `start`; depth is bounded by MAX_EXPRESSION."""
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
    if tokens[start] in _OPERATORS or not _SIMPLE.fullmatch(tokens[start]):
        raise _refused(f"has {tokens[start]!r} where a licence id was expected", text)
    if start + 1 < len(tokens) and tokens[start + 1] == "WITH":
        if start + 2 >= len(tokens) or tokens[start + 2] in _OPERATORS or not _EXCEPTION.fullmatch(tokens[start + 2]):
            raise _refused("has no exception id after WITH", text)
        return start + 3
    return start + 1


def _refused(what: str, text: str) -> InputError:
    return InputError(
        f"the licence {clean_text(text, 60)!r} {what}",
        code="licence",
        hint="Write an SPDX expression such as CC-BY-4.0, CC0-1.0, LicenseRef-PublicDomain or LicenseRef-my-terms.",
    )
