"""Tests stated error rates and probabilities, on unrelated pictures and copies that nothing was fitted on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ledger.lab.evaluate.copies import interval_json, share_json
from ledger.lab.evaluate.experiment import Measurements
from ledger.lab.evaluate.metrics import ReliabilityBin, reliability
from ledger.match.lists import COPY_RELATIONS
from ledger.match.multiple_testing import benjamini_hochberg

ALPHAS = (0.01, 0.05)
FDR = 0.05
BATCHES = 200
BATCH = 50
BATCH_COPIES = 10
"""Number of copies in a batch."""
ALL = "all"


@dataclass(frozen=True, slots=True)
class QuestionOutcome:
    """The part of a question's outcome that error rates need."""

    copy: bool
    edited: bool
    bin: str
    p_value: float
    """The smallest p-value among its matches; an unrelated picture comes this close by chance."""
    called: float
    """The smallest p-value among matches whose relation is a copy; above 1 if there is none."""
    right: float
    """For a copy: the p-value of its own work, if that comes first and its relation is a copy; otherwise above 1."""
    score: float
    """Score of the first match; 0 without any."""
    first_is_own: bool


@dataclass(frozen=True, slots=True)
class ReliabilityReport:
    document: dict[str, Any]
    """What `--json` prints."""
    bins: Sequence[ReliabilityBin]


def evaluate_calibration(measured: Measurements) -> ReliabilityReport:
    cases = [_case(measured, row) for row in range(len(measured.replies))]
    bins, error = _reliability(cases)
    document = {
        "false_alarms": [
            _rates(cases, name, alpha) for alpha in ALPHAS for name in dict.fromkeys((ALL, *measured.bins))
        ],
        "reliability": [asdict(each) | {"interval": interval_json(each.interval)} for each in bins],
        "expected_calibration_error": round(error, 6),
        "false_discoveries": _false_discoveries(cases, measured.plan.seed),
        "error_rates_from": "corpus" if measured.own_null else "shipped",
        "works": len(measured.works),
        "copies": sum(case.copy for case in cases),
        "unrelated": {
            "clean": sum(not case.copy and not case.edited for case in cases),
            "edited": sum(not case.copy and case.edited for case in cases),
        },
        "spec": measured.spec,
    }
    return ReliabilityReport(document, bins)


def _case(measured: Measurements, row: int) -> QuestionOutcome:
    reply, matches = measured.replies[row], measured.matches(row)
    own = measured.works[reply.own].candidate.work_id if reply.own >= 0 else None
    copies = [match.p_value for match in matches if match.relation in COPY_RELATIONS]
    first = matches[0] if matches else None
    mine = first is not None and first.work == own
    proven = first is not None and mine and first.relation in COPY_RELATIONS
    return QuestionOutcome(
        copy=own is not None,
        edited=reply.question.turn is not None,
        bin=reply.answer.bin,
        p_value=min((match.p_value for match in matches), default=1.0),
        called=min(copies, default=2.0),
        right=first.p_value if first is not None and proven else 2.0,
        score=first.score if first is not None else 0.0,
        first_is_own=mine,
    )


def _rates(cases: Sequence[QuestionOutcome], name: str, alpha: float) -> dict[str, Any]:
    """How many unrelated pictures come within alpha, and how many are called a copy; clean and edited apart."""
    inside = [case for case in cases if name in (ALL, case.bin)]
    row: dict[str, Any] = {"alpha": alpha, "bin": name}
    for group, edited in (("clean", False), ("edited", True)):
        unrelated = [case for case in inside if not case.copy and case.edited is edited]
        row[group] = {
            "as_close": share_json(sum(case.p_value <= alpha for case in unrelated), len(unrelated)),
            "called_a_copy": share_json(sum(case.called <= alpha for case in unrelated), len(unrelated)),
        }
    copies = [case for case in inside if case.copy]
    row["copies_called_of_the_right_work"] = share_json(sum(case.right <= alpha for case in copies), len(copies))
    return row


def _reliability(cases: Sequence[QuestionOutcome]) -> tuple[list[ReliabilityBin], float]:
    """Reliability of first matches. Copies and unrelated pictures weigh the same, as in the calibration's prior."""
    copies = sum(case.copy for case in cases)
    weight = [0.5 / max(1, copies if case.copy else len(cases) - copies) for case in cases]
    return reliability(
        np.array([case.score for case in cases]), np.array([case.first_is_own for case in cases]), np.array(weight)
    )


def _false_discoveries(cases: Sequence[QuestionOutcome], seed: int) -> dict[str, Any]:
    """Benjamini-Hochberg over random batches with a few copies each, and over all questions at once.

    A finding is a picture that is called a copy. It is false if the picture is unrelated.
    """
    rng = np.random.default_rng(seed)
    copies = [case for case in cases if case.copy]
    unrelated = [case for case in cases if not case.copy]
    taken = min(BATCH_COPIES, len(copies)), min(BATCH - BATCH_COPIES, len(unrelated))
    shares, found = [], []
    for _ in range(BATCHES):
        chosen = [copies[at] for at in rng.choice(len(copies), taken[0], replace=False)]
        chosen += [unrelated[at] for at in rng.choice(len(unrelated), taken[1], replace=False)]
        false, true = _standing(chosen)
        shares.append(false / max(1, false + true))
        found.append(true / max(1, taken[0]))
    false, true = _standing(cases)
    return {
        "level": FDR,
        "batches": {
            "n": BATCHES,
            "copies": taken[0],
            "unrelated": taken[1],
            "realised": round(float(np.mean(shares)), 6),
            "copies_found": round(float(np.mean(found)), 6),
        },
        "all_at_once": {"findings": false + true, "false": false, "realised": round(false / max(1, false + true), 6)},
    }


def _standing(cases: Sequence[QuestionOutcome]) -> tuple[int, int]:
    """Numbers of false and true findings that remain."""
    accepted = benjamini_hochberg([min(1.0, case.called) for case in cases], FDR)
    standing = [case for case, stands in zip(cases, accepted, strict=True) if stands and case.called <= 1]
    false = sum(not case.copy for case in standing)
    return false, len(standing) - false
