"""Our classifier and what it is compared with, all fitted to the same works and asked the same questions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ledger.fingerprint.style_models import CLIP, VAE
from ledger.lab.evaluate.artists import histogram
from ledger.lab.evaluate.artists.measures import RoundOutcome
from ledger.lab.evaluate.artists.protocol import Round
from ledger.lab.evaluate.artists.works import COPY, MeasuredWorks
from ledger.lab.train.artist.candidates import STRONG_RIDGE, candidates
from ledger.lab.train.artist.choice import Material, Step
from ledger.lab.train.artist.labels import encode_labels
from ledger.lab.train.artist.logistic import fit_logistic
from ledger.lab.train.artist.neighbours import fit_nearest
from ledger.lab.train.artist.training import TrainedArtists, train_artists
from ledger.match.artists.fusion import fit_fusion
from ledger.match.artists.members import softmax

OURS = "ours"
MAJORITY = "majority"
SINGLE = (COPY, CLIP, VAE)
"""Embeddings that stand alone."""
Method = Callable[[MeasuredWorks, Round, int], RoundOutcome]


def ours(
    measured: MeasuredWorks, round_: Round, seed: int, *, quick: bool, step: Step
) -> tuple[RoundOutcome, TrainedArtists]:
    fit = measured[round_.fit.tolist()]
    trained = train_artists(fit.block, fit.works, seed=seed, tried=candidates(fit.block.parts, quick=quick), step=step)
    asked = measured[round_.questions.tolist()]
    found = trained.model.probabilities(asked.block)
    return _outcome(asked, round_, trained.model.classes, found[:, :-1], 1 - found[:, -1]), trained


def baselines() -> Mapping[str, Method]:
    """By name. `majority` always names the artist with most works; cosines take the nearest work."""
    methods: dict[str, Method] = {MAJORITY: _majority, histogram.NAME: _logistic(histogram.NAME)}
    for part in SINGLE:
        methods[f"{part}, logistic"] = _logistic(part)
        methods[f"{part}, cosine"] = _nearest(part, csls=False)
        methods[f"{part}, csls"] = _nearest(part, csls=True)
    return methods


@dataclass(frozen=True, slots=True)
class _Task:
    """What a baseline is fitted to and asked about in one round."""

    round: Round
    classes: tuple[str, ...]
    fit: MeasuredWorks
    labels: NDArray[np.int64]
    asked: MeasuredWorks

    @classmethod
    def of(cls, measured: MeasuredWorks, round_: Round, seed: int) -> _Task:
        fit = measured[round_.fit.tolist()]
        labels = encode_labels(fit.works, seed=seed)
        used = fit[labels.rows]
        asked = measured[round_.questions.tolist()]
        return cls(round_, labels.classes, used, np.array(labels.labels, np.int64), asked)

    @property
    def by_artists(self) -> NDArray[np.bool_]:
        """The works that are not of the class of none."""
        return np.asarray(self.labels < len(self.classes))

    def outcome(self, scores: NDArray[np.float64], acceptance: NDArray[np.float64]) -> RoundOutcome:
        return _outcome(self.asked, self.round, self.classes, scores, acceptance)


def _majority(measured: MeasuredWorks, round_: Round, seed: int) -> RoundOutcome:
    task = _Task.of(measured, round_, seed)
    counts = np.bincount(task.labels[task.by_artists], minlength=len(task.classes)).astype(np.float64)
    counts -= np.arange(len(counts)) / (2 * len(counts))  # of artists with equally many works, the first
    count = len(task.asked.works)
    return task.outcome(np.tile(counts, (count, 1)), np.zeros(count))


def _logistic(part: str) -> Method:
    """Logistic regression with the class of none, on one kind of features."""

    def method(measured: MeasuredWorks, round_: Round, seed: int) -> RoundOutcome:
        task = _Task.of(measured, round_, seed)
        fusion = fit_fusion(task.fit.block, (part,))
        classes = len(task.classes) + 1
        material = Material(task.fit.block, task.fit.works, task.labels, classes, seed)
        features = fusion(task.fit.block)
        member = fit_logistic(features, task.labels, classes, material.weights, ridge=STRONG_RIDGE)
        found = softmax(member.scores(fusion(task.asked.block)))
        return task.outcome(found[:, :-1], 1 - found[:, -1])

    return method


def _nearest(part: str, *, csls: bool) -> Method:
    """The nearest work, by an embedding as it is."""

    def method(measured: MeasuredWorks, round_: Round, seed: int) -> RoundOutcome:
        task = _Task.of(measured, round_, seed)
        rows = task.by_artists
        features = task.fit.block.parts[part][rows]
        member = fit_nearest(features, task.labels[rows], len(task.classes), csls=csls, nearest=1)
        scores = member.scores(task.asked.block.parts[part]).astype(np.float64)
        return task.outcome(scores, scores.max(axis=1))

    return method


def _outcome(
    asked: MeasuredWorks,
    round_: Round,
    artists: Sequence[str],
    scores: NDArray[np.float64],
    acceptance: NDArray[np.float64],
) -> RoundOutcome:
    known = np.arange(len(asked.works)) < len(round_.known)
    return RoundOutcome(tuple(artists), tuple(work.artist for work in asked.works), known, scores, acceptance)
