"""Runs CLIP's image tower (Radford et al. 2021, section 2.4): pictures to projected, L2-normalised vectors.

The forward pass is our own, because importing transformers takes longer than the rest of a verification.
`tests/fingerprint/test_clip_encoder.py` compares it with CLIPVisionModelWithProjection. This module imports torch, so
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
from ledger.fingerprint.style_config import ClipConfig, Preprocessing, Sides, clip_config, preprocessing
from ledger.fingerprint.style_models import CLIP, CLIP_WEIGHTS, StyleModels, describe_clip
from ledger.fingerprint.weights_files import load_weights, normalised_float16
from ledger.fingerprint.workers import single_threaded_workers
from ledger.image.canonical_image import Pixels

_BLACK = np.zeros((16, 16, 3), np.uint8)


class ClipEncoder:
    """The `Encoder` named `clip`: cosine similarity."""

    def __init__(
        self,
        config: ClipConfig,
        prepared: Preprocessing,
        weights: Mapping[str, Tensor],
        description: Mapping[str, object],
    ) -> None:
        """Raises KeyError and RuntimeError if the weights do not fit such a tower."""
        self._config = config
        self._prepared = prepared
        self._weights = weights
        self._description = description
        self._whole(_BLACK)
        self._threads = single_threaded_workers(cores())

    @property
    def name(self) -> str:
        return CLIP

    @property
    def dimension(self) -> int:
        return self._config.projection_dim

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

    def _whole(self, picture: Pixels) -> NDArray[np.float16]:
        with torch.inference_mode():
            seen = torch.from_numpy(prepare(picture, self._prepared)).permute(2, 0, 1)[None]
            return normalised_float16(clip_embedding(seen, self._weights, self._config)[0].numpy())


def load_clip_encoder(models: StyleModels) -> ClipEncoder:
    """Loads the encoder. Raises NotFoundError (`model-missing`), InputError (`bad-model`, `unsafe-weights`),
    IntegrityError (`weights-changed` if the weights are not the pinned ones)."""
    pin = models.pins.clip if models.pins else None
    config, prepared = clip_config(models.clip), preprocessing(models.preprocessor)
    return load_weights(
        models.clip,
        (CLIP_WEIGHTS,),
        ("vision_model.", "visual_projection."),
        pin,
        lambda weights: ClipEncoder(config, prepared, weights, describe_clip(models, pin)),
    )


def prepare(picture: Pixels, prepared: Preprocessing) -> NDArray[np.float32]:
    """Prepares a picture like CLIPImageProcessor. Both have shape (height, width, 3)."""
    image = Image.fromarray(picture)
    image = image.resize(_resized(image.size, prepared), Image.Resampling(prepared.resample))
    if prepared.do_center_crop and prepared.crop_size is not None:
        image = _centre(image, prepared.crop_size)
    values = np.asarray(image, np.float32) / 255
    mean, deviation = (np.array(each, np.float32) for each in (prepared.image_mean, prepared.image_std))
    return np.asarray((values - mean) / deviation, np.float32)


def _resized(size: tuple[int, int], prepared: Preprocessing) -> tuple[int, int]:
    if isinstance(prepared.size, Sides):
        return prepared.size.width, prepared.size.height
    edge, short = prepared.size.shortest_edge, min(size)
    # Like transformers, truncate the longer side instead of rounding it.
    return (edge, size[1] * edge // short) if size[0] <= size[1] else (size[0] * edge // short, edge)


def _centre(image: Image.Image, crop: Sides) -> Image.Image:
    """The central crop; black where the picture is smaller."""
    left, top = (image.width - crop.width) // 2, (image.height - crop.height) // 2
    return image.crop((left, top, left + crop.width, top + crop.height))


def clip_embedding(pixels: Tensor, weights: Mapping[str, Tensor], config: ClipConfig) -> Tensor:
    """Embeddings of prepared pixels (n, 3, side, side), shape (n, projection_dim), not normalised."""

    def norm(name: str, values: Tensor) -> Tensor:
        name = f"vision_model.{name}"
        scale, shift = weights[f"{name}.weight"], weights[f"{name}.bias"]
        return functional.layer_norm(values, (config.hidden_size,), scale, shift, config.layer_norm_eps)

    def linear(name: str, values: Tensor) -> Tensor:
        name = f"vision_model.encoder.layers.{name}"
        return functional.linear(values, weights[f"{name}.weight"], weights[f"{name}.bias"])

    def heads(values: Tensor) -> Tensor:
        count, tokens, _ = values.shape
        return values.view(count, tokens, config.num_attention_heads, -1).transpose(1, 2)

    kernel = weights["vision_model.embeddings.patch_embedding.weight"]
    patches = functional.conv2d(pixels, kernel, stride=config.patch_size).flatten(2).transpose(1, 2)
    first = weights["vision_model.embeddings.class_embedding"].expand(len(pixels), 1, -1)
    tokens = torch.cat([first, patches], 1) + weights["vision_model.embeddings.position_embedding.weight"]
    tokens = norm("pre_layrnorm", tokens)
    for layer in range(config.num_hidden_layers):
        seen = norm(f"encoder.layers.{layer}.layer_norm1", tokens)
        query, key, value = (heads(linear(f"{layer}.self_attn.{each}_proj", seen)) for each in "qkv")
        attended = functional.scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2)
        tokens = tokens + linear(f"{layer}.self_attn.out_proj", attended)
        inner = linear(f"{layer}.mlp.fc1", norm(f"encoder.layers.{layer}.layer_norm2", tokens))
        inner = inner * torch.sigmoid(1.702 * inner) if config.hidden_act == "quick_gelu" else functional.gelu(inner)
        tokens = tokens + linear(f"{layer}.mlp.fc2", inner)
    return norm("post_layernorm", tokens[:, 0]) @ weights["visual_projection.weight"].T
