"""Measures of copy detection: every method on the same questions, per edit, and by size of the corpus."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ledger.lab.evaluate.edits.drawing import EDITS, KINDS
from ledger.lab.evaluate.experiment import Measurements
from ledger.lab.evaluate.metrics import (
    Columns,
    Interval,
    PrecisionRecallCurve,
    ScoredPairs,
    Scores,
    Weights,
    bootstrap,
    false_alarm_threshold,
    first_is_own,
    found_at,
    recall_at_false_alarms,
    weighted_share,
    wilson,
)
from ledger.lab.evaluate.questions import OURS
from ledger.match.lists import COPY_RELATIONS

PRECISION = 0.9
RATES = {"recall_at_1pct_false_alarms": 0.01, "recall_at_0.1pct_false_alarms": 0.001}
_BOOTSTRAPPED = 200_000
"""Intervals use this many best pairs. Of the pairs beyond, fewer than one in a hundred is right."""


@dataclass(frozen=True, slots=True)
class Method:
    """A method's scores over all questions and works."""

    name: str
    scores: Scores
    seconds: float
    """Time to describe and compare all queries."""
    normalised: bool
    """Whether the query's background was subtracted."""


@dataclass(frozen=True, slots=True)
class CopiesReport:
    methods: Mapping[str, dict[str, Any]]
    """What `--json` prints: per method the figures, `intervals`, `per_edit`, `growth`; for `ours` also `context`."""
    curves: Mapping[str, PrecisionRecallCurve]


def evaluate_copies(measured: Measurements) -> CopiesReport:
    """All figures. This takes a minute at full size, mostly for the intervals."""
    report: dict[str, dict[str, Any]] = {}
    curves: dict[str, PrecisionRecallCurve] = {}
    for method in (_ours(measured), *(_baseline(measured, name) for name in measured.baselines)):
        pairs = ScoredPairs.of(method.scores, measured.own)
        curves[method.name] = pairs.curve()
        report[method.name] = {
            **_figures(method, measured, pairs),
            "per_edit": _per_edit(method, measured),
            "growth": _growth(method, measured),
        }
    report[OURS] |= {"called": _called(measured), "context": _context(measured)}
    return CopiesReport(report, curves)


def _ours(measured: Measurements) -> Method:
    return Method(OURS, measured.ours(len(measured.works)), measured.seconds(OURS), normalised=True)


def _baseline(measured: Measurements, name: str) -> Method:
    """The plain or the background-normalised scores, whichever have the better micro AP here."""
    plain, better, seconds = measured.baseline(name)
    plain_ap, better_ap = (ScoredPairs.of(scores, measured.own).curve().micro_ap for scores in (plain, better))
    helps = better_ap > plain_ap
    return Method(name, better if helps else plain, seconds + measured.seconds(name), normalised=helps)


def _figures(method: Method, measured: Measurements, pairs: ScoredPairs) -> dict[str, Any]:
    own, sources = measured.own, measured.sources
    copies = own >= 0
    top = pairs.first(_BOOTSTRAPPED)
    first = first_is_own(method.scores, own)
    measures: dict[str, tuple[float, Callable[[Weights], float]]] = {
        "micro_ap": (pairs.curve().micro_ap, lambda weight: top.curve(weight).micro_ap),
        "recall_at_1": (weighted_share(first), lambda weight: weighted_share(first, weight[copies])),
        "recall_at_p90": (
            pairs.curve().recall_at_precision(PRECISION),
            lambda weight: top.curve(weight).recall_at_precision(PRECISION),
        ),
        **{name: _recall(method.scores, own, rate) for name, rate in RATES.items()},
    }
    return {
        **{name: _number(value) for name, (value, _) in measures.items()},
        "images_per_s": _number(len(own) / method.seconds if method.seconds else math.nan),
        "normalised": method.normalised,
        "intervals": {name: interval_json(bootstrap(measure, sources)) for name, (_, measure) in measures.items()},
    }


def _recall(scores: Scores, own: Columns, rate: float) -> tuple[float, Callable[[Weights], float]]:
    best = _best(scores, own)
    rows = np.arange(len(own))
    # One column for the best scores of unrelated pictures, one for copies' own scores: a smaller table, equal figures.
    small = np.column_stack([np.where(own >= 0, -np.inf, best), np.where(own >= 0, scores[rows, own], -np.inf)])
    place = np.where(own >= 0, 1, -1)
    return (
        recall_at_false_alarms(small, place, rate),
        lambda weight: recall_at_false_alarms(small, place, rate, weight),
    )


