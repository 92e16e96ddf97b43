"""Names of columns and fields as people write them: `License URL` means `licence`, `Allowed uses` `allowed_uses`.

A name that resembles one that states terms, but is not known, is refused: what it says would be lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import lru_cache

from ledger.errors import InputError
from ledger.text import clean_text

STATE_TERMS = ("licence", "allowed_uses", "terms")
"""Two columns of one of these meanings must agree. Of others, the first in `_NAMES` counts and the rest are labels."""
_NAMES: Mapping[str, tuple[str, ...]] = {
    "file": ("file", "file_name", "filename", "path", "file_path", "filepath", "image_file", "image_path"),
    "title": ("title", "work_title", "artwork_title", "object_name"),
    "artist": ("artist", "artist_name", "creator", "creator_name", "author", "author_name", "painter", "photographer"),
    "licence": (
        *("licence", "license", "licence_url", "license_url", "licence_id", "license_id", "licence_name"),
        *("license_name", "licence_short_name", "license_short_name", "spdx", "spdx_id", "rights", "rights_url"),
    ),
    "allowed_uses": ("allowed_uses", "allowed_use", "uses", "usage", "usages", "allowed_usage"),
    "terms": ("terms", "usage_terms", "terms_of_use", "rights_usage_terms", "licence_terms", "license_terms"),
    "credit_line": ("credit_line", "credit", "creditline", "attribution", "attribution_text"),
    "link": ("link", "credit_link", "credit_url", "attribution_url"),
    "source": ("source", "source_url"),
}
_MEANING = {name.replace("_", ""): meaning for meaning, names in _NAMES.items() for name in names}
_RANK = {name.replace("_", ""): rank for names in _NAMES.values() for rank, name in enumerate(names)}
_LABELS = frozenset(("copyrighted", "attributionrequired"))
"""Columns of Wikimedia Commons that say nothing of the terms by themselves."""
_SEVERAL = {"copyright": "credit_line, licence or terms", "copyright_notice": "credit_line, licence or terms"}
_RESEMBLES = (
    (re.compile(r"licen[cs]|lisen[cs]e"), "licence"),
    (re.compile(r"copyright|(?:^|_)rights?(?:_|$)"), "licence or terms"),
    (re.compile(r"allowed|permitted|permission|consent|opt_?out|no_?ai|ai_?train|(?:^|_)tdm"), "allowed_uses"),
    (re.compile(r"(?:^|_)usages?(?:_|$)|(?:^|_)terms?(?:_|$)|conditions_of_use"), "allowed_uses or terms"),
    (re.compile(r"credit_?line|(?:^|_)credits?(?:_|$)"), "credit_line"),
)
_CLOSE = {
    name: meaning for name, meaning in _MEANING.items() if meaning in (*STATE_TERMS, "credit_line") and len(name) > 5
} | {"artist": "artist", "creator": "artist", "filename": "file"}


def plain_name(written: str) -> str:
    """The name in lower case, with one `_` for each run of spaces and signs."""
    return re.sub(r"[\W_]+", "_", clean_text(written, 60).lower()).strip("_")


def is_known(written: str) -> bool:
    """Whether the name has a meaning; what other names say becomes labels."""
    return _joined(written) in _MEANING


def _joined(written: str) -> str:
    """`License URL`, `license_url` and `LicenseUrl` are one name."""
    return plain_name(written).replace("_", "")


@lru_cache(maxsize=1024)
def meanings(names: tuple[str, ...]) -> Mapping[str, tuple[str, ...]]:
    """For each meaning, which of these names have it, the one that counts first.

    Raises InputError (`labels-columns`) for a name that resembles one that states terms, and is not known.
    """
    found: dict[str, list[str]] = {}
    for name in names:
        plain = plain_name(name)
        if meaning := _MEANING.get(_joined(name)):
            found.setdefault(meaning, []).append(name)
        elif _joined(name) in _LABELS:
            continue
        elif choices := _SEVERAL.get(plain) or _resembled(plain):
            raise InputError(
                f"the column {clean_text(name, 60)!r} could mean {choices}",
                code="labels-columns",
                hint=f"Did you mean {choices}? Rename the column, or remove it.",
            )
    return {
        meaning: tuple(sorted(written, key=lambda name: _RANK[_joined(name)])) for meaning, written in found.items()
    }


def one_value(column: str, values: Iterable[str]) -> str:
    """The value that all columns of a meaning have, where they have any. Raises InputError (`labels-row`)."""
    distinct = list(dict.fromkeys(value for value in values if value))
    if len(distinct) > 1:
        raise InputError(
            f"two columns of the meaning {column} differ: {clean_text(distinct[0], 60)!r} and"
            f" {clean_text(distinct[1], 60)!r}",
            code="labels-row",
            hint="Make them say the same, or remove one of them.",
        )
    return distinct[0] if distinct else ""


def _resembled(plain: str) -> str | None:
    for pattern, choices in _RESEMBLES:
        if pattern.search(plain):
            return choices
    close = get_close_matches(plain.replace("_", ""), list(_CLOSE), 1, 0.86)
    return _CLOSE[close[0]] if close else None
