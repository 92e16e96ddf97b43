"""Learned features: the published network, and points that follow the picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from ledger.errors import IntegrityError
from ledger.fingerprint import learned_features as learned
from ledger.fingerprint.learned_features import LearnedFeatures, learned_features
from ledger.fingerprint.learned_parameters import MOST_POINTS
from ledger.fingerprint.networks.graph import Floats
from ledger.fingerprint.networks.xfeat import CHANNELS, DESCRIPTOR
from ledger.image.canonical_image import Pixels
from tests.match.drawings import drawing, pixels

PICTURE = pixels(drawing(3), 256)


def near(one: LearnedFeatures, other: LearnedFeatures) -> Floats:
    """Points of the second that are nearest to those of the first."""
    found: Floats = other.points[(one.descriptors @ other.descriptors.T).argmax(axis=1)]
    return found


def test_maps_have_the_form_that_the_network_promises() -> None:
    grey = np.random.default_rng(0).normal(size=(1, 1, 64, 96)).astype(np.float32)
    maps = learned._network()(grey)
    assert maps.shape == (1, CHANNELS, 8, 12)
    assert ((maps[0, DESCRIPTOR] > 0) & (maps[0, DESCRIPTOR] < 1)).all()
    assert maps[0, DESCRIPTOR + 1 :].sum(axis=0) == pytest.approx(1, abs=1e-5)


def test_features_are_sorted_bounded_and_of_length_one() -> None:
    found = learned_features(PICTURE)
    assert 20 < len(found.points) <= MOST_POINTS
    assert len(found.points) == len(found.descriptors)
    assert np.linalg.norm(found.descriptors, axis=1) == pytest.approx(1, abs=1e-4)
    assert (found.points >= 0).all()
    assert (found.points.max(axis=0) <= [PICTURE.shape[1], PICTURE.shape[0]]).all()
    assert (learned_features(PICTURE).descriptors == found.descriptors).all()


@pytest.mark.parametrize("shape", [(1, 1), (3, 400), (700, 2), (90, 70)])
def test_blank_and_odd_pictures_have_features_or_none(shape: tuple[int, int]) -> None:
    found = learned_features(np.full((*shape, 3), 200, np.uint8))
    assert np.isfinite(found.descriptors).all()


def test_points_follow_a_blurred_and_smaller_copy() -> None:
    blurred = Image.fromarray(PICTURE).filter(ImageFilter.GaussianBlur(1.5))
    small: Pixels = np.asarray(blurred.resize((PICTURE.shape[1] // 2, PICTURE.shape[0] // 2)))
    own, other = learned_features(PICTURE), learned_features(small)
    error = np.linalg.norm(near(own, other) * 2 - own.points, axis=1)
    assert (error < 6).mean() > 0.4


def test_changed_weights_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "weights").write_bytes(b"other weights")
    monkeypatch.setattr(learned, "WEIGHTS_FILE", tmp_path / "weights")
    learned._network.cache_clear()
    with pytest.raises(IntegrityError) as refused:
        learned_features(PICTURE)
    assert refused.value.code == "weights-changed"
    monkeypatch.undo()
    learned._network.cache_clear()
