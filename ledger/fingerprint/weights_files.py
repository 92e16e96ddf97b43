"""Safetensors files to encoders, refused where they are not what was pinned or do not fit."""

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
    """What `make` makes of the tensors, as float32, in the first of the files; the others count for the pin. Only
    tensors whose names begin with one of `parts` are read.

    Raises NotFoundError (`model-missing`), InputError (`unsafe-weights`; `bad-model` where the tensors are not what
    config.json promises), IntegrityError (`weights-changed`).
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
    """L2-normalised, shape (dimension,)."""
    half: NDArray[np.float16] = (row / max(float(np.linalg.norm(row)), 1e-12)).astype(np.float16)
    return half
