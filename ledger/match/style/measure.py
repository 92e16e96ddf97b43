"""Nearness in style: cosines of CLIP and VAE embeddings, minus each picture's similarity to the background.

CSLS (Conneau et al. 2018, section 2.3): twice the cosine, minus the mean cosine of each picture to its nearest
background pictures. With raw cosines, a few plain pictures are near to all others (arXiv 2605.09030). The result is
called style, never a copy, and does not say how a picture was made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ledger.fingerprint.fingerprint import Fingerprint
from ledger.fingerprint.style_models import CLIP, STYLE, VAE
from ledger.match.score import Floats, background_level


@dataclass(frozen=True, slots=True)
class StyleBlock:
    """n pictures' embeddings, rows L2-normalised."""

    clip: NDArray[np.float16]
    """Shape (n, dimension)."""
    vae: NDArray[np.float16]
    """Shape (n, dimension)."""

    def __len__(self) -> int:
        return len(self.clip)

    def __getitem__(self, rows: NDArray[np.bool_]) -> StyleBlock:
        return StyleBlock(self.clip[rows], self.vae[rows])

    @classmethod
    def stack(cls, fingerprints: Sequence[Fingerprint]) -> Self:
        """A block of at least one fingerprint; all must have both embeddings (`has_style`)."""
        return cls(
            np.stack([each.embeddings[CLIP] for each in fingerprints]),
            np.stack([each.embeddings[VAE] for each in fingerprints]),
        )


def has_style(fingerprint: Fingerprint) -> bool:
    return fingerprint.embeddings.keys() >= STYLE


@dataclass(frozen=True, slots=True)
class StyleNearness:
    """The parts of the nearness of queries to works, each of shape (queries, works)."""

    score: Floats
    clip: Floats
    """Cosine."""
    vae: Floats
    """Cosine."""


@dataclass(frozen=True, slots=True)
class StyleMeasure:
    """Measures how near pictures are in style. Nearer by either embedding never scores lower."""

    background: StyleBlock
    clip_weight: float
    vae_weight: float
    neighbours: int
    """Number of background pictures in a picture's level."""

    def levels(self, pictures: StyleBlock) -> Floats:
        """Weighted mean cosine of each picture to the background pictures nearest to it, shape (n,)."""
        clip = background_level(pictures.clip, self.background.clip, self.neighbours)
        vae = background_level(pictures.vae, self.background.vae, self.neighbours)
        return np.asarray(self.clip_weight * clip + self.vae_weight * vae, np.float32)

    def nearness(self, queries: StyleBlock, levels: Floats, works: StyleBlock) -> StyleNearness:
        """Nearness of every query to every work; `levels`: the queries' `levels`."""
        clip = queries.clip.astype(np.float32) @ works.clip.astype(np.float32).T
        vae = queries.vae.astype(np.float32) @ works.vae.astype(np.float32).T
        both = 2 * (self.clip_weight * clip + self.vae_weight * vae)
        return StyleNearness(np.asarray(both - levels[:, None] - self.levels(works)[None, :], np.float32), clip, vae)
