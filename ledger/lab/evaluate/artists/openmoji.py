"""Drawings of the npm package `openmoji`: many authors under one style guide, so that only the hand tells them apart.

Their subjects are the emoji's subgroups, such as `animal-bird`. Skin tones of one drawing are variants, and left out.
Licence CC BY-SA 4.0: never shipped, and no model learns who drew which.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from ledger.corpus.unknown_artists import is_nobody
from ledger.errors import InputError, NotFoundError
from ledger.files import read_regular
from ledger.image.pool import DecodePool
from ledger.lab.evaluate.artists.works import SourceWork
from ledger.lab.train.artist.labels import joined_names

_DATA, _DRAWINGS = "data/openmoji.json", "color/svg"
_MOST_DATA, _MOST_SVG = 32 * 2**20, 2 * 2**20
_HEXCODE = re.compile(r"[0-9A-F]{2,6}(-[0-9A-F]{2,6}){0,12}")


class _Emoji(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    hexcode: str
    openmoji_author: str = ""
    skintone: int | str = ""
    subgroups: str = ""


def openmoji_works(folder: Path, pool: DecodePool) -> list[SourceWork]:
    """Raises NotFoundError (`openmoji-missing`), InputError (`bad-openmoji`)."""
    try:
        data = read_regular(folder / _DATA, _MOST_DATA)
    except OSError as error:
        raise NotFoundError(
            f"{folder / _DATA} cannot be read: {error.strerror}",
            code="openmoji-missing",
            hint="Unpack the npm package openmoji and name its folder.",
        ) from error
    try:
        listed = TypeAdapter(list[_Emoji]).validate_json(data)
    except ValidationError as error:
        raise InputError(f"{folder / _DATA} is not the list of emoji of openmoji", code="bad-openmoji") from error
    kept = list(_usable(listed))
    names = joined_names(each.openmoji_author for each in kept)
    return [
        SourceWork(
            f"openmoji/{each.hexcode}",
            names[each.openmoji_author],
            each.subgroups or each.hexcode,
            partial(_rendered, folder / _DRAWINGS / f"{each.hexcode}.svg", pool),
        )
        for each in kept
    ]


def _usable(listed: list[_Emoji]) -> Iterator[_Emoji]:
    taken: set[str] = set()
    for each in listed:
        known = bool(each.openmoji_author.strip()) and not is_nobody(each.openmoji_author)
        if known and not str(each.skintone) and _HEXCODE.fullmatch(each.hexcode) and each.hexcode not in taken:
            taken.add(each.hexcode)
            yield each


def _rendered(path: Path, pool: DecodePool) -> bytes:
    try:
        svg = read_regular(path, _MOST_SVG)
    except OSError as error:
        raise InputError(f"cannot read {path.name}: {error.strerror}", code="file-missing") from error
    return pool.rasterise(svg)
