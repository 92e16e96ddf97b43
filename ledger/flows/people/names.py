"""Finds an artist, an account, a work or a model by the name that people use, instead of its id."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from ledger.errors import InputError, NotFoundError
from ledger.record.ids import ID_PATTERN
from ledger.storage.people.names import NameStore, StoredName
from ledger.text import clean_text

NameKind = Literal["artist", "account", "work", "model"]

_ID = re.compile(ID_PATTERN[1:-1])
_SHOWN = 10
"""How many candidates an error lists."""
_LISTS: Mapping[NameKind, str] = {
    "artist": "`artledger artist list` lists all artists",
    "account": "`artledger accounts show` lists all accounts",
    "work": "`artledger artist works ARTIST` lists the works of an artist",
    "model": "the record of a generated picture names its model",
}


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a text names. `name` is empty where the text is an id."""

    id: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Names:
    """Only reads. Case does not matter, and `_` stands for any character, because shells complete names so."""

    store: NameStore
    models: Callable[[], Mapping[str, str]]
    """Names of models by id."""

    def find(self, kind: NameKind, text: str, *, artist_id: str | None = None) -> Chosen:
        """What `text` names. An id names itself. `artist_id`: only works of this artist.

        Raises NotFoundError (`artist-not-found`, `account-not-found`, `work-not-found`, `model-not-found`), InputError
        (`ambiguous-name`).
        """
        if _ID.fullmatch(text):
            return Chosen(text)
        found = list(self._like(kind, text, artist_id))
        same = [each for each in found if each.name.casefold() == text.casefold()]
        same = same or [each for each in found if _pattern(text).fullmatch(each.name)]
        if not same:
            hint = f"Similar names:\n{_listed(found)}" if found else _LISTS[kind]
            raise NotFoundError(f"there is no {kind} {text[:80]!r}", code=f"{kind}-not-found", hint=hint)
        if len(same) > 1:
            raise InputError(
                f"{text[:80]!r} names more than one {kind}",
                code="ambiguous-name",
                hint=f"Give the id of the one that you mean:\n{_listed(same)}",
            )
        return Chosen(same[0].id, f"{same[0].name} by {same[0].about}" if kind == "work" else same[0].name)

    def _like(self, kind: NameKind, text: str, artist_id: str | None) -> Iterable[StoredName]:
        if kind == "model":
            wanted = _pattern(text)
            return [StoredName(*each, "") for each in self.models().items() if wanted.search(each[1])]
        pattern = text.replace("\\", "\\\\").replace("%", "\\%")
        return self.store.like(kind, f"%{pattern}%", artist_id=artist_id)


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile("".join("." if each == "_" else re.escape(each) for each in text), re.IGNORECASE)


def _listed(candidates: list[StoredName]) -> str:
    lines = [f"{each.id}  {clean_text(each.name)}{f' ({each.about})' if each.about else ''}" for each in candidates]
    more = len(lines) - _SHOWN
    return "\n".join([*lines[:_SHOWN], *([f"and {more} more"] if more > 0 else [])])
