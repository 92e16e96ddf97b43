"""The classifiers that are tried. Which of them serve is for the works of unseen subjects to say (choice.py)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ledger.fingerprint.hand import depths, technique
from ledger.fingerprint.style_models import CLIP, VAE
from ledger.match.artists.features import FeatureBlock, Floats
from ledger.match.artists.fusion import Fusion, fit_fusion
from ledger.match.artists.members import Classifier

Fit = Callable[[Floats, NDArray[np.int64], int, NDArray[np.float64], int], Classifier]
"""Fits to features (n, dimension), labels (n,), number of classes, weights of the works (n,), with a seed."""

WEAK_RIDGE, STRONG_RIDGE = 1e-5, 1e-4
"""Penalties of logistic regression that did best over folds of open works: for about a hundred numbers, and for
thousands."""


@dataclass(frozen=True, slots=True)
class CandidateClassifier:
    """A way to classify, not fitted yet."""

    name: str
    parts: tuple[str, ...]
    """Kinds of features that it sees."""
    fit: Fit

    def fitted(
        self, block: FeatureBlock, labels: NDArray[np.int64], classes: int, weights: NDArray[np.float64], seed: int
    ) -> tuple[Fusion, Classifier]:
        fusion = fit_fusion(block, self.parts)
        return fusion, self.fit(fusion(block), labels, classes, weights, seed)


def candidates(available: Mapping[str, object], *, quick: bool = False) -> tuple[CandidateClassifier, ...]:
    """Those whose features are all available. `quick`: without the forest and the network, for tests and smoke runs."""
    hand = (technique.NAME, depths.NAME)
    tried = [
        CandidateClassifier("logistic, technique", (technique.NAME,), partial(_logistic, WEAK_RIDGE)),
        CandidateClassifier("logistic, depths", (depths.NAME,), partial(_logistic, STRONG_RIDGE)),
        CandidateClassifier("logistic, hand", hand, partial(_logistic, STRONG_RIDGE)),
        CandidateClassifier("prototypes, hand", hand, _prototypes),
        CandidateClassifier("nearest works, hand", hand, _nearest),
    ]
    if not quick:
        tried += [
            CandidateClassifier("trees, technique", (technique.NAME,), _forest),
            CandidateClassifier("network, clip and vae", (CLIP, VAE), _network),
            CandidateClassifier("network, hand", hand, _network),
        ]
    return tuple(each for each in tried if all(part in available for part in each.parts))


def _logistic(
    ridge: float, features: Floats, labels: NDArray[np.int64], classes: int, weights: NDArray[np.float64], _seed: int
) -> Classifier:
    from ledger.lab.train.artist.logistic import fit_logistic

    return fit_logistic(features, labels, classes, weights, ridge=ridge)


def _forest(
    features: Floats, labels: NDArray[np.int64], classes: int, weights: NDArray[np.float64], seed: int
) -> Classifier:
    from ledger.lab.train.artist.trees import fit_forest

    return fit_forest(features, labels, classes, weights, seed=seed)


def _network(
    features: Floats, labels: NDArray[np.int64], classes: int, weights: NDArray[np.float64], seed: int
) -> Classifier:
    from ledger.lab.train.artist.network import fit_network

    return fit_network(features, labels, classes, weights, seed=seed)


def _prototypes(
    features: Floats, labels: NDArray[np.int64], classes: int, _weights: NDArray[np.float64], _seed: int
) -> Classifier:
    from ledger.lab.train.artist.neighbours import fit_prototypes

    return fit_prototypes(features, labels, classes)


def _nearest(
    features: Floats, labels: NDArray[np.int64], classes: int, _weights: NDArray[np.float64], _seed: int
) -> Classifier:
    from ledger.lab.train.artist.neighbours import fit_nearest

    return fit_nearest(features, labels, classes)
