"""Which works stand for unrelated pictures, how half of them are edited, and the bytes of their fingerprints."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import IntegrityError
from ledger.match.self_null.edits import edited
from ledger.match.self_null.null_scores import SelfNull
from ledger.match.self_null.sample import SAMPLE_RULE, SampledWork, place
from ledger.match.self_null.stored import query_bytes, read_query
from tests.match.drawings import SPEC, as_query, drawing, fingerprint, pixels


def test_the_place_follows_from_the_pixels_alone() -> None:
    pixel_sha256 = hashlib.sha256(b"pixels").digest()
    assert place(pixel_sha256).hex() == hashlib.sha256(b"artledger/null-query/v1\n" + pixel_sha256).hexdigest()
    works = [SampledWork(str(n), "", hashlib.sha256(bytes([n])).digest()) for n in range(200)]
    assert 70 < sum(work.edited for work in works) < 130


@pytest.mark.parametrize("size", [(256, 256), (256, 40), (16, 16), (30, 256)])
def test_any_picture_can_be_edited_in_one_way_by_a_seed(size: tuple[int, int]) -> None:
    picture = pixels(drawing(1, 256).resize(size))
    for number in range(40):
        seed = hashlib.sha256(bytes([number])).digest()
        once, again = edited(picture, seed), edited(picture, seed)
        assert np.array_equal(once, again)
        assert once.dtype == np.uint8
        assert once.shape[2] == 3
        assert min(once.shape[:2]) >= min(16, *picture.shape[:2])
    assert len({edited(picture, bytes([number]) * 32).tobytes() for number in range(20)}) > 15


@given(st.integers(0, 50))
def test_a_stored_fingerprint_comes_back(seed: int) -> None:
    made = as_query(fingerprint(seed, pdq_quality=100 if seed % 2 else 20))
    beside = as_query(fingerprint(seed + 1))
    again, other = read_query(query_bytes([made, beside]), SPEC)
    assert np.array_equal(other.windows["copy"], beside.windows["copy"])
    assert (again.phash_views, again.pdq_views) == (made.phash_views, made.pdq_views)
    assert (again.image.phash, again.image.pdq, again.image.pdq_quality) == (
        made.image.phash,
        made.image.pdq,
        made.image.pdq_quality,
    )
    assert again.image.complexity == made.image.complexity
    assert np.array_equal(again.windows["copy"], made.windows["copy"])
    assert np.array_equal(again.image.embeddings["copy"], made.image.embeddings["copy"])


@pytest.mark.parametrize("data", [b"", b"\0" * 64, query_bytes([]), query_bytes([as_query(fingerprint(1))])[:-9]])
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(IntegrityError) as refused:
        read_query(data, SPEC)
    assert refused.value.code == "bad-null-query"


def test_the_digest_of_a_sample_is_that_of_its_ids() -> None:
    made = SelfNull(("b", "a"), np.zeros(2), SAMPLE_RULE, 0)
    assert made.digest == hashlib.sha256(b"b\na\n").hexdigest()
