"""The learned copy descriptor: EfficientNet-Lite0 features, generalised-mean pooling, PCA whitening.

Sources: GeM pooling and learned whitening, Radenovic, Tolias and Chum, arXiv:1711.02512. Imports torch: import it late.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from safetensors.numpy import load as load_safetensors
from torch import Tensor

from ledger.errors import IntegrityError
from ledger.fingerprint import copy_descriptor as descriptor
from ledger.fingerprint.efficientnet import FEATURES, EfficientNetLite0, load_efficientnet_lite0
from ledger.image.types import Pixels

_SMALLEST_FEATURE = 1e-6


class PooledFeatures:
    """Pictures to L2-normalised GeM-pooled features, (n, FEATURES) float32. Each picture is prepared by itself."""

    dimension = FEATURES

    def __init__(self, network: EfficientNetLite0) -> None:
        self._network = network
        self._threads = _single_threaded_workers(os.cpu_count() or 1)

    def __call__(self, pictures: Sequence[Pixels]) -> NDArray[np.float32]:
        return unit_rows(np.concatenate(list(self._threads.map(self._one, pictures))))

    def _one(self, picture: Pixels) -> NDArray[np.float32]:
        """Shape (1, FEATURES). One picture per pass: its vector cannot depend on its company, and caches like it."""
        with torch.inference_mode():
            # Rows of RGB are already the channels-last layout: permute makes the view that torch calls so.
            inputs = torch.from_numpy(_prepare(picture)[np.newaxis]).permute(0, 3, 1, 2)
            inputs = (inputs.float() - descriptor.INPUT_MEAN) / descriptor.INPUT_SCALE
            pooled: NDArray[np.float32] = _gem(self._network(inputs)).numpy()
        return pooled


class CopyEncoder:
    """The `Encoder` named `copy`: 512 dimensions, cosine similarity."""

    def __init__(self, features: PooledFeatures, mean: NDArray[np.float32], projection: NDArray[np.float32]) -> None:
        """`mean`: (FEATURES,); `projection`: (DIMENSION, FEATURES), its rows scaled so that it whitens."""
        self._features = features
        self._mean = mean
        self._projection = projection

    @property
    def name(self) -> str:
        return descriptor.NAME

    @property
    def dimension(self) -> int:
        return len(self._projection)

    def describe(self) -> Mapping[str, object]:
        return descriptor.describe()

    def encode(self, pictures: Sequence[Pixels]) -> NDArray[np.float16]:
        """Shape (len(pictures), DIMENSION), rows L2-normalised."""
        if not pictures:
            return np.empty((0, self.dimension), np.float16)
        # Row by row: a product of matrices rounds differently for different numbers of rows.
        projected = [self._projection @ (row - self._mean) for row in self._features(pictures)]
        return unit_rows(np.stack(projected)).astype(np.float16)


def load_pooled_features() -> PooledFeatures:
    """Raises what `load_efficientnet_lite0` raises."""
    return PooledFeatures(load_efficientnet_lite0())


def load_copy_encoder() -> CopyEncoder:
    """The encoder of the default spec; takes about a second, most of it torch's import.

    Raises NotFoundError (`weights-missing`) and IntegrityError (`weights-changed`).
    """
    data = descriptor.WHITENING_FILE.read_bytes()
    if hashlib.sha256(data).hexdigest() != descriptor.WHITENING_SHA256:
        raise IntegrityError(
            f"{descriptor.WHITENING_FILE.name} is not the file that fingerprints are made with",
            code="weights-changed",
            hint="Reinstall artledger.",
        )
    tensors = load_safetensors(data)
    return CopyEncoder(
        load_pooled_features(), tensors["mean"].astype(np.float32), tensors["projection"].astype(np.float32)
    )


def unit_rows(rows: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """Each row divided by its length."""
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def _single_threaded_workers(count: int) -> ThreadPoolExecutor:
    """Threads in each of which torch computes with one thread.

    Torch's own threads wait for each other at every layer: with decoding workers on the same cores it then runs at a
    third of its speed. The setting is per thread, but it also changes what later threads begin with: that is put back.
    """
    before = torch.get_num_threads()
    started = Barrier(count + 1)

    def start() -> None:
        torch.set_num_threads(1)
        started.wait()

    threads = ThreadPoolExecutor(count, thread_name_prefix="encode")
    for _ in range(count):
        threads.submit(start)
    started.wait()
    torch.set_num_threads(before)
    return threads


def _prepare(picture: Pixels) -> NDArray[np.uint8]:
    side = descriptor.INPUT_SIDE
    return np.array(Image.fromarray(picture).resize((side, side), Image.Resampling.BILINEAR))


def _gem(feature_map: Tensor) -> Tensor:
    """Generalised mean over positions, (n, c, h, w) to (n, c); the floor keeps a blank picture's vector defined."""
    power = descriptor.GEM_POWER
    return feature_map.clamp(min=_SMALLEST_FEATURE).pow(power).mean(dim=(2, 3)).pow(1 / power)
