"""Exact re-ranking: how near each query is to each work, by embedding and hashes, and one fused raw score.

Everything here is vectorised over (queries x works): one query or thousands at once, with equal results.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from ledger.fingerprint.fingerprint import QueryFingerprint
from ledger.match.block import HASH_WORDS, MIN_PDQ_QUALITY, FingerprintBlock, hash_words

HASH_BITS = 256
UNUSABLE = HASH_BITS
"""Hamming distance that means `no usable hash on one side`; it adds nothing to a score."""
FAR = -1.0
"""Nearness of the windows of a query without windows."""
FIRST_RANK: Final = 4
LAST_RANK: Final = 15
"""Ranks of the works whose mean cosine is a background level. The first three may be the work itself and its
variants; an index offers LAST_RANK works for each window."""

MOST_LEVEL: Final = "0.600000"
"""Largest background level from a corpus. Unrelated pictures stay below it. Somebody who registers many near-duplicates
of a work would otherwise raise the level of its copies to their own cosine, and hide them."""

Floats = NDArray[np.float32]
Distances = NDArray[np.uint16]


@dataclass(frozen=True, slots=True)
class QueryBlock:
    """n queries, their hash views padded to the same number by repeating the first one."""

    images: FingerprintBlock
    phash_views: NDArray[np.uint64]
    """Shape (n, views, 4)."""
    pdq_views: NDArray[np.uint64]
    """Shape (n, views, 4)."""
    pdq_usable: NDArray[np.bool_]
    """Whether any view's PDQ hash has sufficient quality."""
    windows: NDArray[np.float16]
    """`copy` embeddings of the queries' windows, shape (n, windows, dimension)."""

    def __len__(self) -> int:
        return len(self.images)

    @classmethod
    def stack(cls, queries: Sequence[QueryFingerprint]) -> Self:
        """One block of at least one query. Raises ConflictError (`mixed-specs`)."""
        return cls(
            images=FingerprintBlock.stack([query.image for query in queries]),
            phash_views=_padded([query.phash_views for query in queries]),
            pdq_views=_padded([query.pdq_views for query in queries]),
            pdq_usable=np.array([bool(query.pdq_views) for query in queries]),
            windows=np.stack([query.windows["copy"] for query in queries]),
        )


def _padded(views: Sequence[Sequence[bytes]]) -> NDArray[np.uint64]:
    most = max(1, *(len(hashes) for hashes in views))
    padded = np.zeros((len(views), most, HASH_WORDS), np.uint64)
    for row, hashes in enumerate(views):
        if hashes:
            words = hash_words(hashes)
            padded[row, : len(words)] = words
            padded[row, len(words) :] = words[0]
    return padded


@dataclass(frozen=True, slots=True)
class Features:
    """Four measures of nearness, each of shape (queries, works)."""

    cosine: Floats
    """Cosine of the `copy` embeddings minus the query's background level."""
    window: Floats
    """The same for the query's nearest window; each window has its own background level."""
    phash: Distances
    """Smallest Hamming distance, in bits of 256, over the query's views."""
    pdq: Distances
    """The same for PDQ; UNUSABLE if either side's quality is below 50."""


@dataclass(frozen=True, slots=True)
class Levels:
    """Background levels of n queries."""

    whole: Floats
    """Shape (n,)."""
    windows: Floats
    """Shape (n, windows)."""


def levels(queries: QueryBlock, background: NDArray[np.float16], neighbours: int) -> Levels:
    """`background_level` of the queries and of each of their windows."""
    count, windows, dimension = queries.windows.shape
    flat = background_level(queries.windows.reshape(count * windows, dimension), background, neighbours)
    return Levels(background_level(queries.images.copy, background, neighbours), flat.reshape(count, windows))


def background_level(copy: NDArray[np.float16], background: NDArray[np.float16], neighbours: int) -> Floats:
    """Mean cosine of each row of `copy` to its `neighbours` nearest background rows, shape (n,).

    Subtracting it is the score normalisation of SSCD (Pizzi et al. 2022, section 5.2). A picture that resembles
    everything (an icon on white) must be nearer than usual to count as near.
    """
    similarity = copy.astype(np.float32) @ background.astype(np.float32).T
    nearest = np.partition(similarity, -neighbours, axis=1)[:, -neighbours:]
    level: Floats = nearest.mean(axis=1, dtype=np.float32)
    return level


