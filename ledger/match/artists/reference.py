"""What classifiers say of one picture: the artists whose works it looks most like, its likely labels, and how likely
none of those is."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

MOST_NAMED = 5
LEAST_NAMED = 0.05
"""Probability below which nothing is named: at one in twenty, nobody should read a name."""
_DIGITS = 6
"""As in records: only written values are compared."""


@dataclass(frozen=True, slots=True)
class NamedArtist:
    artist_id: str
    probability: float
    works: tuple[str, ...] = ()
    """Ids of the artist's works that are drawn most like the picture, nearest first."""


@dataclass(frozen=True, slots=True)
class LikelyArtists:
    """Never evidence of a copy, and no statement of how the picture was made."""

    artists: tuple[NamedArtist, ...]
    """Most likely first; several where several fit, none where nobody reaches LEAST_NAMED."""
    none: float
    """Probability that it is by none of the classifier's artists."""
    model: str
    """Digest of the classifier's file."""

    def with_works(self, speaking: Mapping[str, tuple[str, ...]]) -> LikelyArtists:
        """`speaking`: works by artist."""
        named = tuple(replace(each, works=speaking.get(each.artist_id, ())) for each in self.artists)
        return replace(self, artists=named)


@dataclass(frozen=True, slots=True)
class LikelyLabels:
    """What a classifier of a label that works have, such as their genre, says."""

    kind: str
    labels: tuple[tuple[str, float], ...]
    """With their probabilities, most likely first; none where nothing reaches LEAST_NAMED."""
    none: float
    model: str


@dataclass(frozen=True, slots=True)
class Likeness:
    """What all classifiers that serve say of one picture."""

    artists: LikelyArtists | None = None
    labels: tuple[LikelyLabels, ...] = ()


SILENT = Likeness()


def artist_reference(
    artists: tuple[str, ...], probabilities: NDArray[np.float64], model: str, *, omitted: Collection[str] = ()
) -> LikelyArtists:
    """`probabilities`: one row of `ArtistModel.probabilities`, shape (len(artists) + 1,).

    `omitted`: artists who withdrew, forbid `style` or were erased since. They are not named, and what they had goes to
    none: it makes nobody else likelier.
    """
    named, none = _named(artists, probabilities, omitted)
    return LikelyArtists(tuple(NamedArtist(*each) for each in named), none, model)


def likely_labels(kind: str, labels: tuple[str, ...], probabilities: NDArray[np.float64], model: str) -> LikelyLabels:
    """`probabilities`: as in `artist_reference`."""
    named, none = _named(labels, probabilities, ())
    return LikelyLabels(kind, named, none, model)


def _named(
    classes: tuple[str, ...], probabilities: NDArray[np.float64], omitted: Collection[str]
) -> tuple[tuple[tuple[str, float], ...], float]:
    gone = np.array([each in omitted for each in classes], np.bool_)
    shares = np.where(gone, 0.0, probabilities[:-1])
    order = np.argsort(-shares, kind="stable")[:MOST_NAMED]
    named = tuple(
        (classes[place], round(float(shares[place]), _DIGITS)) for place in order if shares[place] >= LEAST_NAMED
    )
    return named, round(float(probabilities[-1] + probabilities[:-1][gone].sum()), _DIGITS)
