"""What a classifier says of one picture: the artists whose works it looks most like, and how likely none of them is."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MOST_NAMED = 5
LEAST_NAMED = 0.05
"""Probability below which an artist is not named: at one in twenty, nobody should read a name."""
_DIGITS = 6
"""As in records: only written values are compared."""


@dataclass(frozen=True, slots=True)
class NamedArtist:
    artist_id: str
    probability: float


@dataclass(frozen=True, slots=True)
class LikelyArtists:
    """Never evidence of a copy, and no statement of how the picture was made."""

    artists: tuple[NamedArtist, ...]
    """Most likely first; several where several fit, none where nobody reaches LEAST_NAMED."""
    none: float
    """Probability that it is by none of the classifier's artists."""
    model: str
    """Digest of the classifier's file."""


def artist_reference(
    artists: tuple[str, ...], probabilities: NDArray[np.float64], model: str, *, omitted: Collection[str] = ()
) -> LikelyArtists:
    """`probabilities`: one row of `ArtistModel.probabilities`, shape (len(artists) + 1,).

    `omitted`: artists who withdrew, forbid `style` or were erased since. They are not named, and what they had goes to
    none: it makes nobody else likelier.
    """
    gone = np.array([artist in omitted for artist in artists], np.bool_)
    shares = np.where(gone, 0.0, probabilities[:-1])
    order = np.argsort(-shares, kind="stable")[:MOST_NAMED]
    named = tuple(
        NamedArtist(artists[place], round(float(shares[place]), _DIGITS))
        for place in order
        if shares[place] >= LEAST_NAMED
    )
    return LikelyArtists(named, round(float(probabilities[-1] + probabilities[:-1][gone].sum()), _DIGITS), model)
