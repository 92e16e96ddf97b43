"""Features of made-up artists: each has a centre in every kind of features, and works around it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ledger.lab.train.artist.labels import LabelledWork
from ledger.match.artists.features import FeatureBlock

SPECS = {"technique": "1" * 64, "depths": "2" * 64, "clip": "3" * 64, "vae": "4" * 64}
DIMENSIONS = {"technique": 12, "depths": 30, "clip": 8, "vae": 10}


def labelled(artists: int, works: int, subjects: int = 4, *, prefix: str = "artist") -> list[LabelledWork]:
    """Works of each artist, their subjects in turn."""
    return [
        LabelledWork(f"{prefix} {artist}/{number}", f"{prefix} {artist}", f"subject {number % subjects}",
                     f"{prefix}/{artist}/{number}")
        for artist in range(artists)
        for number in range(works)
    ]  # fmt: skip


def others(artists: int, works: int = 1, subjects: int = 8) -> list[LabelledWork]:
    """Works of artists who have too few to be a class; together they show every subject."""
    return [
        replace(work, subject=f"subject {row % subjects}")
        for row, work in enumerate(labelled(artists, works, prefix="other"))
    ]


def block_of(works: list[LabelledWork], *, spread: float = 0.5, seed: int = 0) -> FeatureBlock:
    """One row for each work, near its artist's centre."""
    rng = np.random.default_rng(seed)
    names = sorted({work.artist for work in works})
    place = np.array([names.index(work.artist) for work in works])
    parts = {}
    for name, dimension in DIMENSIONS.items():
        centres = np.random.default_rng([seed, dimension]).normal(0, 1, (len(names), dimension))
        parts[name] = (centres[place] + rng.normal(0, spread, (len(works), dimension))).astype(np.float32)
    return FeatureBlock.of(parts, SPECS)
