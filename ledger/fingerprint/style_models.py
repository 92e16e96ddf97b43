"""The two models that style is compared by, CLIP's image tower and a VAE's encoder: their folders, definitions and
parts of the spec. Imports no model library.

A folder is as `save_pretrained` of transformers and diffusers writes it: config.json and one safetensors file. Weights
in any other form are refused: pickles run code.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from ledger import canonical
from ledger.errors import InputError, IntegrityError, NotFoundError
from ledger.files import open_regular

CLIP = "clip"
VAE = "vae"
STYLE = frozenset({CLIP, VAE})
"""Embeddings that style is compared by."""
CLIP_WEIGHTS = "model.safetensors"
VAE_WEIGHTS = "diffusion_pytorch_model.safetensors"
STATISTICS = "pooled_statistics.json"
"""In a VAE's folder, where there is one: what its pooled statistics are standardised by."""
VAE_SIDE = 128
"""Pixels a side of what a VAE's encoder is given."""
GRIDS = (1, 2, 4)
"""Cells a side over which latents are pooled: the whole, quarters, sixteenths."""
CELLS = sum(grid * grid for grid in GRIDS)

_MOST_CHANNELS = 64
_Number = Annotated[str, StringConstraints(pattern=r"^-?(0|[1-9][0-9]{0,8})\.[0-9]{6}$")]
_Size = Annotated[int, Field(ge=1, le=8192)]
_Side = Annotated[int, Field(ge=8, le=1024)]
_Three = Annotated[tuple[float, float, float], Field(strict=False)]
_Parsed = TypeVar("_Parsed", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class StylePins:
    """Digests (`weights_digest`) of the two models."""

    clip: str
    vae: str


SHIPPED_FOLDER = Path(__file__).parent / "weights" / "studio"
SHIPPED: StylePins | None = StylePins(
    clip="0e35b5f9cf16226a3e0043557f5aabcab100b60202ac889327d934ba1df31e81",
    vae="850d7b5e1c20f3e4df392caf5c5a6f0b83eb93e287fb700814e6ea8a4fb4d1f1",
)
"""The models in SHIPPED_FOLDER, as `artledger train style-null` prints it."""


@dataclass(frozen=True, slots=True)
class StyleModels:
    """Where the models are."""

    clip: Path
    preprocessor: Path
    """Folder of preprocessor_config.json."""
    vae: Path
    pins: StylePins | None = None
    """What the files must be; None: whatever they are, the spec names it."""

    @classmethod
    def in_folder(cls, folder: Path, pins: StylePins | None = None) -> Self:
        """In a pipeline's folder, with `image_encoder`, `feature_extractor` and `vae`."""
        return cls(folder / "image_encoder", folder / "feature_extractor", folder / "vae", pins)

    def describe(self) -> Mapping[str, Mapping[str, object]]:
        """Both models' parts of a FingerprintSpec, by name. Raises as `describe_clip` and `describe_vae` do."""
        pins = self.pins
        return {
            CLIP: describe_clip(self, pins.clip if pins else None),
            VAE: describe_vae(self.vae, pins.vae if pins else None),
        }


def shipped_style_models() -> StyleModels | None:
    """None while none are shipped."""
    return None if SHIPPED is None else StyleModels.in_folder(SHIPPED_FOLDER, SHIPPED)


class _Config(BaseModel):
    """Other fields are the other parts' business."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)


class ClipConfig(_Config):
    """CLIP's image tower (Radford et al. 2021), as transformers describes it."""

    hidden_size: _Size
    num_attention_heads: Annotated[int, Field(ge=1, le=128)]
    num_hidden_layers: Annotated[int, Field(ge=1, le=128)]
    patch_size: Annotated[int, Field(ge=1, le=64)]
    image_size: _Side
    projection_dim: Annotated[int, Field(ge=1, le=4000)]
    hidden_act: Literal["quick_gelu", "gelu"] = "quick_gelu"
    layer_norm_eps: Annotated[float, Field(gt=0, lt=1)] = 1e-5


class VaeConfig(_Config):
    """AutoencoderKL's encoder (Rombach et al. 2022), as diffusers describes it."""

    block_out_channels: Annotated[tuple[_Size, ...], Field(strict=False, min_length=1, max_length=8)]
    latent_channels: Annotated[int, Field(ge=1, le=_MOST_CHANNELS)]
    norm_num_groups: Annotated[int, Field(ge=1, le=512)] = 32
    act_fn: Literal["silu"] = "silu"
    down_block_types: Annotated[tuple[Literal["DownEncoderBlock2D"], ...], Field(strict=False)]

    @property
    def dimension(self) -> int:
        """Of the pooled statistics: mean and deviation of each channel in each cell."""
        return 2 * self.latent_channels * CELLS

    @property
    def latent_side(self) -> int:
        return int(VAE_SIDE >> (len(self.block_out_channels) - 1))

    @model_validator(mode="after")
    def _divisible(self) -> VaeConfig:
        if self.latent_side % max(GRIDS):
            raise ValueError(f"latents of {self.latent_side} a side cannot be pooled in {max(GRIDS)} cells a side")
        return self


class _ShortestEdge(_Config):
    shortest_edge: _Side


class Sides(_Config):
    """In pixels."""

    height: _Side
    width: _Side


class Preprocessing(_Config):
    """What CLIPImageProcessor does to a picture before CLIP sees it."""

    size: _ShortestEdge | Sides
    crop_size: Sides | None = None
    do_center_crop: bool = True
    resample: Literal[2, 3] = 3
    """Of Pillow: bilinear or bicubic, both with antialiasing."""
    image_mean: _Three
    image_std: _Three

    def describe(self) -> Mapping[str, object]:
        crop = self.crop_size.model_dump() if self.crop_size and self.do_center_crop else None
        return {
            "resize": self.size.model_dump(),
            "resampling": {2: "bilinear", 3: "bicubic"}[self.resample],
            "crop": crop,
            "mean": [f"{value:.8f}" for value in self.image_mean],
            "deviation": [f"{value:.8f}" for value in self.image_std],
        }


class PooledStatistics(BaseModel):
    """Mean and deviation of each pooled statistic over ordinary pictures: standardising by them keeps common
    properties from hiding the unusual ones."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    type: Literal["artledger/pooled-statistics"] = "artledger/pooled-statistics"
    version: Literal[1] = 1
    mean: Annotated[tuple[_Number, ...], Field(strict=False)]
    deviation: Annotated[tuple[_Number, ...], Field(strict=False)]

    @model_validator(mode="after")
    def _usable(self) -> PooledStatistics:
        if len(self.mean) != len(self.deviation) or any(float(value) <= 0 for value in self.deviation):
            raise ValueError("a positive deviation belongs to each mean")
        return self

    def to_bytes(self) -> bytes:
        return canonical.dumps(self.model_dump(mode="json"))


def clip_config(folder: Path) -> ClipConfig:
    """Of the image tower's folder, or of one with both towers. Raises as `_json` does."""
    file = folder / "config.json"
    document = _json(file)
    tower = document.get("vision_config")
    if isinstance(tower, dict):
        document = {**tower, "projection_dim": document.get("projection_dim", tower.get("projection_dim"))}
    return _validated(ClipConfig, document, file)


def vae_config(folder: Path) -> VaeConfig:
    """Raises as `_json` does."""
    return _validated(VaeConfig, _json(folder / "config.json"), folder / "config.json")


def preprocessing(folder: Path) -> Preprocessing:
    """Raises as `_json` does."""
    file = folder / "preprocessor_config.json"
    return _validated(Preprocessing, _json(file), file)


def pooled_statistics(folder: Path) -> PooledStatistics | None:
    """None where a VAE has none: its statistics are then taken as they are. Raises as `_json` does."""
    file = folder / STATISTICS
    return _validated(PooledStatistics, _json(file), file) if file.is_file() else None


def describe_clip(models: StyleModels, pin: str | None = None) -> Mapping[str, object]:
    """Raises NotFoundError (`model-missing`), InputError (`bad-model`, `unsafe-weights`)."""
    config, prepared = clip_config(models.clip), preprocessing(models.preprocessor)
    seen = prepared.crop_size if prepared.do_center_crop else prepared.size
    if not isinstance(seen, Sides) or (seen.height, seen.width) != (config.image_size, config.image_size):
        raise _bad(models.preprocessor, f"it does not make pictures of {config.image_size} pixels a side")
    return {
        "algorithm": "CLIP image tower, projected, L2",
        "version": 1,
        "dimension": config.projection_dim,
        "weights": pin or weights_digest(models.clip, CLIP_WEIGHTS),
        "preprocessing": prepared.describe(),
        "stored_as": "float16",
    }


def describe_vae(folder: Path, pin: str | None = None) -> Mapping[str, object]:
    """Raises NotFoundError (`model-missing`), InputError (`bad-model`, `unsafe-weights`)."""
    config = vae_config(folder)
    return {
        "algorithm": "AutoencoderKL encoder, mean latents, pooled statistics, standardised, L2",
        "version": 1,
        "dimension": config.dimension,
        "weights": pin or weights_digest(folder, VAE_WEIGHTS, STATISTICS),
        "preprocessing": {"resize": f"working picture to {VAE_SIDE}x{VAE_SIDE}, bilinear with antialiasing"},
        "pooling": f"mean and deviation of each channel in grids of {', '.join(map(str, GRIDS))} a side",
        "stored_as": "float16",
    }


def weights_digest(folder: Path, weights: str, *more: str) -> str:
    """SHA-256 over the canonical JSON of file name to file's SHA-256: config.json, the weights, and of `more` what is
    there.

    Raises NotFoundError (`model-missing`), InputError (`unsafe-weights` where there are only pickles).
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
    """For weights other than the pinned ones."""
    return IntegrityError(
        f"the model in {folder} was changed: its SHA-256 differs from the expected one",
        code="weights-changed",
        hint="Reinstall artledger.",
    )


def _file_digest(path: Path) -> str:
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _json(file: Path) -> dict[str, object]:
    """Raises NotFoundError (`model-missing`), InputError (`bad-model`)."""
    try:
        document = json.loads(file.read_bytes())
    except FileNotFoundError as error:
        raise NotFoundError(
            f"{file} does not exist", code="model-missing", hint="Name the folder that holds the model."
        ) from error
    except (OSError, ValueError, RecursionError) as error:
        raise _bad(file, str(error)) from error
    if not isinstance(document, dict):
        raise _bad(file, "no JSON object")
    return document


def _validated(kind: type[_Parsed], document: Mapping[str, object], file: Path) -> _Parsed:
    try:
        return kind.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise _bad(file, f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error


def _bad(file: Path, reason: str) -> InputError:
    return InputError(f"{file}: this model cannot be used: {reason}", code="bad-model")
