"""Chooses which classifiers serve, and with what shares, by works of subjects that they did not see."""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ledger.lab.result_cache import ResultCache
from ledger.lab.train.artist.calibrating import Labelled, Wide, fit_temperature, log_loss
from ledger.lab.train.artist.candidates import CandidateClassifier
from ledger.lab.train.artist.labels import LabelledWork
from ledger.lab.train.artist.splits import apart, divide
from ledger.match.artists.features import FeatureBlock
from ledger.match.artists.fusion import Fusion
from ledger.match.artists.members import Classifier, softmax

FOLDS = 4
MARGIN = 0.03
"""Macro top-1 within which classifiers cannot be told apart on some hundred works: about its standard error."""
LEAST_FITTED = 4
"""Works of an artist that a fold must leave to fit on, for the answers about the others to count."""
_NOTHING = -30.0
"""Score of a class of which no work was left to fit on."""
Step = Callable[[str], None]
"""Called before each fit, with what is fitted; it may raise to interrupt."""


@dataclass(frozen=True, slots=True)
class Material:
    """What classifiers are fitted to: n works."""

    block: FeatureBlock
    works: Sequence[LabelledWork]
    labels: Labelled
    """Shape (n,); the last of the classes is that of none."""
    classes: int
    seed: int

    @property
    def weights(self) -> Wide:
        """By which every class counts the same in all; the mean is 1."""
        counts = np.bincount(self.labels).astype(np.float64)
        weights = 1 / counts[self.labels]
        return np.asarray(weights / weights.mean())

    def fitted(
        self, candidate: CandidateClassifier, rows: NDArray[np.int64] | None = None
    ) -> tuple[Fusion, Classifier]:
        """The candidate, fitted to these rows; None: to all."""
        rows = np.arange(len(self.labels)) if rows is None else rows
        weights = self.weights[rows]
        return candidate.fitted(self.block[rows], self.labels[rows], self.classes, weights, self.seed)

    def digest(self) -> str:
        """Of everything that a fit depends on."""
        whole = hashlib.sha256(repr((dict(self.block.specs), self.classes, self.seed, list(self.works))).encode())
        for each in (*(self.block.parts[name] for name in sorted(self.block.parts)), self.labels):
            whole.update(np.ascontiguousarray(each).tobytes())
        return whole.hexdigest()


FITS_VERSION = 1
"""Goes up when a classifier is fitted in another way: kept fits of an earlier version do not count any more."""


class Fits:
    """Scores of held-out works by classifiers that were fitted to the others; finished ones are kept in a file."""

    def __init__(self, kept: Path | None, material: Material, step: Step) -> None:
        """Raises InputError (`file-unwritable`)."""
        self._material = material
        self._step = step
        self._stack = ExitStack()
        self._cache: ResultCache | None = None
        if kept is not None:
            heading = {"material": material.digest(), "version": FITS_VERSION}
            self._cache = self._stack.enter_context(ResultCache(kept, heading))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def scores(
        self, candidate: CandidateClassifier, what: str, rows: NDArray[np.int64], held_out: NDArray[np.int64]
    ) -> Wide:
        """Shape (len(held_out), classes). `what` names the fit, together with the candidate."""
        key = f"{candidate.name}, {what}"
        if self._cache is not None and key in self._cache:
            return _unpacked(self._cache[key], len(held_out))
        self._step(key)
        fusion, member = self._material.fitted(candidate, rows)
        found = member.scores(fusion(self._material.block[held_out])).astype(np.float64)
        absent = np.setdiff1d(np.arange(self._material.classes), self._material.labels[rows])
        found[:, absent] = np.minimum(found[:, absent], found.min(axis=1, keepdims=True) + _NOTHING)
        if self._cache is not None:
            self._cache.put(key, b64encode(found.astype("<f8").tobytes()).decode())
        return found


