"""The file of a classifier of artists: arrays as safetensors, everything else as canonical JSON in its header.

Nothing in it is run: no pickle, no code. Bytes that do not fit together are refused before anything is computed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from safetensors import SafetensorError
from safetensors.numpy import load as load_safetensors
from safetensors.numpy import save as save_safetensors

from ledger import canonical
from ledger.errors import IntegrityError
from ledger.match.artists.features import Floats
from ledger.match.artists.fusion import Fusion
from ledger.match.artists.members import MEMBERS, MemberKind
from ledger.match.artists.model import EVIDENCE, ArtistCalibration, ArtistModel, Expert

_HEADER = "artledger"
_Number = Annotated[str, Field(pattern=r"^-?[0-9]{1,12}\.[0-9]{6}$")]
_Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
_Name = Annotated[str, Field(min_length=1, max_length=300)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class ExpertText(_Part):
    kind: MemberKind
    name: _Name
    parts: Annotated[tuple[_Name, ...], Field(strict=False, min_length=1)]
    temperature: _Number
    weight: _Number


class ArtistModelText(_Part):
    """The header: what the arrays mean."""

    type: Literal["artledger/artist-model"] = "artledger/artist-model"
    version: Literal[1] = 1
    classes: Annotated[tuple[_Name, ...], Field(strict=False, min_length=2)]
    experts: Annotated[tuple[ExpertText, ...], Field(strict=False, min_length=1, max_length=16)]
    none_bias: _Number
    none_slopes: Annotated[tuple[_Number, ...], Field(strict=False, min_length=len(EVIDENCE), max_length=len(EVIDENCE))]
    specs: dict[_Name, _Digest]
    temperature: _Number


def model_digest(data: bytes) -> str:
    """What records name a classifier by: the SHA-256 of its file, in lowercase hex."""
    return hashlib.sha256(data).hexdigest()


def write_artist_model(model: ArtistModel) -> bytes:
    """The file's bytes; equal models give equal bytes."""
    text = ArtistModelText(
        classes=model.classes,
        experts=tuple(
            ExpertText(
                kind=expert.member.kind,
                name=expert.name,
                parts=expert.fusion.parts,
                temperature=_decimal(expert.temperature),
                weight=_decimal(expert.weight),
            )
            for expert in model.experts
        ),
        none_bias=_decimal(model.calibration.none_bias),
        none_slopes=tuple(_decimal(each) for each in model.calibration.none_slopes),
        specs=dict(model.specs),
        temperature=_decimal(model.calibration.temperature),
    )
    arrays: dict[str, NDArray[Any]] = {}
    for place, expert in enumerate(model.experts):
        arrays |= {f"{place}.fusion.{name}": each for name, each in expert.fusion.arrays().items()}
        arrays |= {f"{place}.member.{name}": each for name, each in expert.member.arrays().items()}
    header = {_HEADER: canonical.dumps(text.model_dump(mode="json")).decode()}
    data: bytes = save_safetensors({name: np.ascontiguousarray(each) for name, each in sorted(arrays.items())}, header)
    return data


def read_artist_model(data: bytes) -> ArtistModel:
    """Raises IntegrityError (`bad-artist-model`)."""
    try:
        text = ArtistModelText.model_validate_json(_header(data))
        arrays = load_safetensors(data)
        experts = tuple(_expert(each, _below(f"{place}.", arrays)) for place, each in enumerate(text.experts))
        model = ArtistModel(
            text.classes,
            text.specs,
            experts,
            ArtistCalibration(float(text.temperature), float(text.none_bias), tuple(map(float, text.none_slopes))),
        )
        _check(model)
    except (SafetensorError, ValidationError, KeyError, TypeError, ValueError, IndexError, RecursionError) as error:
        raise IntegrityError(
            f"this classifier of artists cannot be read: {str(error)[:200]}",
            code="bad-artist-model",
            hint="Train it again: artledger train artist.",
        ) from error
    return model


def _header(data: bytes) -> str:
    """The JSON of the header. safetensors opens files only, so the header is taken from the bytes: 8 bytes of length
    and JSON (safetensors, Format)."""
    length = int.from_bytes(data[:8], "little")
    if not 0 < length <= min(len(data) - 8, 1 << 20):
        raise ValueError("its header is cut off")
    document = json.loads(data[8 : 8 + length])
    return str(document["__metadata__"][_HEADER])


def _expert(text: ExpertText, arrays: Mapping[str, NDArray[Any]]) -> Expert:
    fused = _below("fusion.", arrays)
    mean, scale, limit = (_vector(fused[name]) for name in ("mean", "scale", "limit"))
    fusion = Fusion(text.parts, mean, scale, limit)
    return Expert(text.name, fusion, MEMBERS[text.kind](_below("member.", arrays)), float(text.temperature),
                  float(text.weight))  # fmt: skip


def _check(model: ArtistModel) -> None:
    """Every member takes what its fusion gives, and gives one score for each class."""
    if len(set(model.classes)) != len(model.classes):
        raise ValueError("a class stands twice")
    if min(expert.temperature for expert in model.experts) <= 0 or model.calibration.temperature <= 0:
        raise ValueError("a temperature is not positive")
    if sum(expert.weight for expert in model.experts) <= 0 or min(expert.weight for expert in model.experts) < 0:
        raise ValueError("the weights do not add up")
    for expert in model.experts:
        fusion = expert.fusion
        if not len(fusion.mean) == len(fusion.scale) == len(fusion.limit):
            raise ValueError("the standardisation does not fit")
        if any(name not in model.specs for name in fusion.parts):
            raise ValueError("a kind of features has no specification")
        blank = np.zeros((1, fusion.dimension), np.float32)
        if expert.member.scores(blank).shape != (1, len(model.classes) + 1):
            raise ValueError("a member knows other classes")


def _below(prefix: str, arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    return {name.removeprefix(prefix): each for name, each in arrays.items() if name.startswith(prefix)}


def _vector(array: NDArray[Any]) -> Floats:
    if array.dtype != np.float32 or array.ndim != 1 or not np.isfinite(array).all():
        raise ValueError("an array has another form")
    return array


def _decimal(value: float) -> str:
    return f"{value:.6f}"
