"""Standardised fusion: several kinds of features side by side, so that none outweighs another by its scale or size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ledger.match.artists.features import FeatureBlock, Floats

LIMIT = 4.0
"""Standardised values are limited to this many deviations: one odd picture must not decide alone."""
_LEAST = 1e-4
"""Deviation that counts as one, for numbers that are the same in all pictures."""


@dataclass(frozen=True, slots=True)
class Fusion:
    """Standardises and joins parts."""

    parts: tuple[str, ...]
    mean: Floats
    """Of all parts' numbers, shape (dimension,)."""
    scale: Floats
    """What a deviation from the mean is multiplied by."""
    limit: Floats
    """Largest magnitude after scaling, shape (dimension,)."""

    @property
    def dimension(self) -> int:
        return len(self.mean)

    def __call__(self, block: FeatureBlock) -> Floats:
        """Shape (n, dimension)."""
        joined = np.concatenate([block.parts[name] for name in self.parts], axis=1)
        return np.asarray(np.clip((joined - self.mean) * self.scale, -self.limit, self.limit), np.float32)

    def arrays(self) -> Mapping[str, Floats]:
        return {"mean": self.mean, "scale": self.scale, "limit": self.limit}


def fit_fusion(block: FeatureBlock, parts: Sequence[str]) -> Fusion:
    """Each number gets mean 0 and deviation 1 over the block; then each part the same total weight, 1."""
    means, scales, limits = [], [], []
    for name in parts:
        values = block.parts[name].astype(np.float64)
        deviation = values.std(axis=0)
        constant = deviation < _LEAST * np.maximum(1.0, np.abs(values).max(axis=0, initial=0.0))
        weight = 1 / np.sqrt(values.shape[1])
        means.append(values.mean(axis=0))
        scales.append(np.where(constant, 0.0, weight / np.where(constant, 1.0, deviation)))
        limits.append(np.full(values.shape[1], LIMIT * weight))
    mean, scale, limit = (np.asarray(np.concatenate(each), np.float32) for each in (means, scales, limits))
    return Fusion(tuple(parts), mean, scale, limit)
