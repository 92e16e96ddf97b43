"""A corpus compared with itself: with whom each work is compared, in whatever blocks, and whose works count."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.match.bins import LOWEST
from ledger.match.block import FingerprintBlock
from ledger.match.calibration import VERIFIED
from ledger.match.ranking import shipped_ranking
from ledger.match.self_null.scores import BY_ONE_ARTIST, NearWork, NullQuery, SelfComparison, WorkBlock, best_scores
from tests.match.drawings import as_query, fingerprint

RANKING = shipped_ranking().ranking()
WORKS = 60


def block(numbers: list[int], artists: int = 12) -> WorkBlock:
    """Works of `artists` artists, in turn; each ninth is in a group with the work before it."""
    return WorkBlock(
        FingerprintBlock.stack([fingerprint(number) for number in numbers]),
        [f"{number:03}" for number in numbers],
        [f"artist {number % artists}" for number in numbers],
        [f"group {number - number % 9 % 2 * (number % 9 == 1)}" for number in numbers],
    )


def query(number: int, artists: int = 12) -> NullQuery:
    work = fingerprint(number)
    return NullQuery(f"{number:03}", f"artist {number % artists}", f"group {number}", work, (as_query(work),))


def test_a_work_is_compared_with_those_of_other_artists_that_are_no_variants_of_it() -> None:
    twin = replace(block([70]), prints=FingerprintBlock.stack([fingerprint(9)]))
    others = block(list(range(WORKS)))
    [near] = SelfComparison([query(9)], RANKING).nearest([others, twin])
    names = {each.work_id for each in near}
    assert len(near) >= VERIFIED
    assert not names & {f"{number:03}" for number in range(9, WORKS, 12)}, "its artist's, and itself"
    assert "070" not in names, "a variant by another artist"
    assert "010" not in names, "of its group: 10 is grouped with 9"
    assert [each.raw for each in near[:5]] == sorted((each.raw for each in near[:5]), reverse=True)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 25), min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_order_and_size_of_blocks_do_not_matter(sizes: list[int], random: random.Random) -> None:
    numbers = list(range(WORKS))
    queries = [query(number) for number in (3, 14, 25)]
    whole = SelfComparison(queries, RANKING).nearest([block(numbers)])
    random.shuffle(numbers)
    parts, taken = [], 0
    for size in (*sizes, WORKS):
        if numbers[taken : taken + size]:
            parts.append(block(numbers[taken : taken + size]))
        taken += size
    cut = SelfComparison(queries, RANKING).nearest(parts)
    for one, other in zip(whole, cut, strict=True):
        assert [each.work_id for each in one] == [each.work_id for each in other]
        assert [each.raw for each in one] == pytest.approx([each.raw for each in other], abs=1e-4)


def test_a_work_counts_by_its_nearer_view_and_is_left_out_by_either() -> None:
    """Rows beside each other are views of one work: 100 is like the query over black, 101 a variant of it."""
    one, other = fingerprint(100), fingerprint(101)
    asked = replace(query(3), fingerprints=(as_query(fingerprint(200)),))
    views = [one, fingerprint(200), fingerprint(3), other]
    twice = WorkBlock(
        replace(FingerprintBlock.stack(views), starts=np.array([0, 2])),
        ["100", "100", "101", "101"],
        ["Ben"] * 4,
        ["group 100"] * 2 + ["group 101"] * 2,
    )
    [near] = SelfComparison([asked], RANKING).nearest([block(list(range(WORKS))), twice])
    assert (near[0].work_id, near[0].second) == ("100", True)
    assert [each.work_id for each in near].count("100") == 1
    assert "101" not in {each.work_id for each in near}
    assert not any(each.second for each in near[1:])


def test_the_nearest_picture_of_a_query_counts() -> None:
    works = block(list(range(WORKS)))
    asked = [query(3), replace(query(3), fingerprints=(as_query(fingerprint(3)), as_query(fingerprint(28)))), query(14)]
    alone, both, another = SelfComparison(asked, RANKING).nearest([works])
    assert alone[0].work_id != "028"
    assert both[0].work_id == "028"
    raw = {each.work_id: each.raw for each in alone}
    assert all(each.raw >= raw[each.work_id] - 1e-5 for each in both if each.work_id in raw)
    [apart] = SelfComparison([query(14)], RANKING).nearest([works])
    assert [each.work_id for each in another] == [each.work_id for each in apart]
    assert [each.raw for each in another] == pytest.approx([each.raw for each in apart], abs=1e-4)


def test_the_best_score_is_of_fingerprint_and_alignment_together() -> None:
    near = [[NearWork("a", "Ada", 1.0), NearWork("b", "Ben", 0.5)]]
    asked = [query(1)]
    plain = best_scores(asked, near, {("001", "a"): None, ("001", "b"): None}, -0.9)
    aligned = best_scores(asked, near, {("001", "a"): None, ("001", "b"): 4.0}, -0.9)
    assert plain == {"001": pytest.approx(0.1)}
    assert aligned == {"001": pytest.approx(4.5)}
    assert best_scores(asked, [[]], {}, -0.9) == {"001": LOWEST}


def test_somebody_who_copies_the_sample_moves_one_score() -> None:
    """One artist registered edited copies of two hundred works of the sample: nearly all scores stay as they were."""
    asked = [query(number, 1000) for number in range(200)]
    honest = [[NearWork(f"h{number}", f"h{number}", 0.3)] for number in range(200)]
    attacked = [[NearWork(f"c{number}", "Mallory", 2.0), *near] for number, near in enumerate(honest)]
    evidence: dict[tuple[str, str], float | None] = {
        (q.work_id, w.work_id): None for q, n in zip(asked, honest, strict=True) for w in n
    }
    before = best_scores(asked, honest, evidence, -0.9)
    evidence |= {(q.work_id, f"c{number}"): 6.0 for number, q in enumerate(asked)}
    after = best_scores(asked, attacked, evidence, -0.9)
    assert after.keys() == before.keys()
    assert sum(after[key] != before[key] for key in before) == BY_ONE_ARTIST


def test_an_artist_whose_works_are_copies_of_others_counts_once() -> None:
    """Its own works come first in the sample, each a copy of a work of somebody else: the others are left out."""
    asked = [replace(query(number, 1000), artist_id="Mallory") for number in range(20)]
    near = [[NearWork(f"v{number}", f"v{number}", 2.0)] for number in range(20)]
    evidence: dict[tuple[str, str], float | None] = {
        (q.work_id, n[0].work_id): 6.0 for q, n in zip(asked, near, strict=True)
    }
    assert len(best_scores(asked, near, evidence, -0.9)) == BY_ONE_ARTIST


def test_unaligned_scores_do_not_count_against_an_artist() -> None:
    asked = [replace(query(number, 1000), artist_id="Ada") for number in range(20)]
    near = [[NearWork("b", "Ben", 1.0)]] * 20
    found = best_scores(asked, near, {(q.work_id, "b"): None for q in asked}, -0.9)
    assert len(found) == 20
    assert np.allclose(list(found.values()), 0.1)
