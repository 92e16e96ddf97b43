"""Variants of one drawing are recognised generously, and thinned to one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ledger.fingerprint.fingerprint import Fingerprint
from ledger.lab.train.variants import COSINE, HASH_BITS, variant_pairs, without_variants
from tests.match.drawings import fingerprint


def _flipped(hash_: bytes, bits: int) -> bytes:
    return (int.from_bytes(hash_) ^ ((1 << bits) - 1)).to_bytes(32)


def _turned(vector: NDArray[np.float16], cosine: float) -> NDArray[np.float16]:
    one = vector.astype(np.float64) / np.linalg.norm(vector.astype(np.float64))
    across = np.roll(one, 1) - (np.roll(one, 1) @ one) * one
    turned = cosine * one + np.sqrt(1 - cosine**2) * across / np.linalg.norm(across)
    return np.asarray(turned, np.float16)


def _related(base: Fingerprint, *, phash: int = 128, pdq: int = 128, cosine: float = 0.0) -> Fingerprint:
    return replace(
        base,
        phash=_flipped(base.phash, phash),
        pdq=_flipped(base.pdq, pdq),
        embeddings={"copy": _turned(base.embeddings["copy"], cosine)},
    )


def test_each_kind_of_nearness_makes_a_variant() -> None:
    base = fingerprint(1)
    others = [
        _related(base, phash=HASH_BITS),
        _related(base, pdq=HASH_BITS),
        _related(base, cosine=COSINE + 0.01),
        _related(base, phash=HASH_BITS + 1, pdq=HASH_BITS + 1, cosine=COSINE - 0.01),
    ]

    assert variant_pairs([base], others).tolist() == [[True, True, True, False]]


def test_pdq_counts_only_where_it_says_something() -> None:
    base = fingerprint(1)

    assert not variant_pairs([base], [replace(_related(base, pdq=0), pdq_quality=49)]).any()


def test_one_of_each_group_is_kept_and_none_like_the_others() -> None:
    first, second, other = fingerprint(1), fingerprint(2), fingerprint(3)
    pictures = [first, _related(first, phash=10), second, _related(second, cosine=0.9), other]

    assert without_variants(pictures) == [0, 2, 4]
    assert without_variants(pictures, [_related(first, pdq=20)]) == [2, 4]
    assert without_variants([]) == []
