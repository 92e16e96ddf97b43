"""Runs the learned copy descriptor: turns a picture into a vector, and a query also into one vector per window (nine).

Trained by `ledger.lab.train.copy`; model card: weights/copy-v2.md. This module imports torch, so import it late.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from safetensors.torch import load as load_safetensors

from ledger.cores import cores
from ledger.errors import IntegrityError
from ledger.fingerprint import copy_descriptor as descriptor
from ledger.fingerprint.copy_network import CopyNetwork, normalised, pool, pool_windows
from ledger.fingerprint.efficientnet import EfficientNetLite0
from ledger.fingerprint.workers import single_threaded_workers
from ledger.image.canonical_image import Pixels


class CopyEncoder:
    """The `Encoder` named `copy`: cosine similarity."""

    def __init__(self, network: CopyNetwork) -> None:
        self._network = network.eval().requires_grad_(requires_grad=False)
        for parameter in network.parameters():
            if parameter.dim() == 4:
                parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
        self._threads = single_threaded_workers(cores())

    @property
    def name(self) -> str:
        return descriptor.NAME

    @property
    def dimension(self) -> int:
        return len(self._network.projection.weight)

    def describe(self) -> Mapping[str, object]:
        return descriptor.describe()

    def encode(self, pictures: Sequence[Pixels]) -> NDArray[np.float16]:
        """Shape (len(pictures), dimension), rows L2-normalised."""
        if not pictures:
            return np.empty((0, self.dimension), np.float16)
        return np.concatenate(list(self._threads.map(self._whole, pictures)))

    def encode_queries(self, pictures: Sequence[Pixels]) -> NDArray[np.float16]:
        """Shape (len(pictures), 1 + windows, dimension): the whole as in `encode`, then each window."""
        if not pictures:
            return np.empty((0, 1 + len(descriptor.WINDOWS), self.dimension), np.float16)
        return np.stack(list(self._threads.map(self._with_windows, pictures)))

    # One picture per pass, so that its vector cannot depend on the other pictures of a batch.

    def _whole(self, picture: Pixels) -> NDArray[np.float16]:
        with torch.inference_mode():
            return _half(self._network(_prepare(picture)))

    def _with_windows(self, picture: Pixels) -> NDArray[np.float16]:
        with torch.inference_mode():
            feature_map = self._network.backbone(_prepare(picture))
            whole = _half(self._network.describe(pool(feature_map)))
            windows = self._network.describe(pool_windows(feature_map, descriptor.WINDOWS)[0])
            return np.concatenate([whole, _half(windows)])


def load_copy_encoder(weights: Path | None = None) -> CopyEncoder:
    """The encoder of the default spec, with the shipped weights. Takes about a second, mostly to import torch.

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
    network = CopyNetwork(EfficientNetLite0())
    network.load_state_dict({name: tensor.float() for name, tensor in load_safetensors(data).items()})
    return CopyEncoder(network)


def _half(rows: torch.Tensor) -> NDArray[np.float16]:
    half: NDArray[np.float16] = rows.numpy().astype(np.float16)
    return half


def _prepare(picture: Pixels) -> torch.Tensor:
    side = descriptor.INPUT_SIDE
    resized = np.array(Image.fromarray(picture).resize((side, side), Image.Resampling.BILINEAR))
    return normalised(torch.from_numpy(resized[np.newaxis]))
