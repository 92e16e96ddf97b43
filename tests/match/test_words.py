"""Words for the closed lists, and figures that never say more than was measured."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.answers.headline import HeadlineKind
from ledger.answers.words import GUARD_WORDS, HEADLINE_BANDS, KIND_WORDS, USE_WORDS
from ledger.corpus.work import ALL_USES
from ledger.match.lists import Relation, Verdict
from ledger.match.words import (
    PART_SENTENCES,
    PART_WORDS,
    RELATION_SENTENCES,
    RELATION_WORDS,
    VERDICT_WORDS,
    WorkName,
    chance,
    describe_work,
    one_in,
    part_of,
    percent,
    relation_sentence,
    relation_words,
)
from ledger.record.predicates import PREDICATES, Guard
from ledger.record.times import day, shown_time


def test_every_value_of_the_closed_lists_has_words() -> None:
    assert set(RELATION_WORDS) == set(RELATION_SENTENCES) == set(Relation)
    assert set(VERDICT_WORDS) == set(Verdict)
    assert set(KIND_WORDS) == {predicate.kind for predicate in PREDICATES}
    assert set(GUARD_WORDS) == set(get_args(Guard))
    assert set(HEADLINE_BANDS) == set(get_args(HeadlineKind))
    assert set(USE_WORDS) == set(ALL_USES)


@pytest.mark.parametrize(
    ("query", "work", "part"),
    [
        ("0.2", "0.7", "whole-work"),
        ("0.7", "0.2", "detail"),
        ("0.699999", "0.699999", "shared"),
        (0.1, 0.95, "whole-work"),
    ],
)
def test_a_partial_copy_says_which_part_it_is(query: str | float, work: str | float, part: str) -> None:
    covers = SimpleNamespace(query_cover=query, work_cover=work)
    assert part_of(covers) == part
    assert relation_words(Relation.PARTIAL_COPY, covers) == PART_WORDS[part_of(covers)]
    assert relation_sentence(Relation.PARTIAL_COPY, "W", covers) == PART_SENTENCES[part_of(covers)].format(work="W")
    assert relation_sentence(Relation.PARTIAL_COPY, "W") == "contains part of W"
    assert relation_words(Relation.NEAR_DUPLICATE, covers) == "edited copy"


def test_no_words_claim_more_than_was_measured() -> None:
    words = " ".join(
        (
            *RELATION_WORDS.values(),
            *RELATION_SENTENCES.values(),
            *PART_WORDS.values(),
            *PART_SENTENCES.values(),
            *VERDICT_WORDS.values(),
        )
    )
    assert "trained" not in words
    assert "inspired" not in words


@pytest.mark.parametrize(
    ("p_value", "short", "said"),
    [
        ("0.0005", "1 in 2,000", "1 in 2,000 unrelated pictures"),
        ("0.001456", "1 in 687", "1 in 687 unrelated pictures"),
        (0.0001, "1 in 10,000", "1 in 10,000 unrelated pictures"),
        ("0.5", "1 in 2", "1 in 2 unrelated pictures"),
        ("0.9", "nearly every", "nearly every unrelated picture"),
        ("0", "1 in 687", "1 in 687 unrelated pictures"),
    ],
)
def test_a_p_value_is_one_in_so_many(p_value: str | float, short: str, said: str) -> None:
    """None of 686 comes as close: at most one in 687."""
    assert (chance(p_value, 686), one_in(p_value, 686)) == (short, said)


@given(st.decimals(min_value=0, max_value=1, places=6))
def test_only_certainty_reads_as_certain(score: Decimal) -> None:
    assert (percent(str(score)) == "100%") == (score == 1)
    assert (percent(str(score)) == "0%") == (score == 0)


def test_percentages() -> None:
    shares = ("0.01", "0.998048", "0.00001", "0.99999", "0.010000")
    assert [percent(share) for share in shares] == ["1%", "99.8%", "under 0.01%", "over 99.99%", "1%"]


def test_works_go_by_names_or_by_ids() -> None:
    assert describe_work("w", "a", WorkName("Star \u202e“12”", "Ada")) == "“Star '12'” by Ada"
    assert describe_work("w", "a", WorkName("", "")) == "an untitled work by an unknown artist"
    assert describe_work("w", "a", None) == "work w by artist a"


def test_times() -> None:
    assert shown_time("2026-01-02T03:04:05.678Z") == "2026-01-02 03:04:05 UTC"
    assert day("2026-01-02T03:04:05.678Z") == "2 January 2026"
