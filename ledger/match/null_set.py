"""The shipped null set: fingerprints of pictures that are copies of nothing in a corpus, with measured pairs.

Model card: data/null-v3.md. Made by `ledger.lab.train.null_set`; only fingerprints are shipped, no pixels.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as load_safetensors
from safetensors.numpy import save as save_safetensors

from ledger.errors import IntegrityError
from ledger.match.block import MIN_PDQ_QUALITY, FingerprintBlock
from ledger.match.score import Features, QueryBlock, nearest_hamming

SHIPPED = "null-v3.safetensors"
_VARIANT_PDQ = 31
"""PDQ's own match threshold (ThreatExchange)."""
_VARIANT_PHASH = 24
_VARIANT_PHASH_ALONE = 10
"""If PDQ is unusable on one side, only nearly equal pHashes count."""
_VARIANT_COSINE = 0.5
_SAME_COSINE = 0.9
_LEVELS = 127
"""Embeddings of windows are stored as one byte per dimension; the largest component becomes this."""
NEIGHBOURING = 200
"""Number of measured pairs of unrelated pictures that the evidence of an unmeasured pair is drawn from."""
_GOLDEN = 0.6180339887498949


@dataclass(frozen=True, slots=True)
class SourcePrints:
    """Fingerprints of n pictures before any edit."""

    copy: NDArray[np.float16]
    """Shape (n, dimension)."""
    phash: NDArray[np.uint64]
    """Shape (n, 4)."""
    pdq: NDArray[np.uint64]
    """Shape (n, 4)."""
    pdq_quality: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class MeasuredPairs:
    """Pairs of a query and a work that were verified geometrically when the null set was made."""

    found: Features
    """Each array of shape (k, 1)."""
    evidence: NDArray[np.float32]
    """Log Bayes factor of each, shape (k,); the rule's `unverified` for pairs that were not verified."""
    learned: NDArray[np.float32]
    """The same of the second verifier, which counts for pairs that the first did not verify."""


@dataclass(frozen=True, slots=True, eq=False)
class NullSet:
    """n pictures as queries, clean or edited, none a variant of another; background pictures; measured pairs."""

    spec: str
    """Digest of the FingerprintSpec."""
    digest: str
    """Lowercase hex SHA-256 of the file."""
    queries: QueryBlock
    sources: SourcePrints
    """The pictures before editing: they decide whether a corpus contains a null picture."""
    background: NDArray[np.float16]
    """`copy` embeddings, shape (b, dimension), of pictures that are neither in `queries` nor variants of them."""
    copies: MeasuredPairs
    """Edited copies, each with the work it was made from."""
    unrelated: MeasuredPairs
    """Null pictures with their nearest works."""
    starts: NDArray[np.int64]
    """Row of each picture in `queries`; where another picture is compared beside it (query_pictures.py), the next."""

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def complexity(self) -> NDArray[np.float32]:
        return self.queries.images.complexity[self.starts]

    def best_pictures(self, raw: NDArray[np.float64]) -> NDArray[np.float64]:
        """For raw scores of shape (rows, works), those of each null picture's nearest row, shape (n, works)."""
        best: NDArray[np.float64] = np.maximum.reduceat(raw, self.starts, axis=0)
        return best

    def contained_in(self, works: FingerprintBlock) -> NDArray[np.bool_]:
        """Which null pictures are contained in the works, themselves or as a variant, shape (n,). The picture before
        editing decides."""
        contained: NDArray[np.bool_] = np.any(variants(self.sources, works), axis=1)
        return contained


def variants(sources: SourcePrints, works: FingerprintBlock) -> NDArray[np.bool_]:
    """Which works show a picture, or a variant of it, shape (n, works).

    A work does if PDQ is within 31 bits of 256 and either pHash within 24 or the cosine at least .5; if PDQ is unusable
    on either side and pHash within 10; or if the cosine is at least .9, since one drawing rendered twice differs in its
    hashes. Strict on purpose: an unrelated picture that comes close must stay and count.
    """
    phash = nearest_hamming(sources.phash[:, None], works.phash)
    pdq = nearest_hamming(sources.pdq[:, None], works.pdq)
    usable = (sources.pdq_quality >= MIN_PDQ_QUALITY)[:, None] & (works.pdq_quality >= MIN_PDQ_QUALITY)
    cosine = sources.copy.astype(np.float32) @ works.copy.astype(np.float32).T
    near = (pdq <= _VARIANT_PDQ) & ((phash <= _VARIANT_PHASH) | (cosine >= _VARIANT_COSINE))
    return np.asarray(np.where(usable, near, phash <= _VARIANT_PHASH_ALONE) | (cosine >= _SAME_COSINE), np.bool_)


