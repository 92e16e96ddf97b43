from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from ledger.errors import InputError
from ledger.lab.train.whitening import fit_whitening


@pytest.fixture
def features() -> NDArray[np.float32]:
    """2,000 points in 24 dimensions whose spread differs a hundredfold between directions."""
    generator = np.random.default_rng(5)
    turned, _ = np.linalg.qr(generator.normal(size=(24, 24)))
    points = generator.normal(size=(2000, 24)) * np.geomspace(1, 0.01, 24)
    return np.asarray(points @ turned + 3, np.float32)


def test_projected_features_are_centred_white_and_uncorrelated(features: NDArray[np.float32]) -> None:
    made = fit_whitening(features, 8)
    assert (made.mean.shape, made.projection.shape) == ((24,), (8, 24))
    projected = (features - made.mean) @ made.projection.T
    covariance = np.cov(projected.T)
    scale = float(np.diag(covariance).mean())
    assert np.abs(covariance / scale - np.eye(8)).max() < 0.02
    assert np.abs(projected.mean(axis=0)).max() < 0.05 * scale**0.5


def test_explained_variance(features: NDArray[np.float32]) -> None:
    assert fit_whitening(features, 24).explained_variance == pytest.approx(1)
    assert 0.5 < fit_whitening(features, 4).explained_variance < 0.95


def test_too_few_pictures(features: NDArray[np.float32]) -> None:
    with pytest.raises(InputError) as caught:
        fit_whitening(features[:31], 8)
    assert caught.value.code == "too-few-pictures"
