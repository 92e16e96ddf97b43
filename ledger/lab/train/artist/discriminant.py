"""Linear discriminant analysis with a prior on artists (PLDA: Ioffe 2006; Prince and Elder 2007).

Speaker recognition uses it to know a voice from a few recordings. How works of one artist differ among themselves is
learned from all artists together, also from those who have too few works to be a class. Numbers that differ as much
within artists as between them then count little.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ledger.match.artists.features import Floats
from ledger.match.artists.members import Linear

DIRECTIONS = 500
"""Directions in which works differ most, of thousands of numbers; the others are noise."""
SHRINKAGE = 0.05
"""Share of a round scatter that is mixed into the measured one, which has few works behind it."""
PRIOR = 1.0
"""How much artists differ, over how much works of one artist do, in the directions that are left."""
_LEAST = 1e-6
Wide = NDArray[np.float64]


def fit_discriminant(features: Floats, labels: NDArray[np.int64], classes: int, owners: NDArray[np.int64]) -> Linear:
    """`owners`: whose work each is, shape (n,): it tells apart those in the class of none. The scores of a picture are
    log-likelihood ratios, up to a constant of the picture."""
    middle = features.mean(axis=0, dtype=np.float64)
    centred = features.astype(np.float64) - middle
    axes = _main_axes(centred, min(DIRECTIONS, len(features) - 1))
    turned = centred @ axes
    whitening = np.linalg.cholesky(np.linalg.inv(_scatter_within(turned, owners)))
    counts = np.bincount(labels, minlength=classes)
    means = np.zeros((classes, turned.shape[1]))
    np.add.at(means, labels, turned @ whitening)
    means *= (PRIOR / (counts * PRIOR + 1))[:, None]  # the mean of few works is drawn towards that of all
    kernel = axes @ whitening @ means.T
    bias = -0.5 * (means**2).sum(axis=1) - middle @ kernel
    return Linear(np.asarray(kernel, np.float32), np.asarray(bias, np.float32))


def _main_axes(centred: Wide, count: int) -> Wide:
    """Principal directions as columns, without those in which nothing differs."""
    if len(centred) < centred.shape[1]:
        values, vectors = np.linalg.eigh(centred @ centred.T)
        axes = centred.T @ (vectors / np.sqrt(np.maximum(values, _LEAST)))
    else:
        values, axes = np.linalg.eigh(centred.T @ centred)
    order = np.argsort(-values)[:count]
    return np.asarray(axes[:, order[values[order] > _LEAST * max(1.0, float(values.max(initial=0)))]])


def _scatter_within(turned: Wide, owners: NDArray[np.int64]) -> Wide:
    """How works of one artist differ from their mean. Each artist counts by the root of the number of works."""
    _, place, counts = np.unique(owners, return_inverse=True, return_counts=True)
    means = np.zeros((len(counts), turned.shape[1]))
    np.add.at(means, place, turned)
    means /= counts[:, None]
    several = counts[place] > 1
    count = counts[place][several].astype(np.float64)
    apart = (turned - means[place])[several] * np.sqrt(count / (count - 1))[:, None]
    weight = 1 / np.sqrt(count)
    width = turned.shape[1]
    if not len(apart):
        return np.eye(width)
    scatter = (apart * weight[:, None]).T @ apart / weight.sum()
    round_ = max(float(np.trace(scatter)) / width, _LEAST)
    return np.asarray((1 - SHRINKAGE) * scatter + SHRINKAGE * round_ * np.eye(width))
