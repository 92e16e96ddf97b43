"""The measures against cases worked out by hand, and against scikit-learn."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from ledger.lab.evaluate.metrics import (
    Columns,
    ScoredPairs,
    Scores,
    bootstrap,
    false_alarm_threshold,
    first_is_own,
    found_at,
    recall_at_false_alarms,
    reliability,
    weighted_share,
    wilson,
)

NO = -np.inf


def scores(*rows: list[float]) -> Scores:
    return np.array(rows, np.float32)


def columns(*own: int) -> Columns:
    return np.array(own, np.int64)


# Best first: .9 right, .8 wrong (an unrelated picture's), .7 right, .6 wrong; the third copy's work is not offered.
FOUND = scores([0.9, 0.1, NO], [0.6, 0.7, NO], [NO, NO, NO], [NO, NO, 0.8])
OWN = columns(0, 1, 2, -1)


def test_micro_ap_by_hand() -> None:
    assert ScoredPairs.of(FOUND, OWN).curve().micro_ap == pytest.approx((1 / 1 + 2 / 3) / 3)


def test_recall_at_precision_by_hand() -> None:
    curve = ScoredPairs.of(FOUND, OWN).curve()
    assert curve.recall_at_precision(0.9) == pytest.approx(1 / 3)
    assert curve.recall_at_precision(0.6) == pytest.approx(2 / 3)
    assert curve.recall_at_precision(1.1) == 0.0


def test_pairs_of_equal_score_stand_or_fall_together() -> None:
    curve = ScoredPairs.of(scores([0.5, 0.5]), columns(0)).curve()
    assert curve.precision.tolist() == [0.5]
    assert curve.micro_ap == 0.5


def test_recall_at_1_by_hand() -> None:
    assert first_is_own(FOUND, OWN).tolist() == [True, True, False]
    assert first_is_own(scores([0.5, 0.6]), columns(0)).tolist() == [False]


def test_false_alarms_by_hand() -> None:
    unrelated = [[score / 100] for score in range(100)]
    copies = [[0.995], [0.985], [0.965], [0.5]]
    both, own = scores(*unrelated, *copies), columns(*([-1] * 100), 0, 0, 0, 0)
    assert recall_at_false_alarms(both, own, 0.0) == 0.25
    assert recall_at_false_alarms(both, own, 0.01) == 0.5
    assert recall_at_false_alarms(both, own, 0.03) == 0.75
    assert recall_at_false_alarms(both, own, 0.001) == recall_at_false_alarms(both, own, 0.0)


def test_nothing_is_told_of_unrelated_pictures_where_there_are_none() -> None:
    assert false_alarm_threshold(scores([0.5]), columns(0), 0.01) == math.inf
    assert math.isnan(weighted_share(np.zeros(0, np.bool_)))


def test_an_unrelated_picture_without_a_match_raises_no_alarm() -> None:
    assert found_at(scores([NO], [0.1]), columns(-1, 0), NO).tolist() == [True]
    assert recall_at_false_alarms(scores([NO], [0.1]), columns(-1, 0), 0.0) == 1.0


tables = st.integers(1, 6).flatmap(
    lambda works: st.lists(
        st.tuples(st.lists(st.integers(0, 8), min_size=works, max_size=works), st.integers(-1, works - 1)),
        min_size=1,
        max_size=12,
    )
)


@given(tables)
def test_micro_ap_is_scikit_learns(table: list[tuple[list[int], int]]) -> None:
    given_scores, own = scores(*([float(each) for each in row] for row, _ in table)), columns(*(at for _, at in table))
    right = np.arange(given_scores.shape[1]) == own[:, np.newaxis]
    if right.any():
        expected = average_precision_score(right.ravel(), given_scores.ravel())
        assert ScoredPairs.of(given_scores, own).curve().micro_ap == pytest.approx(expected)


@given(tables, st.lists(st.integers(0, 3), min_size=12, max_size=12))
def test_a_weight_is_that_many_queries(table: list[tuple[list[int], int]], times: list[int]) -> None:
    given_scores, own = scores(*([float(each) for each in row] for row, _ in table)), columns(*(at for _, at in table))
    counts = np.array(times[: len(own)])
    repeated, weight = np.repeat(np.arange(len(own)), counts), counts.astype(np.float64)
    if (own[repeated] >= 0).any():
        many = ScoredPairs.of(given_scores[repeated], own[repeated]).curve()
        assert ScoredPairs.of(given_scores, own).curve(weight).micro_ap == pytest.approx(many.micro_ap)
        if (own[repeated] < 0).any():
            for rate in (0.0, 0.2, 0.5):
                expected = recall_at_false_alarms(given_scores[repeated], own[repeated], rate)
                assert recall_at_false_alarms(given_scores, own, rate, weight) == pytest.approx(expected)


@given(tables, st.floats(0, 1))
def test_no_more_unrelated_pictures_are_above_the_threshold_than_said(
    table: list[tuple[list[int], int]], rate: float
) -> None:
    given_scores, own = scores(*([float(each) for each in row] for row, _ in table)), columns(*(at for _, at in table))
    unrelated = given_scores[own < 0]
    if len(unrelated):
        threshold = false_alarm_threshold(given_scores, own, rate)
        assert (unrelated.max(axis=1) > threshold).mean() <= rate + 1e-9


def test_an_interval_takes_questions_of_one_picture_together() -> None:
    said = np.array([True] * 50 + [False] * 50)
    alone = bootstrap(lambda weight: weighted_share(said, weight), np.arange(100))
    together = bootstrap(lambda weight: weighted_share(said, weight), np.arange(100) // 50)
    assert 0.35 < alone.low < 0.45
    assert 0.55 < alone.high < 0.65
    assert (together.low, together.high) == (0.0, 1.0)


def test_wilson_by_hand() -> None:
    # Newcombe 1998, table I: 81 of 263, and 0 of 20.
    some, none = wilson(81, 263), wilson(0, 20)
    assert [some.low, some.high] == pytest.approx([0.2553, 0.3662], abs=1e-4)
    assert [none.low, none.high] == pytest.approx([0.0, 0.1611], abs=1e-4)
    assert (wilson(0, 0).low, wilson(0, 0).high) == (0.0, 1.0)
    assert wilson(20, 20).high == 1.0


def test_reliability_by_hand() -> None:
    stated = np.array([0.05, 0.05, 0.95, 0.95])
    bins, error = reliability(stated, np.array([False, False, True, False]), np.ones(4))
    assert [(each.count, each.realised) for each in bins] == [(2, 0.0), (2, 0.5)]
    assert error == pytest.approx(0.5 * 0.05 + 0.5 * 0.45)
    _, weighted = reliability(stated, np.array([False, False, True, False]), np.array([1.0, 1.0, 1.0, 0.0]))
    assert weighted == pytest.approx(0.05)
    assert reliability(np.array([1.0]), np.array([True]), np.ones(1))[1] == 0.0
