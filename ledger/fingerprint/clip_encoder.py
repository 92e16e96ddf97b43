"""Runs CLIP's image tower (Radford et al. 2021, section 2.4): pictures to projected, L2-normalised vectors.

The tower is a graph of our own, because importing transformers and torch takes longer than the rest of a verification.
`tests/fingerprint/test_style_encoders.py` compares it with CLIPVisionModelWithProjection. This module imports ONNX
Runtime, so import it late.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ledger.fingerprint.networks.clip import image_embedding
from ledger.fingerprint.networks.graph import Floats, Graph, GraphThreads
from ledger.fingerprint.style_config import ClipConfig, Preprocessing, Sides, clip_config, preprocessing
from ledger.fingerprint.style_models import CLIP, CLIP_WEIGHTS, StyleModels, describe_clip
from ledger.fingerprint.weights_files import load_weights, normalised_float16
from ledger.image.canonical_image import Pixels

_BLACK = np.zeros((16, 16, 3), np.uint8)


class ClipEncoder:
    """The `Encoder` named `clip`: cosine similarity."""

    def __init__(
        self,
        config: ClipConfig,
        prepared: Preprocessing,
        weights: Mapping[str, Floats],
        description: Mapping[str, object],
    ) -> None:
        """Raises KeyError and ValueError if the weights do not fit such a tower."""
        self._config = config
        self._prepared = prepared
        graph = Graph(weights)
        self._tower = graph.compile(image_embedding(graph, config))
        self._description = description
        self._whole(_BLACK)
        self._workers = GraphThreads()

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
        return np.stack(list(self._workers.map(self._whole, pictures)))

    def encode_queries(self, pictures: Sequence[Pixels]) -> NDArray[np.float16]:
        """Shape (len(pictures), 1, dimension): style is compared over the whole picture, without windows."""
        return self.encode(pictures)[:, np.newaxis]

    def _whole(self, picture: Pixels) -> NDArray[np.float16]:
        prepared = prepare(picture, self._prepared).transpose(2, 0, 1)
        return normalised_float16(self._tower(prepared[np.newaxis])[0])


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
