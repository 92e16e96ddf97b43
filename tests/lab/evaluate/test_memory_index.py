"""The index in memory: everything that the protocol promises, and nothing twice."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ledger.fingerprint.fingerprint import Fingerprint, QueryFingerprint
from ledger.image.preview import make_preview
from ledger.lab.evaluate.memory_index import MemoryIndex
from ledger.match.candidate import WORKS_PER_WINDOW, Candidate, Query
from tests.match.drawings import as_query, drawing, fingerprint, pixels

WORKING = pixels(drawing(1), 64)


def work(number: int) -> Candidate:
    made = replace(fingerprint(number), local=f"local {number}".encode())
    return Candidate(f"work-{number:03}", "", f"bytes {number}", f"pixels {number}", "", "", made)


WORKS = [work(number) for number in range(100)]
INDEX = MemoryIndex(WORKS, {"work-001": make_preview(WORKING)})


def query(made: QueryFingerprint, sha256: str = "", pixel_sha256: str = "") -> Query:
    return Query(sha256, pixel_sha256, made, WORKING)


def found(asked: Query, limit: int = 2) -> list[str]:
    return [candidate.work_id for candidate in INDEX.search(asked, limit=limit)]


@pytest.mark.parametrize("part", ["embeddings", "phash", "pdq"])
def test_one_part_that_agrees_is_enough(part: str) -> None:
    unrelated: Fingerprint = replace(fingerprint(999), **{part: getattr(WORKS[42].fingerprint, part)})
    assert "work-042" in found(query(as_query(unrelated)))


def test_a_look_that_agrees_is_enough() -> None:
    windows = np.stack([fingerprint(998).embeddings["copy"], WORKS[42].fingerprint.embeddings["copy"]])
    asked = replace(as_query(fingerprint(999)), windows={"copy": windows})
    assert "work-042" in found(query(asked))
    assert len(found(query(asked), limit=1)) <= 3 + 2 * WORKS_PER_WINDOW


def test_equal_digests_are_found_whatever_the_fingerprint() -> None:
    for asked in (query(as_query(fingerprint(999)), "bytes 42"), query(as_query(fingerprint(999)), "", "pixels 42")):
        assert "work-042" in found(asked, limit=1)


def test_nothing_comes_twice_and_not_more_than_asked_for() -> None:
    asked = query(as_query(WORKS[42].fingerprint), "bytes 42", "pixels 42")
    names = found(asked, limit=5)
    assert len(names) == len(set(names)) <= 15 + 2 * WORKS_PER_WINDOW


def test_a_work_is_found_by_its_second_view_too() -> None:
    second = replace(fingerprint(500), local=b"second")
    works = [*WORKS[:42], replace(WORKS[42], second=second), *WORKS[43:]]
    index = MemoryIndex(works, {"work-042": make_preview(WORKING)}, {"work-042": make_preview(WORKING[::-1])})
    names = [each.work_id for each in index.search(query(as_query(second)), limit=1)]
    assert "work-042" in names
    assert len(names) == len(set(names))
    kept = index.pictures(["work-042"])["work-042"].second
    assert kept is not None
    assert kept.local == b"second"
    assert (len(index.block), index.block.works) == (101, 100)


def test_what_is_kept_of_works() -> None:
    kept = INDEX.pictures(["work-001", "work-002", "unknown"])
    assert set(kept) == {"work-001"}
    assert kept["work-001"].preview.shape == WORKING.shape
    assert kept["work-001"].local == b"local 1"
    assert INDEX.state().works == 100


def test_an_empty_one_finds_nothing() -> None:
    assert MemoryIndex([], {}).search(query(as_query(fingerprint(1))), limit=5) == []
