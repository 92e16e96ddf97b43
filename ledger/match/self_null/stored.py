"""The fingerprint of a null query as bytes, so that it is computed once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as load_safetensors
from safetensors.numpy import save as save_safetensors

from ledger.errors import IntegrityError
from ledger.fingerprint.fingerprint import Fingerprint, QueryFingerprint

_HASH = 32


def query_bytes(made: QueryFingerprint) -> bytes:
    """The part of a query's fingerprint that decides how near it is to works."""
    image = made.image
    return save_safetensors(
        {
            "copy": np.ascontiguousarray(image.embeddings["copy"], np.float16),
            "windows": np.ascontiguousarray(made.windows["copy"], np.float16),
            "hashes": _rows([image.phash, image.pdq]),
            "phash_views": _rows(made.phash_views),
            "pdq_views": _rows(made.pdq_views),
            "numbers": np.array([image.pdq_quality, image.complexity], np.float64),
        }
    )


def read_query(data: bytes, spec: str) -> QueryFingerprint:
    """Reads `query_bytes`. Raises IntegrityError (`bad-null-query`) for anything else."""
    try:
        arrays = load_safetensors(data)
        phash, pdq = _hashes(arrays["hashes"])
        quality, complexity = arrays["numbers"].tolist()
        image = Fingerprint(spec, phash, pdq, int(quality), {"copy": arrays["copy"]}, complexity, local=b"")
        return QueryFingerprint(
            image,
            tuple(_hashes(arrays["phash_views"])),
            tuple(_hashes(arrays["pdq_views"])),
            {"copy": arrays["windows"]},
        )
    except (SafetensorError, KeyError, ValueError, TypeError) as error:
        raise IntegrityError(
            f"the stored fingerprint of a sampled work cannot be read: {error}",
            code="bad-null-query",
            hint="Delete the rows of the table null_query, then run: artledger corpus calibrate",
        ) from error


def _rows(hashes: list[bytes] | tuple[bytes, ...]) -> NDArray[np.uint8]:
    return np.frombuffer(b"".join(hashes), np.uint8).reshape(-1, _HASH)


def _hashes(rows: NDArray[np.uint8]) -> list[bytes]:
    return [row.tobytes() for row in rows.reshape(-1, _HASH)]
