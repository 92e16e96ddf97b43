"""Benjamini and Hochberg's procedure."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.match.multiple_testing import benjamini_hochberg

p_lists = st.lists(st.floats(0, 1), max_size=30)
levels = st.floats(0, 1)


def test_the_papers_example() -> None:
    # Benjamini and Hochberg 1995, section 3.2: of 15 hypotheses, four are rejected at .05.
    values = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528,
              0.7590, 1.0]  # fmt: skip
    assert benjamini_hochberg(values, 0.05) == (True,) * 4 + (False,) * 11


def test_a_later_value_can_carry_earlier_ones() -> None:
    assert benjamini_hochberg([0.04, 0.03], 0.05) == (True, True)
    assert benjamini_hochberg([0.04, 0.06], 0.05) == (False, False)


@given(p_lists, levels)
def test_it_is_the_definition(values: list[float], level: float) -> None:
    accepted = benjamini_hochberg(values, level)
    ranks = [rank for rank, value in enumerate(sorted(values), 1) if value <= level * rank / len(values)]
    assert sum(accepted) >= max(ranks, default=0)
    limit = sorted(values)[max(ranks) - 1] if ranks else -1.0
    assert accepted == tuple(value <= limit for value in values)


@given(p_lists, levels, st.randoms())
def test_order_does_not_matter(values: list[float], level: float, rng: random.Random) -> None:
    places = list(range(len(values)))
    rng.shuffle(places)
    shuffled = benjamini_hochberg([values[place] for place in places], level)
    assert shuffled == tuple(benjamini_hochberg(values, level)[place] for place in places)


@given(p_lists, levels, levels)
def test_a_stricter_level_accepts_no_more(values: list[float], first: float, second: float) -> None:
    strict, lax = (benjamini_hochberg(values, level) for level in sorted((first, second)))
    assert all(wide or not narrow for narrow, wide in zip(strict, lax, strict=True))


@given(p_lists, levels)
def test_bonferroni_never_accepts_more(values: list[float], level: float) -> None:
    accepted = benjamini_hochberg(values, level)
    assert all(accepted[place] for place, value in enumerate(values) if value <= level / len(values))


def test_false_discoveries_stay_within_the_level() -> None:
    rng = random.Random(1)
    shares = []
    for _ in range(400):
        values = [rng.random() for _ in range(40)] + [rng.random() / 1000 for _ in range(10)]
        accepted = benjamini_hochberg(values, 0.1)
        shares.append(sum(accepted[:40]) / max(1, sum(accepted)))
    assert sum(shares) / len(shares) == pytest.approx(0.1 * 40 / 50, abs=0.02)


@pytest.mark.parametrize(("values", "level"), [([1.1], 0.05), ([-0.1], 0.05), ([float("nan")], 0.05), ([0.5], 2)])
def test_what_is_no_p_value_is_refused(values: list[float], level: float) -> None:
    with pytest.raises(ValueError, match="p-values"):
        benjamini_hochberg(values, level)
