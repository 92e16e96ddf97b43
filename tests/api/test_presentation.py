"""Figures in words never say more than was measured."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.pages.presentation import KIND_NAME, RELATION_MEANING, VERDICT_MEANING, one_in, percent, rectangle, short, when
from ledger.match.lists import Relation, Verdict
from ledger.record.predicates import PREDICATES


def test_every_value_of_the_closed_lists_has_words() -> None:
    assert set(VERDICT_MEANING) == {str(verdict) for verdict in Verdict}
    assert set(RELATION_MEANING) == {str(relation) for relation in Relation}
    assert set(KIND_NAME) == {predicate.kind for predicate in PREDICATES}


@pytest.mark.parametrize(
    ("p_value", "words"),
    [
        ("0.0005", "1 in 2,000 unrelated pictures comes this close"),
        ("0.5", "1 in 2 unrelated pictures comes this close"),
        ("0.9", "nearly every unrelated picture comes this close"),
        ("0", "p = 0"),
        ("x", "p = x"),
    ],
)
def test_p_values(p_value: str, words: str) -> None:
    assert one_in(p_value) == words


@given(st.decimals(min_value=0, max_value=1, places=6))
def test_only_certainty_reads_as_certain(score: Decimal) -> None:
    assert (percent(str(score)) == "100 %") == (score == 1)
    assert (percent(str(score)) == "0 %") == (score == 0)


def test_small_things() -> None:
    assert [percent(text) for text in ("0.01", "0.998048", "0.00001", "0.99999", "x")] == [
        "1 %", "99.8 %", "under 0.01 %", "over 99.99 %", "x",
    ]  # fmt: skip
    assert when("2026-01-02T03:04:05.678Z") == "2026-01-02 03:04:05 UTC"
    assert short("a" * 64) == "a" * 12 + "…"
    region = {"left": "0.25", "top": "0", "right": "1", "bottom": "0.5"}
    assert rectangle(region) == {"x": "250", "y": "0", "width": "750", "height": "500"}
    assert rectangle({"left": "<script>"}) is None
