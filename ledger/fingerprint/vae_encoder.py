"""Runs the encoder of a VAE (Rombach et al. 2022): pictures to pooled statistics of their latents.

Positions matter little for style, so it keeps not the latents but each channel's mean and deviation over the whole and
over 2x2 and 4x4 cells. The forward pass is our own, because importing diffusers takes longer than the rest of a
verification. `tests/fingerprint/test_vae_encoder.py` compares it with AutoencoderKL. This module imports torch, so
import it late.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn import functional

from ledger.cores import cores
from ledger.errors import InputError
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
from ledger.fingerprint.workers import single_threaded_workers
from ledger.image.canonical_image import Pixels

_BLACK = np.zeros((16, 16, 3), np.uint8)
_EPSILON = 1e-6
_OLDER_NAMES = {"query": "to_q", "key": "to_k", "value": "to_v", "proj_attn": "to_out.0"}
"""Names of the attention's layers in files written by diffusers before 0.18."""


class VaeEncoder:
    """The `Encoder` named `vae`: cosine similarity."""

    def __init__(
        self,
        config: VaeConfig,
        statistics: PooledStatistics | None,
        weights: Mapping[str, Tensor],
        description: Mapping[str, object],
    ) -> None:
        """Raises KeyError, RuntimeError and ValueError if weights or statistics do not fit such a VAE."""
        self._config = config
        self._weights = {_newer(name): _rows_last(tensor) for name, tensor in weights.items()}
        self._description = description
        self._statistics = statistics
        if len(self._pooled(_BLACK)) != config.dimension:
            raise ValueError(f"the weights give no {config.latent_channels} channels of latents")
        self._whole(_BLACK)
        self._threads = single_threaded_workers(cores())

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
        return np.stack(list(self._threads.map(self._whole, pictures)))

    def encode_queries(self, pictures: Sequence[Pixels]) -> NDArray[np.float16]:
        """Shape (len(pictures), 1, dimension): style is compared over the whole picture, without windows."""
        return self.encode(pictures)[:, np.newaxis]

    def pooled(self, pictures: Sequence[Pixels]) -> NDArray[np.float32]:
        """Raw statistics, neither standardised nor normalised, shape (len(pictures), dimension)."""
        return np.stack(list(self._threads.map(self._pooled, pictures)))

    def _whole(self, picture: Pixels) -> NDArray[np.float16]:
        return standardised(self._pooled(picture), self._statistics)

    def _pooled(self, picture: Pixels) -> NDArray[np.float32]:
        small = np.array(Image.fromarray(picture).resize((VAE_SIDE, VAE_SIDE), Image.Resampling.BILINEAR))
        with torch.inference_mode():
            pixels = torch.from_numpy(small).permute(2, 0, 1)[None].float() / 127.5 - 1
            return pool(mean_latents(pixels, self._weights, self._config)[0].numpy())


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


def mean_latents(pixels: Tensor, weights: Mapping[str, Tensor], config: VaeConfig) -> Tensor:
    """Unscaled posterior means, shape (n, channels, side/f, side/f), for pixels (n, 3, side, side) in [-1, 1]."""

    def convolution(name: str, values: Tensor, *, stride: int = 1, padding: int = 1) -> Tensor:
        return functional.conv2d(values, weights[f"{name}.weight"], weights[f"{name}.bias"], stride, padding)

    def norm(name: str, values: Tensor) -> Tensor:
        scale, shift = weights[f"{name}.weight"], weights[f"{name}.bias"]
        return functional.group_norm(values, config.norm_num_groups, scale, shift, _EPSILON)

    def residual(name: str, values: Tensor) -> Tensor:
        inner = convolution(f"{name}.conv1", functional.silu(norm(f"{name}.norm1", values)))
        inner = convolution(f"{name}.conv2", functional.silu(norm(f"{name}.norm2", inner)))
        if f"{name}.conv_shortcut.weight" in weights:
            values = convolution(f"{name}.conv_shortcut", values, padding=0)
        return values + inner

    def attention(name: str, values: Tensor) -> Tensor:
        tokens = norm(f"{name}.group_norm", values).flatten(2).transpose(1, 2)
        query, key, value = (_linear(weights, f"{name}.to_{each}", tokens) for each in "qkv")
        # One head, as wide as the channels.
        attended = functional.scaled_dot_product_attention(query, key, value)
        return values + _linear(weights, f"{name}.to_out.0", attended).transpose(1, 2).reshape(values.shape)

    values = convolution("encoder.conv_in", pixels.contiguous(memory_format=torch.channels_last))
    for block in range(len(config.block_out_channels)):
        name, layer = f"encoder.down_blocks.{block}", 0
        while f"{name}.resnets.{layer}.conv1.weight" in weights:
            values = residual(f"{name}.resnets.{layer}", values)
            layer += 1
        if block + 1 < len(config.block_out_channels):
            padded = functional.pad(values, (0, 1, 0, 1))
            values = convolution(f"{name}.downsamplers.0.conv", padded, stride=2, padding=0)
    values = residual("encoder.mid_block.resnets.0", values)
    if "encoder.mid_block.attentions.0.to_q.weight" in weights:
        values = attention("encoder.mid_block.attentions.0", values)
    values = residual("encoder.mid_block.resnets.1", values)
    values = convolution("encoder.conv_out", functional.silu(norm("encoder.conv_norm_out", values)))
    if "quant_conv.weight" in weights:
        values = convolution("quant_conv", values, padding=0)
    return values[:, : config.latent_channels]


def _linear(weights: Mapping[str, Tensor], name: str, values: Tensor) -> Tensor:
    return functional.linear(values, weights[f"{name}.weight"].flatten(1), weights[f"{name}.bias"])


def _newer(name: str) -> str:
    parts = name.split(".")
    if "attentions" in parts:
        parts = [_OLDER_NAMES.get(part, part) for part in parts]
    return ".".join(parts)


def _rows_last(tensor: Tensor) -> Tensor:
    return tensor.contiguous(memory_format=torch.channels_last) if tensor.dim() == 4 else tensor
