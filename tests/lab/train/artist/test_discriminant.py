"""A discriminant learns from all artists what varies within one, and ignores it."""

from __future__ import annotations

import numpy as np
import pytest

from ledger.lab.train.artist.discriminant import fit_discriminant

NOISE = 12.0


def works(artists: int, each: int, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Two numbers tell artists apart; eight others vary far more, and say nothing."""
    random = np.random.default_rng(seed)
    centres = np.random.default_rng(99).normal(0, 2, (artists, 2))
    owners = np.repeat(np.arange(artists), each)
    telling = centres[owners] + random.normal(0, 0.5, (len(owners), 2))
    return np.c_[telling, random.normal(0, NOISE, (len(owners), 8))].astype(np.float32), owners


def test_what_varies_within_artists_does_not_count() -> None:
    features, owners = works(40, 4, seed=1)
    labels = np.minimum(owners, 4)  # four artists are classes; the works of the others are of none of them
    asked, by = works(40, 4, seed=2)
    found = fit_discriminant(features, labels, 5, owners).scores(asked)
    plain = np.array([features[labels == label].mean(axis=0) for label in range(4)])
    known = by < 4
    right = (found[known][:, :4].argmax(axis=1) == by[known]).mean()
    nearest = ((asked[known][:, None] - plain) ** 2).sum(axis=2).argmin(axis=1)
    assert right > (nearest == by[known]).mean() + 0.2
    blind = fit_discriminant(features, labels, 5, labels).scores(asked)
    assert right >= (blind[known][:, :4].argmax(axis=1) == by[known]).mean(), "whose the others' works are helps"


@pytest.mark.parametrize("shape", [(3, 10), (40, 10)])
def test_few_and_equal_works_have_finite_scores(shape: tuple[int, int]) -> None:
    features = np.ones(shape, np.float32)
    features[0] = 2
    labels = np.arange(shape[0]) % 2
    found = fit_discriminant(features, labels, 3, np.arange(shape[0])).scores(features)
    assert found.shape == (shape[0], 3)
    assert np.isfinite(found).all()
