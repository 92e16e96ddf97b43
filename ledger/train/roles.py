"""What each picture is used for, so that nothing is measured on what it was fitted on.

Decided by the artist for OpenClipart (by the subject where no artist is named), by the collection or the picture for
packages. Sealed works have no role: they are never read.
"""

from __future__ import annotations

import hashlib
from enum import StrEnum

from ledger.train.pictures import OPENCLIPART, SourcePicture

_HELD_OUT_COLLECTIONS = frozenset({"iconify-streamline-ultimate-color", "mate-backgrounds"})


class Role(StrEnum):
    TRAIN = "train"
    """The copy descriptor learns from it."""
    REFERENCE = "reference"
    """A work of the corpus that scores and the geometric rule are fitted on; its edited copies are measured copies."""
    NULL = "null"
    BACKGROUND = "background"
    HELD_OUT = "held-out"
    """For measuring afterwards; nothing is fitted on it."""


_OPENCLIPART = ((0.50, Role.TRAIN), (0.65, Role.REFERENCE), (0.84, Role.NULL), (1.0, Role.HELD_OUT))
_PACKAGES = ((0.50, Role.TRAIN), (0.60, Role.BACKGROUND), (0.75, Role.REFERENCE), (1.0, Role.NULL))


def role_of(picture: SourcePicture) -> Role:
    """The same for all works of one artist, and for all quarters of one photograph."""
    if picture.collection in _HELD_OUT_COLLECTIONS:
        return Role.HELD_OUT
    shares = _OPENCLIPART if picture.collection == OPENCLIPART else _PACKAGES
    draw = int(hashlib.sha256(f"role/{picture.collection}/{picture.maker}".encode()).hexdigest()[:8], 16) / 2**32
    return next(role for share, role in shares if draw < share)
