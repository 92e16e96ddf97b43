"""Fingerprints of works and queries as plain values, and the interface of encoders."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ledger.image.canonical_image import Pixels

Vector = NDArray[np.float16]
"""An L2-normalised embedding, shape (dimension,)."""


def embedding_sha256(vector: Vector) -> str:
    """Embedding digest (FORMAT.md): SHA-256 of the normalised vector as little-endian float16."""
    return hashlib.sha256(np.ascontiguousarray(vector, dtype="<f2").tobytes()).hexdigest()


@dataclass(frozen=True, slots=True)
class HandPrint:
    """How a work is drawn, for classifiers of artists (ledger/fingerprint/hand). It is stored, never signed."""

    spec: str
    """Digest of how it is computed (`hand_spec`)."""
    technique: NDArray[np.float32]
    """Shape (named numbers,)."""
    depths: NDArray[np.float16]
    """Statistics of the copy network's channels, shape (numbers,)."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """The fingerprint of one picture under one spec."""

    spec: str
    """Digest of the FingerprintSpec."""
    phash: bytes
    """32 bytes, most significant bit first, rows of the 16x16 DCT sign matrix."""
    pdq: bytes
    """32 bytes; see pdq_quality before trusting it."""
    pdq_quality: int
    """0 to 100; at or below 49 a PDQ hash is not used."""
    embeddings: Mapping[str, Vector]
    """L2-normalised vectors by name (`copy`, also `clip` and `vae`)."""
    complexity: float
    """Share of detail in [0, 1] (see complexity.py); decides the calibration bin and `not-comparable`."""
    local: bytes
    """Compact local features of a work, for geometric verification. Those of a query are computed and never stored."""
    hand: HandPrint | None = None
    """Of a work that is to be registered; no part of the spec."""


@dataclass(frozen=True, slots=True)
class QueryFingerprint:
    """A fingerprint with the hashes of the query's views: 8 dihedral, and one without border if there is a border."""

    image: Fingerprint
    phash_views: tuple[bytes, ...]
    pdq_views: tuple[bytes, ...]
    """Only views whose PDQ quality is above 49."""
    windows: Mapping[str, NDArray[np.float16]]
    """Embeddings of the query's windows by name, shape (windows, dimension), rows L2-normalised."""


class Encoder(Protocol):
    """Turns pixels into L2-normalised vectors. Loaded once, in batches, never at import time."""

    @property
    def name(self) -> str:
        """Name of the embedding, for instance `copy`."""

    @property
    def dimension(self) -> int: ...

    def describe(self) -> Mapping[str, object]:
        """Its part of the spec: model, version, weights digest, preprocessing (canonical JSON values)."""

    def encode(self, pictures: Sequence[Pixels]) -> NDArray[np.float16]:
        """Shape (len(pictures), dimension), rows L2-normalised."""

    def encode_queries(self, pictures: Sequence[Pixels]) -> NDArray[np.float16]:
        """Shape (len(pictures), 1 + windows, dimension): as `encode`, then each window; there may be none."""
