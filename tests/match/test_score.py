"""Re-ranking: distances against plain Python, gates, monotony."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import ConflictError
from ledger.fingerprint.fingerprint import QueryFingerprint
from ledger.match.block import FingerprintBlock, hash_words
from ledger.match.ranking import shipped_ranking
from ledger.match.score import (
    FIRST_RANK,
    LAST_RANK,
    UNUSABLE,
    Curve,
    Features,
    Levels,
    NearestCosines,
    QueryBlock,
    background_level,
    features,
    nearest_hamming,
)
from tests.match.drawings import as_query, fingerprint

hashes = st.binary(min_size=32, max_size=32)
ranking = shipped_ranking().ranking()


def _unknown(queries: int) -> Levels:
    """Background levels of nothing."""
    return Levels(np.zeros(queries, np.float32), np.zeros((queries, 2), np.float32))


def _hamming(first: bytes, second: bytes) -> int:
    return (int.from_bytes(first) ^ int.from_bytes(second)).bit_count()


@given(st.lists(hashes, min_size=1, max_size=9), st.lists(hashes, min_size=1, max_size=5))
def test_nearest_hamming_is_the_smallest_over_the_views(views: list[bytes], works: list[bytes]) -> None:
    found = nearest_hamming(hash_words(views)[None], hash_words(works))

    assert found.tolist() == [[min(_hamming(view, work) for view in views) for work in works]]


def test_more_queries_than_fit_one_sweep_give_what_each_gives_alone() -> None:
    queries = [as_query(fingerprint(seed)) for seed in range(150)]
    works = FingerprintBlock.stack([fingerprint(seed) for seed in range(1000, 1020)])
    level = Levels(np.zeros(150, np.float32), np.zeros((150, 2), np.float32))

    together = features(QueryBlock.stack(queries), level, works)

    for row in (0, 63, 64, 149):
        alone = features(QueryBlock.stack([queries[row]]), Levels(level.whole[:1], level.windows[:1]), works)
        assert together.phash[row].tolist() == alone.phash[0].tolist()
        assert together.pdq[row].tolist() == alone.pdq[0].tolist()
        np.testing.assert_allclose(together.cosine[row], alone.cosine[0], atol=1e-6)
        np.testing.assert_allclose(together.window[row], alone.window[0], atol=1e-6)


def test_queries_with_fewer_views_are_padded_without_effect() -> None:
    one, other = fingerprint(1), fingerprint(2)
    many = QueryFingerprint(one, (one.phash, other.phash), (one.pdq, other.pdq), as_query(one).windows)
    works = FingerprintBlock.stack([other])

    found = features(QueryBlock.stack([many, as_query(one)]), _unknown(2), works)

    assert found.phash[:, 0].tolist() == [0, _hamming(one.phash, other.phash)]


def test_the_nearest_window_counts_above_its_own_level() -> None:
    work = fingerprint(1)
    query = as_query(fingerprint(2))
    windows = np.stack([work.embeddings["copy"], fingerprint(3).embeddings["copy"]])
    queries = QueryBlock.stack([replace(query, windows={"copy": windows})])
    works = FingerprintBlock.stack([work])

    seen = features(queries, Levels(np.zeros(1, np.float32), np.array([[0.25, 0.0]], np.float32)), works)

    assert seen.window[0, 0] == pytest.approx(0.75, abs=2e-3)


def test_pdq_of_low_quality_says_nothing_on_either_side() -> None:
    good, poor = fingerprint(1), fingerprint(1, pdq_quality=49)
    queries = QueryBlock.stack([as_query(good), as_query(poor)])

    found = features(queries, _unknown(2), FingerprintBlock.stack([good, poor]))

    assert found.pdq.tolist() == [[0, UNUSABLE], [UNUSABLE, UNUSABLE]]


def test_background_level_is_the_mean_of_the_nearest() -> None:
    background = np.eye(4, dtype=np.float16)
    query = np.array([[0.8, 0.6, 0.0, 0.0]], np.float16)

    assert background_level(query, background, 2)[0] == pytest.approx(0.7, abs=1e-3)


@given(st.lists(st.integers(1, 9), min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_levels_from_the_corpus_do_not_depend_on_order_and_size_of_its_blocks(
    sizes: list[int], random: random.Random
) -> None:
    """They are the mean cosine at ranks 4 to 15, of the whole and of each window alone."""
    queries = [as_query(fingerprint(seed)) for seed in range(3)]
    works = [fingerprint(seed).embeddings["copy"] for seed in range(100, 100 + LAST_RANK + sum(sizes))]
    random.shuffle(works)
    near, taken = NearestCosines(QueryBlock.stack(queries)), 0
    for size in (*sizes, LAST_RANK):
        near.add(np.stack(works[taken : taken + size]))
        taken += size
    found = near.levels()
    for row, query in enumerate(queries):
        for column, vector in enumerate([query.image.embeddings["copy"], *query.windows["copy"]]):
            cosines = sorted(
                (float(vector.astype(np.float64) @ work.astype(np.float64)) for work in works), reverse=True
            )
            level = found.whole[row] if column == 0 else found.windows[row, column - 1]
            assert level == pytest.approx(min(0.6, np.mean(cosines[FIRST_RANK - 1 : LAST_RANK])), abs=1e-5)


def test_near_duplicates_of_a_work_do_not_raise_the_level_of_its_copies_to_their_own_cosine() -> None:
    """Whoever registers fifty of them would otherwise hide the work."""
    work = fingerprint(1)
    near = NearestCosines(QueryBlock.stack([as_query(work)]))
    near.add(np.stack([work.embeddings["copy"]] * 50))
    level = near.levels()
    assert level.whole[0] == pytest.approx(0.6)
    assert features(QueryBlock.stack([as_query(work)]), level, FingerprintBlock.stack([work])).cosine > 0.39


def test_fingerprints_of_two_specs_are_not_stacked() -> None:
    with pytest.raises(ConflictError) as caught:
        FingerprintBlock.stack([fingerprint(1), replace(fingerprint(2), spec="6" * 64)])
    assert caught.value.code == "mixed-specs"


nearness = st.tuples(st.floats(-1, 1, width=32), st.floats(-1, 1, width=32), st.integers(0, 256), st.integers(0, 256))


@given(nearness, nearness)
def test_nearer_never_scores_lower(one: tuple[float, float, int, int], other: tuple[float, float, int, int]) -> None:
    def raw(cosine: float, window: float, phash: int, pdq: int) -> float:
        near = Features(
            cosine=np.array([[cosine]], np.float32),
            window=np.array([[window]], np.float32),
            phash=np.array([[phash]], np.uint16),
            pdq=np.array([[pdq]], np.uint16),
        )
        return float(ranking.raw(near)[0, 0])

    nearer = (max(one[0], other[0]), max(one[1], other[1]), min(one[2], other[2]), min(one[3], other[3]))

    assert raw(*nearer) >= max(raw(*one), raw(*other))


def test_a_curve_is_linear_between_and_constant_beyond_its_knots() -> None:
    curve = Curve((0.0, 1.0), (2.0, 4.0))

    assert curve(np.array([-5, 0, 0.5, 1, 5], np.float32)).tolist() == [2, 2, 3, 4, 4]
