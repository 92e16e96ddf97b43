"""The fingerprints of a null query as bytes, so that they are computed once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as load_safetensors
from safetensors.numpy import save as save_safetensors

from ledger.errors import IntegrityError
from ledger.fingerprint.fingerprint import Fingerprint, QueryFingerprint

_HASH = 32


def query_bytes(made: Sequence[QueryFingerprint]) -> bytes:
    """The parts of a query's fingerprints that decide how near it is to works: its own, and that of the picture beside
    it."""
    return save_safetensors(
        {f"{number}.{name}": array for number, each in enumerate(made) for name, array in _arrays(each).items()}
    )


def read_query(data: bytes, spec: str) -> tuple[QueryFingerprint, ...]:
    """Reads `query_bytes`. Raises IntegrityError (`bad-null-query`) for anything else."""
    try:
        pictures: dict[int, dict[str, NDArray[Any]]] = {}
        for key, array in load_safetensors(data).items():
            number, _, name = key.partition(".")
            pictures.setdefault(int(number), {})[name] = array
        return tuple(_fingerprint(pictures[number], spec) for number in range(max(1, len(pictures))))
    except (SafetensorError, KeyError, ValueError, TypeError) as error:
        raise IntegrityError(
            f"the stored fingerprint of a sampled work cannot be read: {error}",
            code="bad-null-query",
            hint="Delete the rows of the table null_query, then run: artledger corpus calibrate",
        ) from error


def _arrays(made: QueryFingerprint) -> dict[str, NDArray[Any]]:
    image = made.image
    return {
        "copy": np.ascontiguousarray(image.embeddings["copy"], np.float16),
        "windows": np.ascontiguousarray(made.windows["copy"], np.float16),
        "hashes": _rows([image.phash, image.pdq]),
        "phash_views": _rows(made.phash_views),
        "pdq_views": _rows(made.pdq_views),
        "numbers": np.array([image.pdq_quality, image.complexity], np.float64),
    }


def _fingerprint(arrays: Mapping[str, NDArray[Any]], spec: str) -> QueryFingerprint:
    phash, pdq = _hashes(arrays["hashes"])
    quality, complexity = arrays["numbers"].tolist()
    return QueryFingerprint(
        Fingerprint(spec, phash, pdq, int(quality), {"copy": arrays["copy"]}, complexity, local=b""),
        tuple(_hashes(arrays["phash_views"])),
        tuple(_hashes(arrays["pdq_views"])),
        {"copy": arrays["windows"]},
    )


def _rows(hashes: list[bytes] | tuple[bytes, ...]) -> NDArray[np.uint8]:
    return np.frombuffer(b"".join(hashes), np.uint8).reshape(-1, _HASH)


def _hashes(rows: NDArray[np.uint8]) -> list[bytes]:
    return [row.tobytes() for row in rows.reshape(-1, _HASH)]
