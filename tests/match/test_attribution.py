"""Attribution shares: the rule of FORMAT.md, as properties and one worked example."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.match.attribution import attribute
from ledger.match.lists import Relation
from ledger.match.types import Match

ALPHA = 0.01


def match(rank: int, artist: str, score: float, p_value: float = 0.001, work: str | None = None) -> Match:
    return Match(
        rank=rank,
        work_id=work or f"work-{rank}",
        work_sha256="",
        artist_id=artist,
        registration_record_id="",
        registration_leaf_hash="",
        relation=Relation.NEAR_DUPLICATE,
        score=score,
        p_value=p_value,
        n_null=1000,
        bin="flat",
        raw={},
        evidence=None,
    )


matches = st.lists(
    st.tuples(st.sampled_from("abc"), st.floats(0, 1), st.floats(0, 0.02), st.sampled_from(["g1", "g2", "g3", None])),
    max_size=8,
).map(
    lambda drawn: (
        [match(rank, artist, score, p_value) for rank, (artist, score, p_value, _) in enumerate(drawn, start=1)],
        {f"work-{rank}": group for rank, (*_, group) in enumerate(drawn, start=1) if group is not None},
    )
)


def test_a_worked_example() -> None:
    found = attribute([match(1, "ann", 0.9), match(2, "bob", 0.5), match(3, "ann", 0.4, p_value=0.02)], {}, ALPHA)

    assert found.unattributed == pytest.approx(0.1 * 0.5)
    assert {share.artist_id: share.share for share in found.shares} == pytest.approx(
        {"ann": 0.95 * 0.9 / 1.4, "bob": 0.95 * 0.5 / 1.4}
    )


def test_a_duplicate_group_counts_once_with_its_most_probable_work() -> None:
    groups = {"work-1": "same", "work-2": "same"}

    found = attribute([match(1, "ann", 0.4), match(2, "bob", 0.8)], groups, ALPHA)

    assert found.unattributed == pytest.approx(0.2)
    assert [share.artist_id for share in found.shares] == ["bob"]


def test_nothing_near_leaves_all_unattributed() -> None:
    found = attribute([match(1, "ann", 0.9, p_value=0.5)], {}, ALPHA)

    assert (found.unattributed, found.shares) == (1.0, ())


@given(matches)
def test_shares_and_the_rest_make_one(drawn: tuple[list[Match], dict[str, str]]) -> None:
    found = attribute(*drawn, ALPHA)

    assert 0 <= found.unattributed <= 1
    assert all(share.share >= 0 for share in found.shares)
    assert math.fsum([found.unattributed, *(share.share for share in found.shares)]) == pytest.approx(1)
    assert list(found.shares) == sorted(found.shares, key=lambda share: (-share.share, share.artist_id))


@given(matches)
def test_the_order_in_which_matches_come_does_not_count(
    drawn: tuple[list[Match], dict[str, str]],
) -> None:
    listed, groups = drawn

    assert attribute(listed[::-1], groups, ALPHA) == attribute(listed, groups, ALPHA)


@given(matches)
def test_only_artists_below_alpha_have_a_share(drawn: tuple[list[Match], dict[str, str]]) -> None:
    listed, groups = drawn

    named = {share.artist_id for share in attribute(listed, groups, ALPHA).shares}

    assert named <= {found.artist_id for found in listed if found.p_value <= ALPHA}
