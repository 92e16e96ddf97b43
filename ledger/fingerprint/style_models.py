"""The two models for style, CLIP's image tower and a VAE's encoder: their folders, definitions and parts of the spec.
Imports no model library.

A folder has the form that `save_pretrained` of transformers and diffusers writes: config.json and one safetensors
file. Weights in any other form are refused, because pickles can run code.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from ledger import canonical
from ledger.errors import InputError, IntegrityError, NotFoundError
from ledger.files import open_regular
from ledger.fingerprint.copy_descriptor import RUNTIME
from ledger.fingerprint.style_config import (
    GRIDS,
    STATISTICS,
    VAE_SIDE,
    Sides,
    bad_model,
    clip_config,
    preprocessing,
    vae_config,
)

CLIP = "clip"
VAE = "vae"
STYLE = frozenset({CLIP, VAE})
"""Names of the style embeddings."""
CLIP_WEIGHTS = "model.safetensors"
VAE_WEIGHTS = "diffusion_pytorch_model.safetensors"


@dataclass(frozen=True, slots=True)
class StylePins:
    """Digests (`weights_digest`) of the two models."""

    clip: str
    vae: str


SHIPPED_FOLDER = Path(__file__).parent / "weights" / "studio"
SHIPPED: StylePins | None = StylePins(
    clip="0e35b5f9cf16226a3e0043557f5aabcab100b60202ac889327d934ba1df31e81",
    vae="bb6b52f21f79aa201c00fd3bbe95a1c8200124a123aeefb91c60846a32c103b6",
)
"""Digests of the models in SHIPPED_FOLDER, as printed by `artledger train style-null`."""


@dataclass(frozen=True, slots=True)
class StyleModels:
    """The folders of the models."""

    clip: Path
    preprocessor: Path
    """Folder of preprocessor_config.json."""
    vae: Path
    pins: StylePins | None = None
    """Required digests of the files; None: any files, since the spec names their digests."""

    @classmethod
    def in_folder(cls, folder: Path, pins: StylePins | None = None) -> Self:
        """The models in a pipeline's folder, with `image_encoder`, `feature_extractor` and `vae`."""
        return cls(folder / "image_encoder", folder / "feature_extractor", folder / "vae", pins)

    def describe(self) -> Mapping[str, Mapping[str, object]]:
        """Both models' parts of a FingerprintSpec, by name. Raises as `describe_clip` and `describe_vae` do."""
        pins = self.pins
        return {
            CLIP: describe_clip(self, pins.clip if pins else None),
            VAE: describe_vae(self.vae, pins.vae if pins else None),
        }


def shipped_style_models() -> StyleModels | None:
    """The shipped style models; None if none are shipped."""
    return None if SHIPPED is None else StyleModels.in_folder(SHIPPED_FOLDER, SHIPPED)


def describe_clip(models: StyleModels, pin: str | None = None) -> Mapping[str, object]:
    """Raises NotFoundError (`model-missing`), InputError (`bad-model`, `unsafe-weights`)."""
    config, prepared = clip_config(models.clip), preprocessing(models.preprocessor)
    seen = prepared.crop_size if prepared.do_center_crop else prepared.size
    if not isinstance(seen, Sides) or (seen.height, seen.width) != (config.image_size, config.image_size):
        raise bad_model(models.preprocessor, f"it does not make pictures of {config.image_size} pixels a side")
    return {
        "algorithm": "CLIP image tower, projected, L2",
        "version": 2,
        "dimension": config.projection_dim,
        "weights": pin or weights_digest(models.clip, CLIP_WEIGHTS),
        "preprocessing": prepared.describe(),
        "runtime": RUNTIME,
        "stored_as": "float16",
    }


def describe_vae(folder: Path, pin: str | None = None) -> Mapping[str, object]:
    """Raises NotFoundError (`model-missing`), InputError (`bad-model`, `unsafe-weights`)."""
    config = vae_config(folder)
    return {
        "algorithm": "AutoencoderKL encoder, mean latents, pooled statistics, standardised, L2",
        "version": 2,
        "dimension": config.dimension,
        "weights": pin or weights_digest(folder, VAE_WEIGHTS, STATISTICS),
        "preprocessing": {"resize": f"working picture to {VAE_SIDE}x{VAE_SIDE}, bilinear with antialiasing"},
        "pooling": f"mean and deviation of each channel in grids of {', '.join(map(str, GRIDS))} a side",
        "runtime": RUNTIME,
        "stored_as": "float16",
    }


def weights_digest(folder: Path, weights: str, *more: str) -> str:
    """SHA-256 of the canonical JSON of file names and their SHA-256: config.json, the weights, and existing `more`
    files.

    Raises NotFoundError (`model-missing`), InputError (`unsafe-weights` if there are only pickles).
    """
    require_file(folder, weights)
    names = ["config.json", weights, *(name for name in more if (folder / name).is_file())]
    return canonical.digest({name: _file_digest(folder / name) for name in names})


def require_file(folder: Path, weights: str) -> Path:
    """The weights' file. Raises as `weights_digest` does."""
    file = folder / weights
    if file.is_file():
        return file
    if any(folder.glob("*.bin")) or any(folder.glob("*.pt")) or any(folder.glob("*.ckpt")):
        raise InputError(
            f"{folder} has its weights only as pickle files, which can run code",
            code="unsafe-weights",
            hint="Get the model's safetensors files instead.",
        )
    raise NotFoundError(f"{file} does not exist", code="model-missing", hint="Name the folder that holds the model.")


def changed_weights(folder: Path) -> IntegrityError:
    """The error for weights that are not the pinned ones."""
    return IntegrityError(
        f"the model in {folder} was changed: its SHA-256 differs from the expected one",
        code="weights-changed",
        hint="Reinstall artledger.",
    )


def _file_digest(path: Path) -> str:
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
