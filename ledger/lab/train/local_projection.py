"""Fits the projection that makes local features small: principal components of RootSIFT descriptors."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save as save_safetensors

from ledger.fingerprint.local_features import histograms
from ledger.fingerprint.local_parameters import DIMENSION, WORK_KEYPOINTS
from ledger.image.canonical_image import Pixels


def fit_local_projection(pictures: Iterable[Pixels]) -> bytes:
    """Safetensors with `mean` (128,) and `projection` (DIMENSION, 128); the same pictures give the same bytes."""
    rows: NDArray[np.float64] = np.concatenate(
        [histograms(picture, WORK_KEYPOINTS) for picture in pictures], dtype=np.float64
    )
    mean = rows.mean(axis=0)
    _, vectors = np.linalg.eigh((rows - mean).T @ (rows - mean))
    projection = vectors[:, : -DIMENSION - 1 : -1].T
    # eigh does not determine signs: make the largest component of each row positive.
    largest = np.take_along_axis(projection, np.abs(projection).argmax(axis=1, keepdims=True), axis=1)
    projection = projection * np.sign(largest)
    return save_safetensors(
        {"mean": mean.astype(np.float32), "projection": np.ascontiguousarray(projection, np.float32)}
    )
