"""The used parts of the configurations of CLIP's image tower and a VAE's encoder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from ledger import canonical
from ledger.errors import InputError, NotFoundError

STATISTICS = "pooled_statistics.json"
"""Optional file in a VAE's folder: mean and deviation for standardising its pooled statistics."""
VAE_SIDE = 128
"""Side, in pixels, of the input of a VAE's encoder."""
GRIDS = (1, 2, 4)
"""Cells per side over which latents are pooled: the whole, quarters, sixteenths."""
CELLS = sum(grid * grid for grid in GRIDS)
_MOST_CHANNELS = 64
_Number = Annotated[str, StringConstraints(pattern=r"^-?(0|[1-9][0-9]{0,8})\.[0-9]{6}$")]
_Size = Annotated[int, Field(ge=1, le=8192)]
_Side = Annotated[int, Field(ge=8, le=1024)]
_Three = Annotated[tuple[float, float, float], Field(strict=False)]
_Parsed = TypeVar("_Parsed", bound=BaseModel)


class _Config(BaseModel):
    """Ignores fields that this module does not use."""

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
        """Dimension of the pooled statistics: mean and deviation of each channel in each cell."""
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
    """Sides in pixels."""

    height: _Side
    width: _Side


class Preprocessing(_Config):
    """CLIPImageProcessor's preprocessing of a picture."""

    size: _ShortestEdge | Sides
    crop_size: Sides | None = None
    do_center_crop: bool = True
    resample: Literal[2, 3] = 3
    """Pillow's number of bilinear or bicubic, both with antialiasing."""
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
    """Mean and deviation of each pooled statistic over ordinary pictures. Standardising keeps common properties from
    hiding unusual ones."""

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
    """Config of the image tower, from its folder or one with both towers. Raises as `_json` does."""
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
    """None if a VAE has none; its statistics are then not standardised. Raises as `_json` does."""
    file = folder / STATISTICS
    return _validated(PooledStatistics, _json(file), file) if file.is_file() else None


def _json(file: Path) -> dict[str, object]:
    """Reads a JSON file. Raises NotFoundError (`model-missing`), InputError (`bad-model`)."""
    try:
        document = json.loads(file.read_bytes())
    except FileNotFoundError as error:
        raise NotFoundError(
            f"{file} does not exist", code="model-missing", hint="Name the folder that holds the model."
        ) from error
    except (OSError, ValueError, RecursionError) as error:
        raise bad_model(file, str(error)) from error
    if not isinstance(document, dict):
        raise bad_model(file, "no JSON object")
    return document


def _validated(kind: type[_Parsed], document: Mapping[str, object], file: Path) -> _Parsed:
    try:
        return kind.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise bad_model(file, f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error


def bad_model(file: Path, reason: str) -> InputError:
    return InputError(f"{file}: this model cannot be used: {reason}", code="bad-model")
