"""Many pictures at once: which copies still stand."""

from __future__ import annotations

import pytest

from ledger.answers.batches import FALSE_DISCOVERIES, standing
from ledger.answers.pictures import MatchAnswer, Report
from ledger.answers.records import RecordAnswer
from ledger.match.lists import Relation, Verdict


def answer(verdict: str, *matches: tuple[str, str]) -> RecordAnswer:
    """`matches`: relation and p-value."""
    found = tuple(
        MatchAnswer(
            rank=rank,
            work_id="",
            title="",
            artist_id="",
            artist="",
            licence="",
            source="",
            relation=Relation(relation),
            score="0.990000",
            p_value=p_value,
            n_null=1000,
            bin="flat",
            evidence=None,
            preview=None,
            withdrawn=False,
            group=None,
            artist_ids=(),
            names=(),
            verified=relation != "similar-style",
        )
        for rank, (relation, p_value) in enumerate(matches, 1)
    )
    report = Report(
        verdict=Verdict(verdict),
        comparable=True,
        works_compared=10,
        alpha="0.010000",
        calibration=None,
        notes=(),
        matches=found,
        shares=(),
        unattributed="0.000000",
    )
    return RecordAnswer(
        record_id="",
        kind="verification",
        leaf_index=0,
        appended_at="",
        repeated=False,
        reference="",
        statement={},
        envelope={},
        report=report,
        links={},
    )


NEAR = answer("copy", ("near-duplicate", "0.004000"), ("similar-style", "0.001000"))
NONE = answer("none", ("similar-style", "0.300000"))
STYLE = answer("style", ("similar-style", "0.001000"))
EXACT = answer("copy", ("exact", "0.001000"))


def test_a_copy_alone_stands() -> None:
    assert standing([NEAR]) == [True]


def test_among_many_unrelated_pictures_it_does_not() -> None:
    few, many = (standing([NEAR, *[NONE] * count]) for count in (5, 50))
    assert few == [True] + [False] * 5
    assert many == [False] * 51


def test_copies_carry_each_other() -> None:
    assert standing([NEAR] * 5 + [NONE] * 50)[:5] == [True] * 5


def test_equal_digests_stand_among_however_many() -> None:
    assert standing([EXACT, *[NONE] * 500])[0] is True


def test_what_is_no_copy_never_stands() -> None:
    assert standing([STYLE, NONE, answer("none")]) == [False] * 3


@pytest.mark.parametrize("before", [0, 1, 2])
def test_each_answer_keeps_its_place(before: int) -> None:
    answers = [NONE, EXACT, NONE]
    answers.insert(before, NEAR)
    assert [each in (NEAR, EXACT) for each in answers] == standing(answers)


def test_the_level() -> None:
    assert FALSE_DISCOVERIES == 0.05
