"""Loads encoders from safetensors files. Refuses files that are not the pinned ones or do not fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from torch import Tensor

from ledger.errors import InputError
from ledger.fingerprint.style_models import changed_weights, require_file, weights_digest

_Made = TypeVar("_Made")


def load_weights(
    folder: Path,
    files: Sequence[str],
    parts: tuple[str, ...],
    pin: str | None,
    make: Callable[[Mapping[str, Tensor]], _Made],
) -> _Made:
    """The result of `make` for the float32 tensors of the first file; the pin covers all files.

    Only tensors whose names begin with one of `parts` are read. Raises NotFoundError (`model-missing`), InputError
    (`unsafe-weights`; `bad-model` if the tensors do not fit config.json), IntegrityError (`weights-changed`).
    """
    file = require_file(folder, files[0])
    if pin is not None and weights_digest(folder, *files) != pin:
        raise changed_weights(folder)
    try:
        with safe_open(file, framework="pt") as opened:
            names = [name for name in opened.keys() if name.startswith(parts)]  # noqa: SIM118 - no dictionary
            weights = {name: opened.get_tensor(name).float() for name in names}
        return make(weights)
    except (SafetensorError, KeyError, RuntimeError, ValueError) as error:
        raise InputError(f"the weights in {folder} do not fit its config.json: {error}", code="bad-model") from error


def normalised_float16(row: NDArray[np.float32]) -> NDArray[np.float16]:
    """The L2-normalised vector, shape (dimension,)."""
    half: NDArray[np.float16] = (row / max(float(np.linalg.norm(row)), 1e-12)).astype(np.float16)
    return half
