"""Technique: about a hundred named numbers that say how a picture was drawn, not what it shows.

Lengths are shares of the longest side, so that the size of a file changes little. The numbers are not standardised:
whoever compares them standardises them over a corpus.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ledger.fingerprint.hand.canvas import Canvas, Measures
from ledger.fingerprint.hand.colour import colour
from ledger.fingerprint.hand.layout import layout
from ledger.fingerprint.hand.line import line
from ledger.fingerprint.hand.surface import surface
from ledger.image.canonical_image import Pixels

NAME = "technique"
VERSION = 1
"""Goes up with any change of what a number means."""


def measures(picture: Pixels) -> Measures:
    """The numbers by name, of an RGB picture over white of any size, shape (height, width, 3)."""
    canvas = Canvas.of(picture)
    return {**colour(canvas), **line(canvas), **surface(canvas), **layout(canvas)}


def technique(picture: Pixels) -> NDArray[np.float32]:
    """The numbers as a vector, shape (len(names()),), in the order of `names`. All are finite."""
    return np.fromiter(measures(picture).values(), np.float32)


@cache
def names() -> tuple[str, ...]:
    """The names of the numbers."""
    return tuple(measures(np.full((8, 8, 3), 255, np.uint8)))


def describe() -> Mapping[str, object]:
    """What has to be equal for two vectors to be comparable: canonical JSON values."""
    return {"algorithm": "technique", "version": VERSION, "names": list(names())}
