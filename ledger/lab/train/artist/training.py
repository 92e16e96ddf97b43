"""Trains a classifier of artists from stored features: labels, candidates, choice, calibration, the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ledger.errors import InputError
from ledger.lab.train.artist.calibrating import fit_calibration
from ledger.lab.train.artist.candidates import CandidateClassifier, candidates
from ledger.lab.train.artist.choice import Choice, Material, Step, choose, macro_top1
from ledger.lab.train.artist.labels import MOST_WORKS, LabelledWork, Labels, encode_labels
from ledger.match.artists.features import FeatureBlock
from ledger.match.artists.model import ArtistModel, Expert

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
) -> TrainedArtists:
    """`block` has one row for each of the `works`, in order. The same input and seed give the same model, on the same
    machine with the same libraries.

    `step` is called before each fit and may raise, which leaves nothing behind: features are kept by the caller, and a
    training takes minutes. Raises InputError (`too-few-artists`, `too-few-others`, `bad-features`).
    """
    if len(block) != len(works):
        raise InputError(f"{len(works)} works have {len(block)} rows of features", code="bad-features")
    labels = encode_labels(works, seed=seed, most=most)
    rows, used = np.array(labels.rows, np.int64), [works[row] for row in labels.rows]
    material = Material(block[rows], used, np.array(labels.labels, np.int64), len(labels.classes) + 1, seed)
    tried = candidates(block.parts) if tried is None else tried
    if not tried:
        raise InputError("none of the classifiers can use these features", code="bad-features")
    chosen = choose(tried, material, step)
    others = int(np.count_nonzero(material.labels[chosen.judged] == labels.none))
    if others < LEAST_OTHERS:
        raise InputError(
            f"{others} works by other artists, of several subjects, can be held out, but {LEAST_OTHERS} are needed:"
            ' without them "none of these" cannot be learned',
            code="too-few-others",
            hint="Add works by more artists. A few by each are enough.",
        )
    calibration = fit_calibration(chosen.averaged, material.labels[chosen.judged])
    experts = _experts(chosen, material, step)
    parts = {part for expert in experts for part in expert.fusion.parts}
    specs = {name: digest for name, digest in block.specs.items() if name in parts}
    return TrainedArtists(
        ArtistModel(labels.classes, specs, experts, calibration), labels, _report(labels, chosen, seed)
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
