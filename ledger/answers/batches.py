"""Answers about many pictures at once: which copies still stand when all pictures are taken together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ledger.match.lists import COPY_RELATIONS, Verdict
from ledger.match.multiple_testing import benjamini_hochberg

if TYPE_CHECKING:
    from ledger.answers.records import RecordAnswer

FALSE_DISCOVERIES = 0.05
"""Share of the copies found in a batch of pictures that may be false, on average."""


def standing(answers: Sequence[RecordAnswer]) -> list[bool]:
    """Which pictures are still called a copy when all of them are taken together.

    Equal digests stand by themselves; every other picture is one test, with the p-value of its best verified match.
    """
    matches = [answer.report.matches if answer.report is not None else () for answer in answers]
    proven = [any(match.identical for match in each) for each in matches]
    p_values = [
        min((float(match.p_value) for match in each if match.relation in COPY_RELATIONS), default=1.0)
        for each, certain in zip(matches, proven, strict=True)
        if not certain
    ]
    accepted = iter(benjamini_hochberg(p_values, FALSE_DISCOVERIES))
    called = [answer.report is not None and answer.report.verdict == Verdict.COPY for answer in answers]
    return [(certain or next(accepted)) and said for certain, said in zip(proven, called, strict=True)]
