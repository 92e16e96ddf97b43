"""Fingerprints of many works as arrays, for re-ranking and calibration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ledger.errors import ConflictError
from ledger.fingerprint.fingerprint import Fingerprint
from ledger.match import alike

HASH_WORDS = 4
"""A 256-bit hash as 64-bit words."""
MIN_PDQ_QUALITY = alike.MIN_PDQ_QUALITY


def hash_words(hashes: Sequence[bytes]) -> NDArray[np.uint64]:
    """256-bit hashes (32 bytes each) as shape (n, 4) 64-bit words, for counting differing bits."""
    return np.frombuffer(b"".join(hashes), dtype=np.uint64).reshape(-1, HASH_WORDS)


def first_rows(keys: Sequence[object]) -> NDArray[np.int64]:
    """The places in `keys`, in which equal ones lie beside each other, where a new one begins."""
    return np.array([place for place, key in enumerate(keys) if not place or key != keys[place - 1]], np.int64)


@dataclass(frozen=True, slots=True)
class FingerprintBlock:
    """n fingerprints of one spec; every array has n rows."""

    spec: str
    copy: NDArray[np.float16]
    """Shape (n, dimension), rows L2-normalised."""
    phash: NDArray[np.uint64]
    """Shape (n, 4)."""
    pdq: NDArray[np.uint64]
    """Shape (n, 4)."""
    pdq_quality: NDArray[np.uint8]
    complexity: NDArray[np.float32]
    starts: NDArray[np.int64] | None = None
    """First row of each work, where rows are views of works, a work's beside each other; None: one row each."""

    def __len__(self) -> int:
        return len(self.copy)

    @property
    def works(self) -> int:
        return len(self) if self.starts is None else len(self.starts)

    def best_views(self, raw: NDArray[np.float64]) -> NDArray[np.float64]:
        """For raw scores of shape (queries, rows), those of each work's better view, shape (queries, works)."""
        if self.starts is None or self.works == len(self):
            return raw
        best: NDArray[np.float64] = np.maximum.reduceat(raw, self.starts, axis=1)
        return best

    @classmethod
    def stack(cls, fingerprints: Sequence[Fingerprint]) -> Self:
        """One block of at least one fingerprint. Raises ConflictError (`mixed-specs`) if they have several specs."""
        specs = {fingerprint.spec for fingerprint in fingerprints}
        if len(specs) != 1:
            raise ConflictError(
                f"fingerprints of {len(specs)} specs cannot be compared with each other", code="mixed-specs"
            )
        return cls(
            spec=specs.pop(),
            copy=np.stack([fingerprint.embeddings["copy"] for fingerprint in fingerprints]),
            phash=hash_words([fingerprint.phash for fingerprint in fingerprints]),
            pdq=hash_words([fingerprint.pdq for fingerprint in fingerprints]),
            pdq_quality=np.array([fingerprint.pdq_quality for fingerprint in fingerprints], np.uint8),
            complexity=np.array([fingerprint.complexity for fingerprint in fingerprints], np.float32),
        )