def _best(scores: Scores, own: Columns) -> Scores:
    return np.asarray(scores.max(axis=1, initial=-np.inf) if len(own) else np.zeros(0), np.float32)


def _per_edit(method: Method, measured: Measurements) -> list[dict[str, Any]]:
    """Figures per edit, over the copies made with that edit, alone or with others."""
    own = measured.own
    first = first_is_own(method.scores, own)
    found = found_at(
        method.scores, own, false_alarm_threshold(method.scores, own, RATES["recall_at_1pct_false_alarms"])
    )
    edits = [set(reply.question.edits(measured.plan.seed)) for reply in measured.replies if reply.question.copy]
    rows = []
    for edit in EDITS:
        taken = np.array([edit in each for each in edits], np.bool_)
        if taken.any():
            rows.append(
                {
                    "kind": edit.kind,
                    "strength": edit.strength,
                    "seen_in_training": not KINDS[edit.kind].unseen,
                    "n": int(taken.sum()),
                    "recall_at_1": _number(weighted_share(first[taken])),
                    "recall_at_1pct_false_alarms": _number(weighted_share(found[taken])),
                }
            )
    return rows


def _growth(method: Method, measured: Measurements) -> list[dict[str, Any]]:
    """Figures at each size of the corpus, from copies of works that are in it and unrelated pictures."""
    rows = []
    for size in sorted({size for reply in measured.replies for size in reply.answer.outcomes}):
        asked = measured.asked_at(size)
        own = measured.own[asked]
        scores = measured.ours(size) if method.name == OURS else method.scores[asked, :size]
        rows.append(
            {
                "works": size,
                "copies": int((own >= 0).sum()),
                "unrelated": int((own < 0).sum()),
                "micro_ap": _number(ScoredPairs.of(scores, own).curve().micro_ap),
                "recall_at_1": _number(weighted_share(first_is_own(scores, own))),
                "recall_at_1pct_false_alarms": _number(
                    recall_at_false_alarms(scores, own, RATES["recall_at_1pct_false_alarms"])
                ),
            }
        )
    return rows


def _called(measured: Measurements) -> dict[str, Any]:
    """Shares called `copy` at the calibration's alpha: of unrelated pictures, of copies with the right work first."""
    right = wrong = 0
    for row, reply in enumerate(measured.replies):
        first = next(iter(measured.matches(row)), None)
        said = any(each.relation in COPY_RELATIONS and each.p_value <= measured.alpha for each in measured.matches(row))
        if not said or first is None:
            continue
        if reply.own < 0:
            wrong += 1
        elif first.work == measured.works[reply.own].candidate.work_id:
            right += 1
    copies = int((measured.own >= 0).sum())
    return {
        "alpha": measured.alpha,
        "unrelated_called_a_copy": share_json(wrong, len(measured.replies) - copies),
        "copies_called_of_the_right_work": share_json(right, copies),
    }


def _context(measured: Measurements) -> dict[str, Any]:
    own = measured.own
    return {
        "works": len(measured.works),
        "copies": int((own >= 0).sum()),
        "copied_works": len(np.unique(own[own >= 0])),
        "unrelated": int((own < 0).sum()),
        "edited_unrelated": sum(reply.own < 0 and reply.question.turn is not None for reply in measured.replies),
        "variants_left_out": measured.variants,
        "pairs_ignored": int(measured.hidden.sum()),
        "not_comparable": sum(reply.answer.not_comparable is not None for reply in measured.replies),
        "seed": measured.plan.seed,
        "spec": measured.spec,
        "absent": dict(measured.absent),
    }


def share_json(successes: int, trials: int) -> dict[str, Any]:
    """A share with its 95% Wilson interval."""
    share = successes / trials if trials else math.nan
    return {
        "count": successes,
        "n": trials,
        "share": _number(share),
        "interval": interval_json(wilson(successes, trials)),
    }


def interval_json(interval: Interval) -> list[float | None]:
    return [_number(value) for value in asdict(interval).values()]


def _number(value: float) -> float | None:
    """Six digits; None for an undefined value (JSON has no NaN)."""
    return round(float(value), 6) if math.isfinite(value) else None
