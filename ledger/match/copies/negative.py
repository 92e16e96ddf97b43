"""Whether a query may be a negative: its hashes' complements are those of its negative, to a few bits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ledger.match.block import MIN_PDQ_QUALITY, FingerprintBlock, hash_words
from ledger.match.candidate import Candidate, Query
from ledger.match.score import UNUSABLE, Distances, nearest_hamming

NEGATIVE_BITS = 48
"""Largest distance, of 256 bits, of either hash's complement to a work's. Of inverted copies that were shrunk and
recompressed, 17 in 20 come as near; of unrelated pictures among 1,000 works, 1 in 100."""


def complement(digest: bytes) -> bytes:
    return bytes(255 - byte for byte in digest)


def to_negative(query: Query, works: FingerprintBlock) -> tuple[Distances, Distances]:
    """Smallest distances, over the query's views, of the complements of pHash and PDQ to those of each work."""
    asked = query.fingerprint
    phash = nearest_hamming(_words(asked.phash_views), works.phash)[0]
    if not asked.pdq_views:
        return phash, np.full_like(phash, UNUSABLE)
    pdq = nearest_hamming(_words(asked.pdq_views), works.pdq)[0]
    pdq[works.pdq_quality < MIN_PDQ_QUALITY] = UNUSABLE
    return phash, pdq


def may_be_negative(query: Query, found: Sequence[Candidate]) -> bool:
    """Whether a candidate's hashes are near to those of the query's negative."""
    if not found or query.not_comparable is not None:
        return False
    views = [view for each in found for view in (each.fingerprint, each.second) if view is not None]
    return bool(min(map(np.min, to_negative(query, FingerprintBlock.stack(views)))) <= NEGATIVE_BITS)


def _words(views: Sequence[bytes]) -> np.ndarray[tuple[int, ...], np.dtype[np.uint64]]:
    return ~hash_words(views)[None]
