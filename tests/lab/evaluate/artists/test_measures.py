from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from ledger.lab.evaluate.artists.measures import (
    RoundOutcome,
    answerable,
    auroc,
    fpr_at_tpr,
    macro,
    macro_interval,
    mean_over,
    per_artist,
    ranks,
)

ARTISTS = ("ada", "ben", "cleo")


def outcome(truth: list[str], scores: list[list[float]], known: list[bool] | None = None) -> RoundOutcome:
    said = np.array(scores, np.float64)
    here = np.array([name in ARTISTS for name in truth]) if known is None else np.array(known)
    return RoundOutcome(ARTISTS, truth, here, said, said.max(axis=1))


def test_ties_and_artists_that_a_method_does_not_know_count_against_it() -> None:
    said = outcome(["ada", "ben", "dora"], [[0.5, 0.5, 0], [0.1, 0.6, 0.3], [1, 0, 0]], [True, True, True])
    assert ranks(said).tolist() == [1, 0, 3]


def test_artists_who_are_no_class_are_not_asked_about() -> None:
    said = outcome(["ada", "dora", "emil"], [[1, 0, 0], [1, 0, 0], [0.5, 0, 0]], [True, True, False])
    kept = answerable(said)
    assert list(kept.truth) == ["ada", "emil"]
    assert kept.known.tolist() == [True, False]
    assert kept.scores.shape == (2, 3)


def test_artists_count_the_same_whatever_the_number_of_their_works() -> None:
    right, wrong = [1.0, 0, 0], [0, 0.2, 0.8]
    shares = per_artist([outcome(["ada"] * 9 + ["ben"], [right] * 9 + [wrong]), outcome(["ben"], [[0.1, 0.7, 0.2]])])
    assert shares.artists == ("ada", "ben")
    assert shares.of_artists.tolist() == [1, 0.5]
    assert shares.macro_top1 == 0.75  # the first round 0.5, the second 1
    assert shares.macro_top5 == 1
    assert shares.questions.tolist() == [[9, 1], [0, 1]]
    assert np.isnan(shares.top1[1, 0])


def test_auroc_is_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    known, acceptance = rng.random(300) < 0.4, rng.integers(0, 20, 300) / 20
    assert auroc(known, acceptance) == pytest.approx(roc_auc_score(known, acceptance))
    assert np.isnan(auroc(np.ones(3, np.bool_), np.arange(3.0)))


def test_false_positives_where_nearly_all_known_are_accepted() -> None:
    known = np.array([True] * 20 + [False] * 4)
    acceptance = np.concatenate([np.arange(20.0), [0.5, 1.5, 10.0, 0.0]])
    assert fpr_at_tpr(known, acceptance) == 0.5
    assert fpr_at_tpr(known, acceptance, 1.0) == 1.0


def test_rounds_are_averaged_and_those_without_unknown_questions_left_out() -> None:
    first = outcome(["ada", "dora"], [[1, 0, 0], [0.5, 0, 0]])
    assert mean_over([first, outcome(["ada"], [[1, 0, 0]])], auroc) == 1
    assert np.isnan(mean_over([outcome(["ada"], [[1, 0, 0]])], auroc))


def test_the_interval_resamples_artists() -> None:
    values = np.random.default_rng(2).normal(0.5, 0.1, (1, 100))
    made = macro_interval(values)
    assert made.low < macro(values) < made.high
    assert made.high - made.low == pytest.approx(4 * 0.1 / 10, rel=0.25)
    repeated = macro_interval(np.repeat(values, 4, axis=0))
    assert (repeated.low, repeated.high) == pytest.approx((made.low, made.high))