def draw_pairs(raw: NDArray[np.float64], pairs_raw: NDArray[np.float64], draws: int) -> NDArray[np.intp]:
    """Draws measured pairs, by index, whose geometric evidence stands for unrelated pairs that were not measured:
    shape (*raw.shape, draws).

    Each is one of the NEIGHBOURING measured pairs with the nearest raw scores. The golden-ratio
    sequence makes the choice evenly spread and equal on every machine.
    """
    order = np.argsort(pairs_raw, kind="stable")
    width = min(NEIGHBOURING, len(order))
    middle = np.searchsorted(pairs_raw[order], raw)
    start = np.clip(middle - width // 2, 0, len(order) - width)
    spread = np.arange(1, raw.size * draws + 1, dtype=np.float64) * _GOLDEN % 1.0
    chosen = start[..., None] + np.floor(spread * width).astype(np.int64).reshape(*raw.shape, draws)
    return np.asarray(order[chosen], np.intp)


@cache
def shipped_null_set() -> NullSet:
    """The null set inside the package, loaded once."""
    return read_null_set((files("ledger.match") / "data" / SHIPPED).read_bytes())


def read_null_set(data: bytes) -> NullSet:
    """Reads a null set. Raises IntegrityError (`bad-null-set`) for any other file."""
    try:
        arrays = load_safetensors(data)
        spec = bytes(arrays["spec"]).hex()
        return NullSet(
            spec=spec,
            digest=hashlib.sha256(data).hexdigest(),
            queries=_queries(spec, arrays),
            sources=SourcePrints(
                arrays["sources.copy"], arrays["sources.phash"], arrays["sources.pdq"], arrays["sources.pdq_quality"]
            ),
            background=arrays["background"],
            copies=_pairs("copies", arrays),
            unrelated=_pairs("strangers", arrays),
            starts=arrays["queries.starts"],
        )
    except (SafetensorError, KeyError, ValueError) as error:
        raise IntegrityError(f"the null set cannot be read: {error}", code="bad-null-set") from error


def write_null_set(
    queries: QueryBlock,
    sources: SourcePrints,
    background: NDArray[np.float16],
    copies: MeasuredPairs,
    unrelated: MeasuredPairs,
    *,
    starts: NDArray[np.int64],
) -> bytes:
    """The file's bytes; equal input gives equal bytes. Embeddings of windows are rounded to one byte per dimension.
    `starts`: as in NullSet."""
    arrays: Mapping[str, NDArray[Any]] = {
        "spec": np.frombuffer(bytes.fromhex(queries.images.spec), np.uint8),
        "queries.copy": queries.images.copy,
        "queries.complexity": queries.images.complexity,
        "queries.phash": queries.phash_views,
        "queries.pdq": queries.pdq_views,
        "queries.pdq_usable": queries.pdq_usable,
        "queries.looks": _bytes_of(queries.windows),
        "sources.copy": sources.copy,
        "sources.phash": sources.phash,
        "sources.pdq": sources.pdq,
        "sources.pdq_quality": sources.pdq_quality,
        "background": background,
        **_pairs_arrays("copies", copies),
        **_pairs_arrays("strangers", unrelated),
        "queries.starts": starts,
    }
    # The format writes memory as it is, so arrays must be contiguous in row order.
    return save_safetensors({name: np.ascontiguousarray(array) for name, array in arrays.items()})


def _bytes_of(windows: NDArray[np.float16]) -> NDArray[np.int8]:
    largest = np.abs(windows.astype(np.float32)).max(axis=2, keepdims=True)
    return np.asarray(np.round(windows.astype(np.float32) * (_LEVELS / np.maximum(largest, 1e-6))), np.int8)


def _unit(levels: NDArray[np.int8]) -> NDArray[np.float16]:
    rows = levels.astype(np.float32)
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=2, keepdims=True), 1e-6), np.float16)


def _pairs_arrays(name: str, pairs: MeasuredPairs) -> dict[str, NDArray[Any]]:
    return {
        f"{name}.cosine": pairs.found.cosine,
        f"{name}.look": pairs.found.window,
        f"{name}.phash": pairs.found.phash,
        f"{name}.pdq": pairs.found.pdq,
        f"{name}.evidence": pairs.evidence,
        f"{name}.learned": pairs.learned,
    }


def _pairs(name: str, arrays: Mapping[str, NDArray[Any]]) -> MeasuredPairs:
    found = Features(*(arrays[f"{name}.{field}"] for field in ("cosine", "look", "phash", "pdq")))
    return MeasuredPairs(found, arrays[f"{name}.evidence"], arrays[f"{name}.learned"])


def _queries(spec: str, arrays: Mapping[str, NDArray[Any]]) -> QueryBlock:
    phash, pdq = arrays["queries.phash"], arrays["queries.pdq"]
    return QueryBlock(
        images=FingerprintBlock(
            spec=spec,
            copy=arrays["queries.copy"],
            phash=phash[:, 0],
            pdq=pdq[:, 0],
            pdq_quality=np.where(arrays["queries.pdq_usable"], 100, 0).astype(np.uint8),
            complexity=arrays["queries.complexity"],
        ),
        phash_views=phash,
        pdq_views=pdq,
        pdq_usable=arrays["queries.pdq_usable"],
        windows=_unit(arrays["queries.looks"]),
    )
