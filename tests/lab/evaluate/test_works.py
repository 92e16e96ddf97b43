"""Of two registrations of one picture, a measurement keeps one."""

from __future__ import annotations

from ledger.lab.evaluate.works import DescribedWork, different
from ledger.match.candidate import Candidate
from tests.match.drawings import fingerprint


def described(name: str, pixels: str) -> DescribedWork:
    candidate = Candidate(name, "artist", name, pixels, "", "", fingerprint(1))
    return DescribedWork(candidate, b"", None, {})


def test_works_with_equal_pixels_are_one_work() -> None:
    works, place = different([described("first", "a"), described("other", "b"), described("again", "a")])
    assert [work.candidate.work_id for work in works] == ["first", "other"]
    assert place == {"first": 0, "other": 1, "again": 0}
