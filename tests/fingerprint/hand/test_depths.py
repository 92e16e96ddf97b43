from __future__ import annotations

import numpy as np

from ledger.fingerprint.hand.canvas import Floats
from ledger.fingerprint.hand.depths import DIMENSION, MOMENTS, PRODUCTS, depths, describe
from ledger.fingerprint.networks.efficientnet import STAGES

MAPS = [
    np.random.default_rng(index).normal(index, 1 + index, (stage.width, 64 >> index, 64 >> index)).astype(np.float32)
    for index, stage in enumerate(STAGES[:MOMENTS])
]


def test_means_and_deviations_of_each_stage_come_first() -> None:
    made, start = depths(MAPS), 0
    assert made.shape == (DIMENSION,)
    for each in MAPS:
        width = len(each)
        assert np.allclose(made[start : start + width], each.mean(axis=(1, 2)), atol=1e-4)
        assert np.allclose(made[start + width : start + 2 * width], each.std(axis=(1, 2)), rtol=1e-3)
        start += 2 * width


def test_then_correlations_of_the_first_stages() -> None:
    expected = [
        np.asarray(np.corrcoef(each.reshape(len(each), -1)))[np.triu_indices(len(each), 1)] for each in MAPS[:PRODUCTS]
    ]
    assert np.allclose(depths(MAPS)[-sum(map(len, expected)) :], np.concatenate(expected), atol=5e-3)


def test_a_constant_channel_is_correlated_with_nothing() -> None:
    flat: list[Floats] = [np.ones_like(each) for each in MAPS]
    made = depths(flat)
    assert np.isfinite(made).all()
    assert not made[-10:].any()


def test_its_description_names_the_network() -> None:
    assert {"weights", "runtime", "version", "input_side"} <= set(describe())
