"""Assigns each picture one use, so that nothing is measured on pictures it was fitted on.

The artist decides for OpenClipart (the subject if no artist is named), the collection or the picture for packages.
Sealed works have no role: they are never read.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from enum import StrEnum

from ledger.corpus.sealed import is_sealed
from ledger.errors import ConflictError
from ledger.lab.train.pictures import NEWER, OPENCLIPART, Only, SourcePicture

_HELD_OUT_COLLECTIONS = frozenset({"iconify-streamline-ultimate-color", "mate-backgrounds"})
_ONCE_LAID_OUT_OTHERWISE = frozenset({"wesnoth", "tuxpaint-stamps", "skimage"})
"""Their files had other keys, and so other roles, when copy-v2 was trained, and copy-v3 starts from copy-v2.
So only their role of training is sure."""

MOST_BY_ONE = 60
"""Largest number of pictures used by one maker: some drew hundreds of similar stars."""


class Role(StrEnum):
    TRAIN = "train"
    """The copy descriptor learns from it."""
    VALIDATION = "validation"
    """Shows how far the copy descriptor's training has come; nothing is fitted on it."""
    REFERENCE = "reference"
    """Scores and the geometric rule are fitted on it, as a work of the corpus, and on its edited copies."""
    NULL = "null"
    BACKGROUND = "background"
    HELD_OUT = "held-out"
    """Used only for measuring; nothing is fitted on it."""
    UNUSED = "unused"
    """An earlier descriptor may have been trained on it."""


_OPENCLIPART = ((0.50, Role.TRAIN), (0.55, Role.REFERENCE), (0.70, Role.NULL), (1.0, Role.HELD_OUT))
_NEWER = ((0.80, Role.TRAIN), (0.90, Role.VALIDATION), (1.0, Role.NULL))
_PACKAGES = ((0.50, Role.TRAIN), (0.60, Role.BACKGROUND), (0.75, Role.REFERENCE), (1.0, Role.NULL))


def role_of(collection: str, maker: str) -> Role:
    """The role of a maker's pictures: equal for all works of an artist and all quarters of a photograph."""
    if collection in _HELD_OUT_COLLECTIONS:
        return Role.HELD_OUT
    shares = _OPENCLIPART if collection == OPENCLIPART else _NEWER if collection in NEWER else _PACKAGES
    draw = int(hashlib.sha256(f"role/{collection}/{maker}".encode()).hexdigest()[:8], 16) / 2**32
    role = next(role for share, role in shares if draw < share)
    return Role.UNUSED if collection in _ONCE_LAID_OUT_OTHERWISE and role is not Role.TRAIN else role


def admitted(pictures: Iterable[SourcePicture], wanted: Only) -> Iterator[SourcePicture]:
    """The pictures that `wanted` accepts, at most MOST_BY_ONE by one maker.

    Raises ConflictError (`sealed-work`): no source should offer a sealed work.
    """
    taken: Counter[tuple[str, str]] = Counter()
    for picture in pictures:
        maker = (picture.collection, picture.maker)
        if not wanted(*maker) or taken[maker] == MOST_BY_ONE:
            continue
        if picture.collection == OPENCLIPART and is_sealed(picture.key):
            raise ConflictError(
                f"{picture.key} is sealed: it must not be trained on", code="sealed-work", hint="Leave it out."
            )
        taken[maker] += 1
        yield picture
