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


@dataclass(frozen=True, slots=True)
class ClassifierLesson:
    """What a classifier is fitted to: n works, with features of shape (n, dimension)."""

    features: Floats
    labels: NDArray[np.int64]
    """Shape (n,); the last of the classes is that of none."""
    classes: int
    weights: NDArray[np.float64]
    """How much each work counts, shape (n,)."""
    owners: NDArray[np.int64]
    """Whose work each is, shape (n,): also of those in the class of none."""
    seed: int


Fit = Callable[[ClassifierLesson], Classifier]

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

    def fitted(self, block: FeatureBlock, lesson: Callable[[Floats], ClassifierLesson]) -> tuple[Fusion, Classifier]:
        """`lesson` takes the features that this classifier sees."""
        fusion = fit_fusion(block, self.parts)
        return fusion, self.fit(lesson(fusion(block)))


def candidates(available: Mapping[str, object], *, quick: bool = False) -> tuple[CandidateClassifier, ...]:
    """Those whose features are all available. `quick`: without the forest and the network, for tests and smoke runs."""
    hand = (technique.NAME, depths.NAME)
    tried = [
        CandidateClassifier("logistic, technique", (technique.NAME,), partial(_logistic, WEAK_RIDGE)),
        CandidateClassifier("logistic, depths", (depths.NAME,), partial(_logistic, STRONG_RIDGE)),
        CandidateClassifier("logistic, hand", hand, partial(_logistic, STRONG_RIDGE)),
        CandidateClassifier("discriminant, hand", hand, _discriminant),
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


def _logistic(ridge: float, lesson: ClassifierLesson) -> Classifier:
    from ledger.lab.train.artist.logistic import fit_logistic

    return fit_logistic(lesson.features, lesson.labels, lesson.classes, lesson.weights, ridge=ridge)


def _discriminant(lesson: ClassifierLesson) -> Classifier:
    from ledger.lab.train.artist.discriminant import fit_discriminant

    return fit_discriminant(lesson.features, lesson.labels, lesson.classes, lesson.owners)


def _forest(lesson: ClassifierLesson) -> Classifier:
    from ledger.lab.train.artist.trees import fit_forest

    return fit_forest(lesson.features, lesson.labels, lesson.classes, lesson.weights, seed=lesson.seed)


def _network(lesson: ClassifierLesson) -> Classifier:
    from ledger.lab.train.artist.network import fit_network

    return fit_network(lesson.features, lesson.labels, lesson.classes, lesson.weights, seed=lesson.seed)


def _prototypes(lesson: ClassifierLesson) -> Classifier:
    from ledger.lab.train.artist.neighbours import fit_prototypes

    return fit_prototypes(lesson.features, lesson.labels, lesson.classes)


def _nearest(lesson: ClassifierLesson) -> Classifier:
    from ledger.lab.train.artist.neighbours import fit_nearest

    return fit_nearest(lesson.features, lesson.labels, lesson.classes)
