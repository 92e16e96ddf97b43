"""Fits the copy descriptor's PCA whitening on open works and other art, and writes it as safetensors."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save as save_safetensors

from ledger.corpus.sealed import is_sealed
from ledger.errors import ConflictError, InputError
from ledger.fingerprint.copy_encoder import PooledFeatures
from ledger.image.types import Pixels

_CHUNK = 64


@dataclass(frozen=True, slots=True)
class Whitening:
    """The affine map from pooled features to descriptors, and what it was fitted on."""

    mean: NDArray[np.float16]
    """Shape (features,)."""
    projection: NDArray[np.float16]
    """Shape (dimension, features); scaled as a whole, which the descriptor's L2 normalisation takes out again."""
    pictures: int
    explained_variance: float
    """Share of the features' variance in the kept dimensions."""

    def to_bytes(self) -> bytes:
        """Safetensors, the same bytes for the same map."""
        # safetensors writes the memory of a transposed array as it lies: rows and columns would be mixed up.
        return save_safetensors({"mean": self.mean, "projection": np.ascontiguousarray(self.projection)})


def train_whitening(
    features: PooledFeatures,
    open_works: Iterable[tuple[str, Pixels]],
    others: Iterable[Pixels],
    destination: Path,
    *,
    dimension: int,
) -> tuple[Whitening, str]:
    """Fits on OpenClipart works (name, working picture) and other art; returns it with the file's SHA-256.

    No chance is involved: the same pictures in the same order give the same file on the same machine. Raises
    ConflictError (`sealed-work`) for a sealed work, InputError (`too-few-pictures`) below four pictures per dimension.
    """
    pictures = chain((_opened(name, picture) for name, picture in open_works), others)
    whitening = fit_whitening(np.concatenate([features(chunk) for chunk in _chunks(pictures)]), dimension)
    data = whitening.to_bytes()
    destination.write_bytes(data)
    return whitening, hashlib.sha256(data).hexdigest()


def fit_whitening(features: NDArray[np.float32], dimension: int) -> Whitening:
    """PCA whitening of L2-normalised features, shape (n, features). Raises InputError (`too-few-pictures`)."""
    if len(features) < 4 * dimension:
        raise InputError(f"{len(features)} pictures are too few for {dimension} dimensions", code="too-few-pictures")
    mean = features.mean(axis=0, dtype=np.float64)
    centred = features - mean
    values, vectors = np.linalg.eigh(centred.T @ centred / len(features))
    kept = slice(-1, -dimension - 1, -1)
    projection = (vectors[:, kept] / np.sqrt(values[kept])).T
    # eigh leaves the signs open: the largest component of each row is made positive.
    largest = np.take_along_axis(projection, np.abs(projection).argmax(axis=1, keepdims=True), axis=1)
    projection *= np.sign(largest) / np.abs(projection).max()
    return Whitening(
        mean=mean.astype(np.float16),
        projection=projection.astype(np.float16),
        pictures=len(features),
        explained_variance=float(values[kept].sum() / values.sum()),
    )


def _opened(name: str, picture: Pixels) -> Pixels:
    if is_sealed(name):
        raise ConflictError(
            f"{name} is sealed: it must not be trained on", code="sealed-work", hint="Leave sealed works out."
        )
    return picture


def _chunks(pictures: Iterable[Pixels]) -> Iterator[list[Pixels]]:
    remaining = iter(pictures)
    while chunk := list(islice(remaining, _CHUNK)):
        yield chunk
