"""Finds pictures that are variants of one another (recoloured, a detail added), which are not unrelated."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ledger.fingerprint.fingerprint import Fingerprint
from ledger.match.block import MIN_PDQ_QUALITY, FingerprintBlock
from ledger.match.score import nearest_hamming

HASH_BITS = 56
"""A pHash or PDQ distance, of 256, up to which two clean pictures count as variants."""
COSINE = 0.8
"""A similarity of `copy` embeddings from which two clean pictures count as variants."""
_ROWS = 256


def variant_pairs(first: Sequence[Fingerprint], second: Sequence[Fingerprint]) -> NDArray[np.bool_]:
    """Shape (len(first), len(second)). Generous on purpose: a pair left out by mistake costs nothing."""
    if not first or not second:
        return np.zeros((len(first), len(second)), np.bool_)
    ours, theirs = FingerprintBlock.stack(first), FingerprintBlock.stack(second)
    cosine = ours.copy.astype(np.float32) @ theirs.copy.astype(np.float32).T
    usable = (ours.pdq_quality >= MIN_PDQ_QUALITY)[:, None] & (theirs.pdq_quality >= MIN_PDQ_QUALITY)
    near: NDArray[np.bool_] = np.less_equal(nearest_hamming(ours.phash[:, None], theirs.phash), HASH_BITS)
    near |= (nearest_hamming(ours.pdq[:, None], theirs.pdq) <= HASH_BITS) & usable
    return np.asarray(near | (cosine >= COSINE), np.bool_)


def without_variants(pictures: Sequence[Fingerprint], others: Sequence[Fingerprint] = ()) -> list[int]:
    """Indices of pictures to keep: none is a variant of an earlier kept one or of one of `others`."""
    kept: list[int] = []
    taken: NDArray[np.bool_] = np.any(variant_pairs(pictures, others), axis=1)
    for start in range(0, len(pictures), _ROWS):
        rows = range(start, min(start + _ROWS, len(pictures)))
        among = variant_pairs([pictures[row] for row in rows], pictures)
        for row in rows:
            if not taken[row] and not among[row - start, kept].any():
                kept.append(row)
    return kept