def _unpacked(text: str, rows: int) -> Wide:
    return np.frombuffer(b64decode(text), "<f8").reshape(rows, -1).copy()


Division = Sequence[tuple[NDArray[np.int64], NDArray[np.int64]]]
"""For each fold, the rows to fit on and those held out."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A candidate, and what it says of works whose subjects it did not see."""

    candidate: CandidateClassifier
    temperature: float
    probabilities: Wide
    """Shape (judged, artists + 1)."""
    figures: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Choice:
    trials: tuple[Trial, ...]
    """All, best first by macro top-1."""
    shares: tuple[float, ...]
    """Of each trial in the average; 0 for those that do not serve."""
    judged: NDArray[np.int64]
    """Works that the candidates were judged by: those of whose artist LEAST_FITTED were left to fit on."""
    parts: Division

    @property
    def averaged(self) -> Wide:
        return np.asarray(
            sum(share * trial.probabilities for share, trial in zip(self.shares, self.trials, strict=True))
        )


def choose(tried: Sequence[CandidateClassifier], material: Material, fits: Fits) -> Choice:
    """Every candidate is fitted FOLDS times, and judged by the works left out."""
    parts = _parts(material)
    judged = np.flatnonzero(_judged(material, parts))
    trials = sorted(
        (_trial(each, material, parts, judged, fits) for each in tried),
        key=lambda trial: -float(trial.figures["macro_top1"]),
    )
    return Choice(tuple(trials), tuple(_shares(trials)), judged, parts)


def _parts(material: Material) -> Division:
    folds = divide(material.works, FOLDS, material.seed)
    outs = [folds == fold for fold in np.unique(folds)]
    return [(np.flatnonzero(apart(material.works, out)), np.flatnonzero(out)) for out in outs]


def _judged(material: Material, parts: Division) -> NDArray[np.bool_]:
    """No classifier can name an artist of whom it saw next to nothing. The one that serves sees all works, so such
    answers would make it seem less sure than it may be."""
    judged = np.zeros(len(material.labels), np.bool_)
    for rows, held_out in parts:
        counts = np.bincount(material.labels[rows], minlength=material.classes)
        judged[held_out] = counts[material.labels[held_out]] >= LEAST_FITTED
    return judged if judged.any() else ~judged


def _trial(
    candidate: CandidateClassifier,
    material: Material,
    parts: Division,
    judged: NDArray[np.int64],
    fits: Fits,
) -> Trial:
    scores = np.zeros((len(material.labels), material.classes))
    for number, (rows, held_out) in enumerate(parts):
        scores[held_out] = fits.scores(candidate, f"part {number + 1} of {len(parts)}", rows, held_out)
    labels, weights = material.labels[judged], material.weights[judged]
    temperature = fit_temperature(scores[judged], labels, weights)
    probabilities = softmax(scores[judged] / temperature)
    figures = {
        "name": candidate.name,
        "log_loss": round(log_loss(probabilities, labels, weights), 4),
        "macro_top1": round(macro_top1(probabilities, labels), 4),
        "temperature": round(temperature, 4),
    }
    return Trial(candidate, temperature, probabilities, figures)


def _shares(trials: Sequence[Trial]) -> list[float]:
    """Equal shares for all that come within MARGIN of the best by macro top-1. Log loss would prefer classifiers that
    are vague: what they are sure of is calibrated later, which names come first is not."""
    reached = [float(trial.figures["macro_top1"]) for trial in trials]
    serving = [value >= max(reached) - MARGIN for value in reached]
    return [serves / sum(serving) for serves in serving]


def macro_top1(probabilities: Wide, labels: Labelled) -> float:
    """Mean over artists of the share of their works for which they come first among the artists."""
    none = probabilities.shape[1] - 1
    first = probabilities[:, :none].argmax(axis=1)
    artists = np.unique(labels[labels < none])
    return float(np.mean([(first[labels == artist] == artist).mean() for artist in artists])) if len(artists) else 0.0
