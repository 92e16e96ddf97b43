from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import load

from ledger.corpus.sealed import is_sealed
from ledger.errors import ConflictError, InputError
from ledger.fingerprint import copy_descriptor
from ledger.fingerprint.copy_encoder import load_pooled_features, unit_rows
from ledger.train.whitening import fit_whitening, train_whitening
from tests.image.samples import pixels_of, textured


@pytest.fixture
def features() -> NDArray[np.float32]:
    """2,000 points in 24 dimensions whose spread differs a hundredfold between directions."""
    generator = np.random.default_rng(5)
    turned, _ = np.linalg.qr(generator.normal(size=(24, 24)))
    points = generator.normal(size=(2000, 24)) * np.geomspace(1, 0.01, 24)
    return np.asarray(points @ turned + 3, np.float32)


def test_projected_features_are_centred_white_and_uncorrelated(features: NDArray[np.float32]) -> None:
    stored = load(fit_whitening(features, 8).to_bytes())
    assert (stored["mean"].shape, stored["projection"].shape) == ((24,), (8, 24))
    projected = (features - stored["mean"].astype(np.float32)) @ stored["projection"].astype(np.float32).T
    covariance = np.cov(projected.T)
    scale = float(np.diag(covariance).mean())
    assert np.abs(covariance / scale - np.eye(8)).max() < 0.02
    assert np.abs(projected.mean(axis=0)).max() < 0.05 * scale**0.5


def test_explained_variance(features: NDArray[np.float32]) -> None:
    whole = fit_whitening(features, 24)
    assert whole.explained_variance == pytest.approx(1)
    assert 0.5 < fit_whitening(features, 4).explained_variance < 0.95
    assert whole.pictures == 2000


def test_the_same_features_give_the_same_file(features: NDArray[np.float32]) -> None:
    assert fit_whitening(features, 8).to_bytes() == fit_whitening(features.copy(), 8).to_bytes()


def test_too_few_pictures(features: NDArray[np.float32]) -> None:
    with pytest.raises(InputError) as caught:
        fit_whitening(features[:31], 8)
    assert caught.value.code == "too-few-pictures"


def test_training_writes_what_it_returns(tmp_path: Path) -> None:
    names = [name for name in (f"subject/work_{n}" for n in range(40)) if not is_sealed(name)][:8]
    works = [(name, pixels_of(textured(60, 50, seed))) for seed, name in enumerate(names)]
    others = [pixels_of(textured(50, 60, seed)) for seed in range(100, 104)]
    file = tmp_path / "w.safetensors"
    whitening, digest = train_whitening(load_pooled_features(), works, others, file, dimension=3)
    assert whitening.pictures == 12
    assert digest == hashlib.sha256(file.read_bytes()).hexdigest()
    assert (load(file.read_bytes())["projection"] == whitening.projection).all()


def test_sealed_works_are_refused(tmp_path: Path) -> None:
    sealed = next(name for name in (f"work_{n}" for n in range(40)) if is_sealed(name))
    file = tmp_path / "w.safetensors"
    with pytest.raises(ConflictError) as caught:
        train_whitening(load_pooled_features(), [(sealed, pixels_of(textured(9, 9)))], [], file, dimension=3)
    assert caught.value.code == "sealed-work"
    assert not file.exists()


def test_shipped_weights_whiten_what_they_were_fitted_on() -> None:
    """A scrambled file still gives unit vectors: its rows must be the orthogonal directions of a PCA."""
    projection = load(copy_descriptor.WHITENING_FILE.read_bytes())["projection"].astype(np.float64)
    rows = unit_rows(projection).astype(np.float64)
    assert np.abs(rows @ rows.T - np.eye(len(rows))).max() < 0.02
    lengths = np.linalg.norm(projection, axis=1)
    assert (np.diff(lengths) > -1e-3 * lengths[1:]).all()
