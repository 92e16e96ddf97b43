"""Loads encoders from safetensors files. Refuses files that are not the pinned ones or do not fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, deserialize, safe_open

from ledger.errors import InputError
from ledger.fingerprint.networks.graph import Floats
from ledger.fingerprint.style_models import changed_weights, require_file, weights_digest

_Made = TypeVar("_Made")
_OF_NUMPY = {"F16": "<f2", "F32": "<f4", "F64": "<f8"}


def load_weights(
    folder: Path,
    files: Sequence[str],
    parts: tuple[str, ...],
    pin: str | None,
    make: Callable[[Mapping[str, Floats]], _Made],
) -> _Made:
    """The result of `make` for the float32 tensors of the first file; the pin covers all files.

    Only tensors whose names begin with one of `parts` are read. Raises NotFoundError (`model-missing`), InputError
    (`unsafe-weights`; `bad-model` if the tensors do not fit config.json), IntegrityError (`weights-changed`).
    """
    file = require_file(folder, files[0])
    if pin is not None and weights_digest(folder, *files) != pin:
        raise changed_weights(folder)
    try:
        return make(_tensors(file, parts))
    except (SafetensorError, KeyError, RuntimeError, ValueError) as error:
        raise InputError(f"the weights in {folder} do not fit its config.json: {error}", code="bad-model") from error


def _tensors(file: Path, parts: tuple[str, ...]) -> Mapping[str, Floats]:
    with safe_open(file, framework="numpy") as opened:
        names = [name for name in opened.keys() if name.startswith(parts)]  # noqa: SIM118 - no dictionary
        if all(opened.get_slice(name).get_dtype() in _OF_NUMPY for name in names):
            return {name: opened.get_tensor(name).astype(np.float32) for name in names}
    tensors = deserialize(file.read_bytes())  # type: ignore[no-untyped-call]  # safetensors leaves it unannotated
    return {name: _floats(tensor) for name, tensor in tensors if name.startswith(parts)}


def _floats(tensor: Mapping[str, Any]) -> Floats:
    """A tensor as the file has it. NumPy has no bfloat16, the upper half of a float32."""
    if tensor["dtype"] in _OF_NUMPY:
        values = np.frombuffer(tensor["data"], _OF_NUMPY[tensor["dtype"]]).astype(np.float32)
    elif tensor["dtype"] == "BF16":
        values = (np.frombuffer(tensor["data"], "<u2").astype(np.uint32) << 16).view(np.float32)
    else:
        raise ValueError(f"tensors of type {tensor['dtype']}")
    return values.reshape(tensor["shape"])


def normalised_float16(row: NDArray[np.float32]) -> NDArray[np.float16]:
    """The L2-normalised vector, shape (dimension,)."""
    half: NDArray[np.float16] = (row / max(float(np.linalg.norm(row)), 1e-12)).astype(np.float16)
    return half
