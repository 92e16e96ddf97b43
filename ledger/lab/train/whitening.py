"""PCA whitening (Jegou and Chum, ECCV 2012) of features, the initial projection of the copy descriptor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ledger.errors import InputError


@dataclass(frozen=True, slots=True)
class Whitening:
    """An affine map: projection @ (features - mean)."""

    mean: NDArray[np.float32]
    """Shape (features,)."""
    projection: NDArray[np.float32]
    """Shape (dimension, features); its overall scale does not matter, because L2 normalisation removes it."""
    explained_variance: float
    """Share of the features' variance in the kept dimensions."""


def fit_whitening(features: NDArray[np.float32], dimension: int) -> Whitening:
    """PCA whitening of L2-normalised features, shape (n, features). Raises InputError (`too-few-pictures`)."""
    if len(features) < 4 * dimension:
        raise InputError(f"{len(features)} pictures are too few for {dimension} dimensions", code="too-few-pictures")
    mean = features.mean(axis=0, dtype=np.float64)
    centred = features - mean
    values, vectors = np.linalg.eigh(centred.T @ centred / len(features))
    kept = slice(-1, -dimension - 1, -1)
    projection = (vectors[:, kept] / np.sqrt(values[kept])).T
    # eigh does not determine signs: make the largest component of each row positive.
    largest = np.take_along_axis(projection, np.abs(projection).argmax(axis=1, keepdims=True), axis=1)
    projection *= np.sign(largest) / np.abs(projection).max()
    return Whitening(
        mean=mean.astype(np.float32),
        projection=projection.astype(np.float32),
        explained_variance=float(values[kept].sum() / values.sum()),
    )
