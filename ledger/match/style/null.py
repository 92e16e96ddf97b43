"""The unrelated pictures for error rates of style: CLIP and VAE embeddings of the null set's pictures.

`ledger.lab.train.style_null` makes them; embeddings only, no pixels. Model card: data/style-null-v2.md.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as load_safetensors
from safetensors.numpy import save as save_safetensors

from ledger.errors import InputError, IntegrityError
from ledger.match.style.measure import StyleBlock, StyleMeasure

STYLE_NULL = "style-null-v2.safetensors"
NEIGHBOURS = 10
"""Number of background pictures in a picture's level, as in CSLS."""


@dataclass(frozen=True, slots=True)
class StyleNull:
    """k of the null set's pictures as queries, clean or edited as there, and the measure of nearness."""

    spec: str
    """Digest of the spec's style part."""
    digest: str
    """Lowercase hex SHA-256 of the file."""
    null_set: str
    """Digest of the null set."""
    rows: NDArray[np.int64]
    """Rows of the pictures in the null set, ascending, shape (k,)."""
    pictures: StyleBlock
    measure: StyleMeasure

    def __len__(self) -> int:
        return len(self.rows)


@cache
def shipped_style_null() -> StyleNull | None:
    """The style null set in the package, loaded once; None if none is shipped."""
    file = files("ledger.match") / "data" / STYLE_NULL
    return read_style_null(file.read_bytes()) if file.is_file() else None


def style_null_in(folder: Path) -> StyleNull | None:
    """The style null set that `artledger train style-null` made for the models in a user's folder; None if missing.

    Raises IntegrityError (`bad-style-null`), InputError (`unreadable`).
    """
    file = folder / STYLE_NULL
    try:
        return read_style_null(file.read_bytes()) if file.is_file() else None
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}", code="unreadable") from error


def read_style_null(data: bytes) -> StyleNull:
    """Reads a style null set. Raises IntegrityError (`bad-style-null`) for any other file."""
    try:
        arrays = load_safetensors(data)
        clip_weight, vae_weight = (float(weight) for weight in arrays["weights"])
        measure = StyleMeasure(_block("background", arrays), clip_weight, vae_weight, NEIGHBOURS)
        made = StyleNull(
            spec=bytes(arrays["spec"]).hex(),
            digest=hashlib.sha256(data).hexdigest(),
            null_set=bytes(arrays["null_set"]).hex(),
            rows=arrays["rows"],
            pictures=_block("pictures", arrays),
            measure=measure,
        )
    except (SafetensorError, KeyError, ValueError) as error:
        raise _bad(str(error)) from error
    shapes = (made.pictures.clip, made.pictures.vae, measure.background.clip, measure.background.vae)
    if any(rows.ndim != 2 or rows.dtype != np.float16 for rows in shapes):
        raise _bad("embeddings are float16 rows")
    if not len(made.rows) == len(made.pictures.clip) == len(made.pictures.vae):
        raise _bad("an embedding of a picture is missing")
    if len(measure.background) < NEIGHBOURS:
        raise _bad("the background is too small")
    return made


def write_style_null(
    spec: str, null_set: str, rows: NDArray[np.int64], pictures: StyleBlock, measure: StyleMeasure
) -> bytes:
    """The file's bytes; equal input gives equal bytes."""
    background = measure.background
    arrays: Mapping[str, NDArray[Any]] = {
        "spec": np.frombuffer(bytes.fromhex(spec), np.uint8),
        "null_set": np.frombuffer(bytes.fromhex(null_set), np.uint8),
        "rows": rows,
        "weights": np.array([measure.clip_weight, measure.vae_weight], np.float64),
        "pictures.clip": pictures.clip,
        "pictures.vae": pictures.vae,
        "background.clip": background.clip,
        "background.vae": background.vae,
    }
    return save_safetensors({name: np.ascontiguousarray(array) for name, array in arrays.items()})


def _block(name: str, arrays: Mapping[str, NDArray[Any]]) -> StyleBlock:
    return StyleBlock(arrays[f"{name}.clip"], arrays[f"{name}.vae"])


def _bad(reason: str) -> IntegrityError:
    return IntegrityError(f"the unrelated pictures for style cannot be read: {reason}", code="bad-style-null")
