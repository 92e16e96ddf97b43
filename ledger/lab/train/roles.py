"""What each picture is used for, so that nothing is measured on what it was fitted on.

Decided by the artist for OpenClipart (by the subject where no artist is named), by the collection or the picture for
packages. Sealed works have no role: they are never read.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from enum import StrEnum

from ledger.corpus.sealed import is_sealed
from ledger.errors import ConflictError
from ledger.lab.train.pictures import OPENCLIPART, Only, SourcePicture

_HELD_OUT_COLLECTIONS = frozenset({"iconify-streamline-ultimate-color", "mate-backgrounds"})


MOST_BY_ONE = 60
"""Pictures by one maker that are used: the largest drew hundreds of the same kind of star."""


class Role(StrEnum):
    TRAIN = "train"
    """The copy descriptor learns from it."""
    REFERENCE = "reference"
    """A work of the corpus that scores and the geometric rule are fitted on; its edited copies are measured copies."""
    NULL = "null"
    BACKGROUND = "background"
    HELD_OUT = "held-out"
    """For measuring afterwards; nothing is fitted on it."""


_OPENCLIPART = ((0.50, Role.TRAIN), (0.55, Role.REFERENCE), (0.70, Role.NULL), (1.0, Role.HELD_OUT))
_PACKAGES = ((0.50, Role.TRAIN), (0.60, Role.BACKGROUND), (0.75, Role.REFERENCE), (1.0, Role.NULL))


def role_of(collection: str, maker: str) -> Role:
    """The same for all works of one artist, and for all quarters of one photograph (SourcePicture.maker)."""
    if collection in _HELD_OUT_COLLECTIONS:
        return Role.HELD_OUT
    shares = _OPENCLIPART if collection == OPENCLIPART else _PACKAGES
    draw = int(hashlib.sha256(f"role/{collection}/{maker}".encode()).hexdigest()[:8], 16) / 2**32
    return next(role for share, role in shares if draw < share)


def admitted(pictures: Iterable[SourcePicture], wanted: Only) -> Iterator[SourcePicture]:
    """Those that `wanted` takes, at most MOST_BY_ONE by one maker.

    Raises ConflictError (`sealed-work`): no source offers such a work, so one that comes is a fault.
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