class NearestCosines:
    """The LAST_RANK largest cosines of n queries, and of each of their windows, to works that come in blocks of any
    order and size."""

    def __init__(self, queries: QueryBlock) -> None:
        self._vectors = [
            queries.images.copy.astype(np.float32),
            *(queries.windows[:, window].astype(np.float32) for window in range(queries.windows.shape[1])),
        ]
        self._best = np.full((len(self._vectors), len(queries), LAST_RANK), -np.inf, np.float32)

    def add(self, copy: NDArray[np.float16], left_out: NDArray[np.bool_] | None = None) -> None:
        """Takes the `copy` embeddings of more works, shape (m, dimension). `left_out`: which do not count for which
        query, shape (n, m)."""
        works = copy.astype(np.float32).T
        for best, vectors in zip(self._best, self._vectors, strict=True):
            cosine = vectors @ works
            if left_out is not None:
                cosine[left_out] = -np.inf
            both = np.concatenate([best, cosine], axis=1)
            best[:] = np.partition(both, -LAST_RANK, axis=1)[:, -LAST_RANK:]

    def levels(self) -> Levels:
        """The mean cosine at the ranks FIRST_RANK to LAST_RANK, at most MOST_LEVEL. Needs at least LAST_RANK works that
        are not left out; of a query with fewer, the missing ones count as cosines of -1."""
        ranked = np.maximum(np.sort(self._best, axis=2)[:, :, : LAST_RANK - FIRST_RANK + 1], -1)
        level = np.minimum(ranked.mean(axis=2, dtype=np.float32), np.float32(MOST_LEVEL))
        return Levels(level[0], np.ascontiguousarray(level[1:].T))


def features(queries: QueryBlock, level: Levels, works: FingerprintBlock) -> Features:
    """Compares every query with every work; `level`: the queries' `levels`."""
    vectors = works.copy.astype(np.float32).T
    cosine = queries.images.copy.astype(np.float32) @ vectors
    nearest_window = np.full(cosine.shape, FAR, np.float32)
    for window in range(queries.windows.shape[1]):
        near = queries.windows[:, window].astype(np.float32) @ vectors - level.windows[:, window, None]
        np.maximum(nearest_window, near, out=nearest_window)
    pdq = nearest_hamming(queries.pdq_views, works.pdq)
    pdq[~queries.pdq_usable] = UNUSABLE
    pdq[:, works.pdq_quality < MIN_PDQ_QUALITY] = UNUSABLE
    return Features(
        cosine - level.whole[:, None], nearest_window, nearest_hamming(queries.phash_views, works.phash), pdq
    )


def nearest_hamming(views: NDArray[np.uint64], works: NDArray[np.uint64]) -> Distances:
    """Smallest Hamming distance of (n, views, 4) words to (m, 4) words, shape (n, m)."""
    best = np.full((len(views), len(works)), HASH_BITS, np.uint16)
    columns = [np.ascontiguousarray(works[:, word]) for word in range(HASH_WORDS)]
    for view in range(views.shape[1]):
        for start in range(0, len(views), _ROWS):
            rows = views[start : start + _ROWS, view]
            distance = np.bitwise_count(rows[:, :1] ^ columns[0]).astype(np.uint16)
            for word in range(1, HASH_WORDS):
                distance += np.bitwise_count(rows[:, word : word + 1] ^ columns[word])
            np.minimum(best[start : start + _ROWS], distance, out=best[start : start + _ROWS])
    return best


_ROWS = 64
"""Rows per step, so that intermediate arrays stay in the processor's cache."""


@dataclass(frozen=True, slots=True)
class Curve:
    """A non-decreasing piecewise linear function, constant beyond its first and last knot."""

    knots: tuple[float, ...]
    values: tuple[float, ...]

    def __call__(self, x: NDArray[np.float32]) -> Floats:
        return np.interp(x, self.knots, self.values).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Ranking:
    """The fused raw score: a sum of monotone functions of the features, in log-odds up to a constant.

    Fitted once by logistic regression on open works (`ledger.lab.train.ranking`); nearer in any feature
    never scores lower.
    """

    cosine: Curve
    window: Curve
    phash: Curve
    """Over similarity: 1 - distance / 128, so 1 for equal hashes and 0 for unrelated ones."""
    pdq: Curve
    neighbours: int
    """Number of background pictures in a query's background level."""

    def raw(self, found: Features) -> Floats:
        """The raw scores, shape (queries, works)."""
        near = self.cosine(found.cosine) + self.window(found.window)
        return (near + _by_table(self.phash, found.phash) + _by_table(self.pdq, found.pdq)).astype(np.float32)


def hash_similarity(distance: Distances) -> Floats:
    """1 for equal hashes, 0 for the distance of unrelated ones (half of the bits), negative beyond."""
    return (1 - distance.astype(np.float32) / (HASH_BITS / 2)).astype(np.float32)


def _by_table(curve: Curve, distance: Distances) -> Floats:
    return curve(hash_similarity(np.arange(HASH_BITS + 1, dtype=np.uint16)))[distance]
