"""Our classifier and what it is compared with, all fitted to the same works and asked the same questions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from ledger.fingerprint.style_models import CLIP, VAE
from ledger.lab.evaluate.artists import histogram
from ledger.lab.evaluate.artists.measures import Outcome
from ledger.lab.evaluate.artists.protocol import Round
from ledger.lab.evaluate.artists.works import COPY, MeasuredWorks
from ledger.lab.train.artist.candidates import STRONG_RIDGE, candidates
from ledger.lab.train.artist.choice import Step, balanced
from ledger.lab.train.artist.labels import encode_labels
from ledger.lab.train.artist.logistic import fit_logistic
from ledger.lab.train.artist.neighbours import fit_nearest
from ledger.lab.train.artist.training import TrainedArtists, train_artists
from ledger.match.artists.features import FeatureBlock
from ledger.match.artists.fusion import fit_fusion
from ledger.match.artists.members import Member, softmax

OURS = "ours"
MAJORITY = "majority"
SINGLE = (COPY, CLIP, VAE)
"""Embeddings that stand alone."""
Method = Callable[[MeasuredWorks, Round, int], Outcome]


def ours(
    measured: MeasuredWorks, round_: Round, seed: int, *, quick: bool, step: Step
) -> tuple[Outcome, TrainedArtists]:
    fit = measured[round_.fit.tolist()]
    trained = train_artists(
        fit.block, fit.works, seed=seed, tried=candidates(fit.block.parts, quick=quick), step=step
    )
    asked = measured[round_.questions.tolist()]
    found = trained.model.probabilities(asked.block)
    return _outcome(asked, round_, trained.labels.classes, found[:, :-1], 1 - found[:, -1]), trained


def baselines() -> Mapping[str, Method]:
    """By name. `majority` always names the artist with most works; cosines take the nearest work."""
    methods: dict[str, Method] = {MAJORITY: _majority, histogram.NAME: _logistic(histogram.NAME)}
    for part in SINGLE:
        methods[f"{part}, logistic"] = _logistic(part)
        methods[f"{part}, cosine"] = _nearest(part, csls=False)
        methods[f"{part}, csls"] = _nearest(part, csls=True)
    return methods


def _majority(measured: MeasuredWorks, round_: Round, seed: int) -> Outcome:
    labels = encode_labels(measured[round_.fit.tolist()].works, seed=seed)
    counts = np.bincount(labels.labels, minlength=labels.none + 1)[: labels.none].astype(np.float64)
    asked = measured[round_.questions.tolist()]
    return _outcome(asked, round_, labels.classes, np.tile(counts, (len(asked.works), 1)), np.zeros(len(asked.works)))


def _logistic(part: str) -> Method:
    def method(measured: MeasuredWorks, round_: Round, seed: int) -> Outcome:
        def fit(features: np.ndarray, labels: np.ndarray, classes: int) -> Member:  # type: ignore[type-arg]
            return fit_logistic(features, labels, classes, balanced(labels), ridge=STRONG_RIDGE)

        return _fitted(measured, round_, seed, part, fit)

    return method


def _nearest(part: str, *, csls: bool) -> Method:
    def method(measured: MeasuredWorks, round_: Round, seed: int) -> Outcome:
        def fit(features: np.ndarray, labels: np.ndarray, classes: int) -> Member:  # type: ignore[type-arg]
            return fit_nearest(features, labels, classes, csls=csls, nearest=1)

        return _fitted(measured, round_, seed, part, fit, raw=True)

    return method


def _fitted(
    measured: MeasuredWorks, round_: Round, seed: int, part: str,
    fit: Callable[..., Member], *, raw: bool = False,
) -> Outcome:  # fmt: skip
    """`raw`: on the embedding as it is, without standardisation and without the class of none."""
    fitted = measured[round_.fit.tolist()]
    labels = encode_labels(fitted.works, seed=seed)
    rows, targets = np.array(labels.rows, np.int64), np.array(labels.labels, np.int64)
    asked = measured[round_.questions.tolist()]
    if raw:
        kept = targets < labels.none
        rows, targets = rows[kept], targets[kept]
        member = fit(fitted.block.parts[part][rows], targets, labels.none)
        scores = member.scores(asked.block.parts[part]).astype(np.float64)
        return _outcome(asked, round_, labels.classes, scores, scores.max(axis=1))
    block: FeatureBlock = fitted.block[rows]
    fusion = fit_fusion(block, (part,))
    member = fit(fusion(block), targets, labels.none + 1)
    found = softmax(member.scores(fusion(asked.block)))
    return _outcome(asked, round_, labels.classes, found[:, :-1], 1 - found[:, -1])


def _outcome(
    asked: MeasuredWorks, round_: Round, artists: Sequence[str], scores: np.ndarray, acceptance: np.ndarray  # type: ignore[type-arg]
) -> Outcome:
    known = np.arange(len(asked.works)) < len(round_.known)
    return Outcome(tuple(artists), tuple(work.artist for work in asked.works), known, scores, acceptance)
