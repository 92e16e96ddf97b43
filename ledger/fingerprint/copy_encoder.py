"""Runs the learned copy descriptor: turns a picture into a vector, and a query also into one vector per window (nine).

Generalised-mean pooling and a learned projection: Radenovic, Tolias and Chum, arXiv:1711.02512. Windows of one feature
map like those of R-MAC (Tolias, Sicre and Jegou, arXiv:1511.05879): a picture pasted on another fills one of them.
Trained by `ledger.lab.train.copy`; model card: weights/copy-v3.md. This module imports ONNX Runtime, so import it late.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from safetensors.numpy import load as load_safetensors

from ledger.errors import IntegrityError
from ledger.fingerprint import copy_descriptor as descriptor
from ledger.fingerprint.hand.depths import MOMENTS, depths
from ledger.fingerprint.networks.efficientnet import feature_maps
from ledger.fingerprint.networks.graph import Floats, Graph, GraphThreads
from ledger.image.canonical_image import Pixels

_SMALLEST_FEATURE = np.float32(1e-6)
"""It keeps a blank picture's vector defined."""
_SMALLEST_LENGTH = 1e-12


class CopyEncoder:
    """The `Encoder` named `copy`: cosine similarity."""

    def __init__(self, weights: Mapping[str, Floats]) -> None:
        """`weights`: of the whole network, float32."""
        graph = Graph(weights)
        *stages, last = feature_maps(graph, "backbone.")
        self._feature_map = graph.compile(last, *stages[:MOMENTS])
        self._projection = weights["projection.weight"].T, weights["projection.bias"]
        self._workers = GraphThreads()

    @property
    def name(self) -> str:
        return descriptor.NAME

    @property
    def dimension(self) -> int:
        return len(self._projection[1])

    def describe(self) -> Mapping[str, object]:
        return descriptor.describe()

    def encode(self, pictures: Sequence[Pixels]) -> NDArray[np.float16]:
        """Shape (len(pictures), dimension), rows L2-normalised."""
        if not pictures:
            return np.empty((0, self.dimension), np.float16)
        return np.stack(list(self._workers.map(self._whole, pictures)))

    def encode_with_depths(self, pictures: Sequence[Pixels]) -> tuple[NDArray[np.float16], Floats]:
        """As `encode`, and from the same pass the `depths` of each picture, shape (len(pictures), DIMENSION).

        `pictures`: at least one.
        """
        rows = list(self._workers.map(self._with_depths, pictures))
        return np.stack([row[0] for row in rows]), np.stack([row[1] for row in rows])

    def encode_queries(self, pictures: Sequence[Pixels]) -> NDArray[np.float16]:
        """Shape (len(pictures), 1 + windows, dimension): the whole as in `encode`, then each window."""
        if not pictures:
            return np.empty((0, 1 + len(descriptor.WINDOWS), self.dimension), np.float16)
        return np.stack(list(self._workers.map(self._with_windows, pictures)))

    def _whole(self, picture: Pixels) -> NDArray[np.float16]:
        return self._described(self._powers(picture, descriptor.INPUT_SIDE))

    def _with_depths(self, picture: Pixels) -> tuple[NDArray[np.float16], Floats]:
        last, *stages = self._feature_map.outputs(_prepared(picture, descriptor.INPUT_SIDE))
        return self._described(_powers_of(last[0])), depths([stage[0] for stage in stages])

    def _with_windows(self, picture: Pixels) -> NDArray[np.float16]:
        powers = self._powers(picture, descriptor.WINDOWS_SIDE)
        windows = [self._described(_window(powers, *each)) for each in descriptor.WINDOWS]
        return np.stack([self._whole(picture), *windows])

    def _powers(self, picture: Pixels, side: int) -> Floats:
        """The feature map, shape (FEATURES, h, w), of the picture at this size, each value to the power of the mean."""
        return _powers_of(self._feature_map(_prepared(picture, side))[0])

    def _described(self, powers: Floats) -> NDArray[np.float16]:
        """The descriptor of these cells: their generalised mean, projected."""
        kernel, bias = self._projection
        pooled = np.cbrt(powers.mean(axis=(1, 2)))
        return _normalised(_normalised(pooled) @ kernel + bias).astype(np.float16)


def load_copy_encoder(weights: Path | None = None) -> CopyEncoder:
    """The encoder of the default spec, with the shipped weights.

    Raises IntegrityError (`weights-changed`) if the file is not the pinned one; it is then not parsed.
    """
    weights = weights or descriptor.WEIGHTS_FILE
    data = weights.read_bytes()
    if hashlib.sha256(data).hexdigest() != descriptor.WEIGHTS_SHA256:
        raise IntegrityError(
            f"the model file {weights.name} was changed: its SHA-256 differs from the published one",
            code="weights-changed",
            hint="Reinstall artledger.",
        )
    return CopyEncoder({name: tensor.astype(np.float32) for name, tensor in load_safetensors(data).items()})


def _prepared(picture: Pixels, side: int) -> Floats:
    """The picture at this size, as the network takes it, shape (1, 3, side, side)."""
    resized = Image.fromarray(picture).resize((side, side), Image.Resampling.BILINEAR)
    mean, scale = np.float32(descriptor.INPUT_MEAN), np.float32(descriptor.INPUT_SCALE)
    return np.asarray(((np.asarray(resized, np.float32) - mean) / scale).transpose(2, 0, 1)[np.newaxis])


def _powers_of(features: Floats) -> Floats:
    features = np.maximum(features, _SMALLEST_FEATURE)
    return np.asarray(features * features * features, np.float32)  # numpy's own power takes ten times as long


def _window(powers: Floats, left: float, top: float, right: float, bottom: float) -> Floats:
    """The cells that a window touches."""
    _, height, width = powers.shape
    rows = slice(math.floor(top * height), math.ceil(bottom * height))
    return powers[:, rows, math.floor(left * width) : math.ceil(right * width)]


def _normalised(row: Floats) -> Floats:
    return np.asarray(row / max(float(np.linalg.norm(row)), _SMALLEST_LENGTH), np.float32)
