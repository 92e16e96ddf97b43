"""Trains a classifier of artists from stored features: labels, candidates, choice, calibration, the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ledger.errors import InputError
from ledger.lab.train.artist.calibrating import fit_calibration
from ledger.lab.train.artist.candidates import CandidateClassifier, candidates
from ledger.lab.train.artist.choice import Choice, Fits, Material, Step, choose, macro_top1
from ledger.lab.train.artist.curve import learning_curve
from ledger.lab.train.artist.labels import MOST_WORKS, LabelledWork, Labels, encode_labels
from ledger.match.artists.features import FeatureBlock
from ledger.match.artists.model import ArtistCalibration, ArtistModel, Expert
from ledger.match.artists.reference import LEAST_NAMED

LEAST_OTHERS = 3
"""Works by other artists that a classifier must be judged by. With fewer it cannot know at all what strangers look
like, and would name somebody for every picture; the report says how many there were."""


@dataclass(frozen=True, slots=True)
class TrainedArtists:
    """A model, and how it came about."""

    model: ArtistModel
    labels: Labels
    report: dict[str, Any]
    """JSON values: classes, works, and what every candidate reached on works of unseen subjects."""


def train_artists(
    block: FeatureBlock,
    works: Sequence[LabelledWork],
    *,
    seed: int,
    most: int = MOST_WORKS,
    tried: Sequence[CandidateClassifier] | None = None,
    step: Step = lambda _: None,
    noun: str = "artist",
    least_others: int = LEAST_OTHERS,
    kept: Path | None = None,
    curve: bool = False,
) -> TrainedArtists:
    """`block` has one row for each of the `works`, in order. The same input and seed give the same model, on the same
    machine with the same libraries.

    `step` is called before each fit and may raise. `kept`: a file in which finished fits are kept, so that the same
    training goes on where it stopped. `curve` adds to the report what fewer works of each artist would have reached.
    `noun`: what the classes are, for messages. Raises InputError (`too-few-artists`, `too-few-others`, `bad-features`,
    `file-unwritable`).
    """
    if len(block) != len(works):
        raise InputError(f"{len(works)} works have {len(block)} rows of features", code="bad-features")
    labels = encode_labels(works, seed=seed, most=most, noun=noun)
    rows, used = np.array(labels.rows, np.int64), [works[row] for row in labels.rows]
    material = Material(block[rows], used, np.array(labels.labels, np.int64), len(labels.classes) + 1, seed)
    tried = candidates(block.parts) if tried is None else tried
    if not tried:
        raise InputError("none of the classifiers can use these features", code="bad-features")
    with Fits(kept, material, step) as fits:
        chosen = choose(tried, material, fits)
        points = learning_curve(chosen, material, fits) if curve else []
    others = int(np.count_nonzero(material.labels[chosen.judged] == labels.none))
    if others < least_others:
        raise InputError(
            f"{others} works by other artists, of several subjects, can be held out, but {least_others} are needed:"
            ' without them "none of these" cannot be learned',
            code="too-few-others",
            hint="Add works by more artists. A few by each are enough.",
        )
    calibration = fit_calibration(chosen.averaged, material.labels[chosen.judged])
    experts = _experts(chosen, material, step)
    parts = {part for expert in experts for part in expert.fusion.parts}
    specs = {name: digest for name, digest in block.specs.items() if name in parts}
    return TrainedArtists(
        ArtistModel(labels.classes, specs, experts, calibration),
        labels,
        _report(labels, chosen, seed) | _named_for_others(labels, chosen, calibration) | {"curve": points},
    )


def _experts(chosen: Choice, material: Material, step: Step) -> tuple[Expert, ...]:
    """The candidates with a share, fitted to all works."""
    experts = []
    for trial, share in zip(chosen.trials, chosen.shares, strict=True):
        if share > 0:
            step(f"{trial.candidate.name}, all works")
            fusion, member = material.fitted(trial.candidate)
            experts.append(Expert(trial.candidate.name, fusion, member, round(trial.temperature, 6), round(share, 6)))
    return tuple(experts)


def _named_for_others(labels: Labels, chosen: Choice, calibration: ArtistCalibration) -> dict[str, Any]:
    """How often each artist came first for works of none of them, where a record would have named somebody."""
    none = np.array(labels.labels, np.int64)[chosen.judged] == labels.none
    found = calibration(chosen.averaged[none])[:, :-1]
    first = found.argmax(axis=1)[found.max(axis=1, initial=0) >= LEAST_NAMED] if len(found) else np.zeros(0, np.int64)
    counts = np.bincount(first, minlength=len(labels.classes))
    return {"named_for_others": {name: int(count) for name, count in zip(labels.classes, counts, strict=True) if count}}


def _report(labels: Labels, chosen: Choice, seed: int) -> dict[str, Any]:
    known = sum(label != labels.none for label in labels.labels)
    labelled = np.array(labels.labels, np.int64)[chosen.judged]
    return {
        "macro_top1": round(macro_top1(chosen.averaged, labelled), 4),
        "judged": int(np.count_nonzero(labelled != labels.none)),
        "judged_of_none": int(np.count_nonzero(labelled == labels.none)),
        "artists": len(labels.classes),
        "works": known,
        "works_of_none": len(labels.labels) - known,
        "left_out": dict(labels.left_out),
        "seed": seed,
        "candidates": [
            trial.figures | {"share": round(share, 4)}
            for trial, share in zip(chosen.trials, chosen.shares, strict=True)
        ],
    }
