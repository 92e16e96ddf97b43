"""Hashes against the libraries' own answers, and views that undo what was done to a picture."""

from __future__ import annotations

import imagehash
import numpy as np
import pdqhash
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from ledger.fingerprint.hashes import PDQ_MINIMUM_QUALITY, hashes, query_views, trim_border, view_hashes
from ledger.image.canonical_image import Pixels
from tests.image.samples import pixels_of, textured

PICTURE = pixels_of(textured(400, 300, seed=3))
TURNS = [lambda p, k=k, m=m: np.rot90(p[:, ::-1] if m else p, k) for m in (False, True) for k in range(4)]


def hamming(one: bytes, other: bytes) -> int:
    return (int.from_bytes(one, "big") ^ int.from_bytes(other, "big")).bit_count()


def test_phash_is_imagehash_s() -> None:
    assert hashes(PICTURE).phash.hex() == str(imagehash.phash(Image.fromarray(PICTURE), hash_size=16))


def test_pdq_is_pdqhash_s() -> None:
    bits, quality = pdqhash.compute(PICTURE)
    made = hashes(PICTURE)
    assert made.pdq.hex() == f"{int(''.join(map(str, bits)), 2):064x}"
    assert made.pdq_quality == quality > PDQ_MINIMUM_QUALITY


def test_hashes_survive_scaling_and_tell_pictures_apart() -> None:
    own = hashes(PICTURE)
    scaled = hashes(pixels_of(textured(400, 300, seed=3).resize((200, 150), Image.Resampling.LANCZOS)))
    other = hashes(pixels_of(textured(400, 300, seed=4)))
    assert hamming(own.phash, scaled.phash) <= 12
    assert hamming(own.pdq, scaled.pdq) <= 20
    assert hamming(own.phash, other.phash) > 80
    assert hamming(own.pdq, other.pdq) > 80


@pytest.mark.parametrize("turn", range(8))
def test_some_view_undoes_every_turn(turn: int) -> None:
    turned = np.ascontiguousarray(TURNS[turn](PICTURE))
    phashes, pdqs = query_views(turned)
    own = hashes(PICTURE)
    assert min(hamming(view, own.phash) for view in phashes) <= 4
    assert min(hamming(view, own.pdq) for view in pdqs) <= 16, "turned views are hashed from a smaller picture"
    assert min(hamming(view.pdq, own.pdq) for view in view_hashes(turned)) == 0


def test_the_first_view_is_the_picture_itself() -> None:
    phashes, pdqs = query_views(PICTURE)
    assert (phashes[0], pdqs[0]) == (hashes(PICTURE).phash, hashes(PICTURE).pdq)
    assert len(phashes) == len(set(phashes)) == 8


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (200, 30, 90)])
def test_letterbox_is_seen_through(colour: tuple[int, int, int]) -> None:
    boxed = np.full((420, 400, 3), colour, np.uint8)
    boxed[60:360] = PICTURE
    own = hashes(PICTURE)
    phashes, pdqs = query_views(boxed)
    assert len(phashes) == 9
    assert hamming(phashes[8], own.phash) == 0
    assert hamming(pdqs[-1], own.pdq) == 0
    assert min(hamming(view, own.phash) for view in phashes[:8]) > 20


def test_a_noisy_border_is_still_a_border() -> None:
    boxed = np.random.default_rng(0).integers(0, 8, (420, 400, 3), dtype=np.uint8)
    boxed[60:360] = np.maximum(PICTURE, 40)
    inner = trim_border(boxed)
    assert inner is not None
    assert inner.shape == PICTURE.shape


def test_no_border_to_speak_of() -> None:
    assert trim_border(PICTURE) is None
    assert trim_border(np.full((50, 50, 3), 7, np.uint8)) is None
    dot = np.full((100, 100, 3), 255, np.uint8)
    dot[40:60, 40:60] = 0
    assert trim_border(dot) is None


def test_views_of_bad_pdq_quality_are_left_out() -> None:
    flat = np.full((128, 128, 3), 128, np.uint8)
    flat[:, 64:] = 131
    phashes, pdqs = query_views(flat)
    assert (len(phashes), pdqs) == (8, ())


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 5))
def test_any_size_hashes(height: int, width: int, seed: int) -> None:
    picture: Pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    made = hashes(picture)
    phashes, _ = query_views(picture)
    assert (len(made.phash), len(made.pdq), 0 <= made.pdq_quality <= 100) == (32, 32, True)
    assert phashes[0] == made.phash
