"""Runs the encoder of a VAE (Rombach et al. 2022): pictures to pooled statistics of their latents.

Positions matter little for style, so it keeps not the latents but each channel's mean and deviation over the whole and
over 2x2 and 4x4 cells. The encoder is a graph of our own, because importing diffusers and torch takes longer than the
rest of a verification. `tests/fingerprint/test_style_encoders.py` compares it with AutoencoderKL. This module imports
ONNX Runtime, so import it late.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ledger.errors import InputError
from ledger.fingerprint.networks.graph import Floats, Graph, GraphThreads
from ledger.fingerprint.networks.vae import mean_latents
from ledger.fingerprint.style_config import (
    GRIDS,
    STATISTICS,
    VAE_SIDE,
    PooledStatistics,
    VaeConfig,
    pooled_statistics,
    vae_config,
)
from ledger.fingerprint.style_models import VAE, VAE_WEIGHTS, StyleModels, describe_vae
from ledger.fingerprint.weights_files import load_weights, normalised_float16
from ledger.image.canonical_image import Pixels

_BLACK = np.zeros((16, 16, 3), np.uint8)
_OLDER_NAMES = {"query": "to_q", "key": "to_k", "value": "to_v", "proj_attn": "to_out.0"}
"""Names of the attention's layers in files written by diffusers before 0.18."""


class VaeEncoder:
    """The `Encoder` named `vae`: cosine similarity."""

    def __init__(
        self,
        config: VaeConfig,
        statistics: PooledStatistics | None,
        weights: Mapping[str, Floats],
        description: Mapping[str, object],
    ) -> None:
        """Raises KeyError and ValueError if weights or statistics do not fit such a VAE."""
        self._config = config
        graph = Graph({_newer(name): tensor for name, tensor in weights.items()})
        self._latents = graph.compile(mean_latents(graph, config))
        self._description = description
        self._statistics = statistics
        if len(self._pooled(_BLACK)) != config.dimension:
            raise ValueError(f"the weights give no {config.latent_channels} channels of latents")
        self._whole(_BLACK)
        self._workers = GraphThreads()

    @property
    def name(self) -> str:
        return VAE

    @property
    def dimension(self) -> int:
        return self._config.dimension

    def describe(self) -> Mapping[str, object]:
        return self._description

    def encode(self, pictures: Sequence[Pixels]) -> NDArray[np.float16]:
        """Shape (len(pictures), dimension), rows L2-normalised."""
        if not pictures:
            return np.empty((0, self.dimension), np.float16)
        return np.stack(list(self._workers.map(self._whole, pictures)))

    def encode_queries(self, pictures: Sequence[Pixels]) -> NDArray[np.float16]:
        """Shape (len(pictures), 1, dimension): style is compared over the whole picture, without windows."""
        return self.encode(pictures)[:, np.newaxis]

    def pooled(self, pictures: Sequence[Pixels]) -> NDArray[np.float32]:
        """Raw statistics, neither standardised nor normalised, shape (len(pictures), dimension)."""
        return np.stack(list(self._workers.map(self._pooled, pictures)))

    def _whole(self, picture: Pixels) -> NDArray[np.float16]:
        return standardised(self._pooled(picture), self._statistics)

    def _pooled(self, picture: Pixels) -> NDArray[np.float32]:
        small = Image.fromarray(picture).resize((VAE_SIDE, VAE_SIDE), Image.Resampling.BILINEAR)
        pixels = np.asarray(small, np.float32).transpose(2, 0, 1) / np.float32(127.5) - 1
        return pool(self._latents(pixels[np.newaxis])[0])


def load_vae_encoder(models: StyleModels) -> VaeEncoder:
    """Loads the encoder. Raises NotFoundError (`model-missing`), InputError (`bad-model`, `unsafe-weights`),
    IntegrityError (`weights-changed` if the weights are not the pinned ones)."""
    pin = models.pins.vae if models.pins else None
    config, statistics = vae_config(models.vae), pooled_statistics(models.vae)
    if statistics is not None and len(statistics.mean) != config.dimension:
        raise InputError(f"{models.vae / STATISTICS} is of another VAE", code="bad-model")
    return load_weights(
        models.vae,
        (VAE_WEIGHTS, STATISTICS),
        ("encoder.", "quant_conv."),
        pin,
        lambda weights: VaeEncoder(config, statistics, weights, describe_vae(models.vae, pin)),
    )


def standardised(pooled: NDArray[np.float32], statistics: PooledStatistics | None) -> NDArray[np.float16]:
    """Pooled statistics of one picture, shape (dimension,), standardised and L2-normalised."""
    if statistics is None:
        return normalised_float16(pooled)
    mean, deviation = (np.array(each, np.float64) for each in (statistics.mean, statistics.deviation))
    return normalised_float16(np.asarray((pooled - mean) / deviation, np.float32))


def pool(latents: NDArray[np.float32]) -> NDArray[np.float32]:
    """Statistics of latents (channels, side, side), shape (dimension,): per grid all cells' means, then deviations."""
    rows = []
    channels, side, _ = latents.shape
    for grid in GRIDS:
        cells = latents.reshape(channels, grid, side // grid, grid, side // grid)
        rows += [cells.mean(axis=(2, 4)).ravel(), cells.std(axis=(2, 4)).ravel()]
    return np.concatenate(rows).astype(np.float32)


def _newer(name: str) -> str:
    parts = name.split(".")
    if "attentions" in parts:
        parts = [_OLDER_NAMES.get(part, part) for part in parts]
    return ".".join(parts)
