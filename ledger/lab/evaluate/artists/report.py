"""Runs the rounds and adds up what they showed. Finished rounds are kept, so an interrupted evaluation resumes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ledger import canonical
from ledger.lab.evaluate.artists.measures import (
    PerArtist,
    RoundOutcome,
    answerable,
    auroc,
    fpr_at_tpr,
    macro,
    macro_interval,
    mean_over,
    per_artist,
)
from ledger.lab.evaluate.artists.methods import OURS, baselines, ours
from ledger.lab.evaluate.artists.protocol import Round, rounds
from ledger.lab.evaluate.artists.works import MeasuredWorks
from ledger.lab.evaluate.copies import interval_json
from ledger.lab.evaluate.metrics import ReliabilityBin, reliability
from ledger.lab.evaluate.works import Progress
from ledger.lab.result_cache import ResultCache

VERSION = 1
"""Goes up when finished rounds of an earlier version do not count any more."""
RANDOM_ROUNDS = 2
"""Rounds with a random split, which only show how much it flatters."""


@dataclass(frozen=True, slots=True)
class ArtistsReport:
    document: dict[str, Any]
    """What `--json` prints."""
    bins: Sequence[ReliabilityBin]
    artists: Sequence[str]
    confusion: NDArray[np.float64]
    """Share of the questions by each artist (rows) for which each artist (columns) came first."""


def evaluate_artists(
    measured: MeasuredWorks, cache: Path, *, splits: int, seed: int, quick: bool, progress: Progress
) -> ArtistsReport:
    """Raises ConflictError (`too-few-measurable`), InputError (`too-few-artists`)."""
    keys = canonical.digest([[work.key, work.artist, work.subject, work.group] for work in measured.works])
    heading = {"version": VERSION, "works": keys, "specs": dict(measured.block.specs), "seed": seed, "quick": quick,
               "splits": splits}  # fmt: skip
    with ResultCache(cache, heading) as kept:
        runner = _Runner(measured, kept, seed, quick, progress)
        subject = runner.outcomes(list(rounds(measured.works, splits, seed)), compare=True)
        flat = list(rounds(measured.works, min(splits, RANDOM_ROUNDS), seed, random_split=True))
        random = runner.outcomes(flat, compare=False)
    return _report(measured, subject, random, {"splits": splits, "seed": seed})


@dataclass(frozen=True, slots=True)
class _Runner:
    measured: MeasuredWorks
    kept: ResultCache
    seed: int
    quick: bool
    progress: Progress

    def outcomes(self, todo: Sequence[Round], *, compare: bool) -> dict[str, list[RoundOutcome]]:
        """By method, one for each round. `compare`: with the baselines."""
        found: dict[str, list[RoundOutcome]] = {}
        for number, round_ in enumerate(todo):
            self.progress("splits by subject" if compare else "random splits", number, len(todo))
            if round_.name not in self.kept:
                self.kept.put(round_.name, self._run(round_, compare))
            for name, values in self.kept[round_.name]["methods"].items():
                found.setdefault(name, []).append(_read(values))
        return found

    def _run(self, round_: Round, compare: bool) -> dict[str, Any]:
        outcome, trained = ours(
            self.measured,
            round_,
            self.seed,
            quick=self.quick,
            step=lambda what: self.progress(f"split {round_.name}: {what}", 0, None),
        )
        methods = {OURS: outcome}
        if compare:
            methods |= {name: method(self.measured, round_, self.seed) for name, method in baselines().items()}
        return {"methods": {name: _kept(each) for name, each in methods.items()}, "training": trained.report}


def _kept(outcome: RoundOutcome) -> dict[str, Any]:
    return {
        "artists": list(outcome.artists),
        "truth": list(outcome.truth),
        "known": outcome.known.tolist(),
        "scores": np.round(outcome.scores, 6).tolist(),
        "acceptance": np.round(outcome.acceptance, 6).tolist(),
    }


def _read(values: Mapping[str, Any]) -> RoundOutcome:
    outcome = RoundOutcome(
        tuple(values["artists"]),
        tuple(values["truth"]),
        np.array(values["known"], np.bool_),
        np.array(values["scores"], np.float64),
        np.array(values["acceptance"], np.float64),
    )
    return answerable(outcome)


def _report(
    measured: MeasuredWorks,
    subject: Mapping[str, Sequence[RoundOutcome]],
    random: Mapping[str, Sequence[RoundOutcome]],
    plan: Mapping[str, Any],
) -> ArtistsReport:
    shares = {name: per_artist(outcomes) for name, outcomes in subject.items()}
    mine = shares[OURS]
    best = max((name for name in shares if name != OURS), key=lambda name: shares[name].macro_top1)
    gain = mine.top1 - shares[best].top1
    bins, error = _reliability(subject[OURS])
    document = {
        **_figures(mine, subject[OURS]),
        "macro_top1_interval": interval_json(macro_interval(mine.top1)),
        "best_baseline": {"name": best, "macro_top1": round(shares[best].macro_top1, 4)},
        "gain": round(macro(gain), 4),
        "gain_interval": interval_json(macro_interval(gain)),
        "ece": round(error, 4),
        "random_split_macro_top1": round(per_artist(random[OURS]).macro_top1, 4),
        "per_split_macro_top1": [round(macro(row[None]), 4) for row in mine.top1],
        "pooled_macro_top1": round(float(mine.of_artists.mean()), 4),
        "artists": len(mine.artists),
        "artists_per_split": round(float(np.mean([len(each.artists) for each in subject[OURS]])), 1),
        "works": len(measured.works),
        "questions": {
            "known": int(sum(each.known.sum() for each in subject[OURS])),
            "unknown": int(sum((~each.known).sum() for each in subject[OURS])),
        },
        "methods": {name: _figures(each, subject[name]) for name, each in shares.items()},
        "per_artist": {
            artist: {"questions": int(count), "top1": round(float(share), 4)}
            for artist, count, share in zip(mine.artists, mine.questions.sum(axis=0), mine.of_artists, strict=True)
        },
        **plan,
    }
    return ArtistsReport(document, bins, mine.artists, _confusion(subject[OURS], mine.artists))


def _figures(shares: PerArtist, outcomes: Sequence[RoundOutcome]) -> dict[str, Any]:
    return {
        "macro_top1": round(shares.macro_top1, 4),
        "macro_top5": round(shares.macro_top5, 4),
        "unknown_auroc": round(mean_over(outcomes, auroc), 4),
        "fpr_at_95_tpr": round(mean_over(outcomes, fpr_at_tpr), 4),
    }


def _reliability(outcomes: Sequence[RoundOutcome]) -> tuple[list[ReliabilityBin], float]:
    """Of the first artist's probability, for all questions: for one by an unknown artist, every name is wrong."""
    stated, right = [], []
    for each in outcomes:
        first = each.scores.argmax(axis=1)
        stated.append(each.scores.max(axis=1))
        right.append(np.array([each.artists[column] == truth for column, truth in zip(first, each.truth, strict=True)]))
    values = np.concatenate(stated)
    return reliability(values, np.concatenate(right), np.ones(len(values)))


def _confusion(outcomes: Sequence[RoundOutcome], artists: Sequence[str]) -> NDArray[np.float64]:
    place = {artist: index for index, artist in enumerate(artists)}
    counts = np.zeros((len(artists), len(artists)))
    for each in outcomes:
        first = each.scores.argmax(axis=1).tolist()
        for truth, named, known in zip(each.truth, (each.artists[column] for column in first), each.known, strict=True):
            if known and named in place:
                np.add.at(counts, (place[truth], place[named]), 1)
    return np.asarray(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1))
