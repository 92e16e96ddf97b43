"""What follows from matches: the rules of FORMAT.md, as properties and worked examples."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.match.attribution import (
    COUNTED,
    WHOLE,
    Attribution,
    Edges,
    Share,
    ShareEvidence,
    attribute,
    unproven_relation,
    verdict,
    verified_relation,
)
from ledger.match.lists import COPY_RELATIONS, Relation, Verdict

ALPHA = Decimal("0.010000")


@dataclass(frozen=True)
class Stated:
    """Only what shares depend on."""

    relation: Relation
    written_p_value: Decimal
    written_score: Decimal
    artists: tuple[str, ...]
    first_work: str
    place: Edges | None


def found(
    *artists: str,
    score: str,
    p_value: str = "0.001000",
    relation: Relation = Relation.NEAR_DUPLICATE,
    group: str = "work-9",
    region: Edges | None = None,
) -> ShareEvidence:
    return Stated(relation, Decimal(p_value), Decimal(score), artists, group, region)


LEFT: Edges = (Decimal(0), Decimal(0), Decimal("0.5"), Decimal(1))
RIGHT: Edges = (Decimal("0.5"), Decimal(0), Decimal(1), Decimal(1))


def six(number: st.SearchStrategy[int]) -> st.SearchStrategy[Decimal]:
    return number.map(lambda millionths: Decimal(millionths).scaleb(-6))


matches = st.lists(
    st.builds(
        Stated,
        st.sampled_from(Relation),
        six(st.integers(0, 20_000)),
        six(st.integers(0, 1_000_000)),
        st.sampled_from([("a",), ("b",), ("a", "b"), ("c", "b", "a")]),
        st.sampled_from(["g1", "g2"]),
        st.sampled_from([None, WHOLE, LEFT, RIGHT]),
    ),
    max_size=10,
)


def totals(concluded: Attribution) -> dict[frozenset[str], Decimal]:
    """What each set of artists has, in however many shares."""
    sums: dict[frozenset[str], Decimal] = {}
    for share in concluded.shares:
        sums[frozenset(share.artists)] = sums.get(frozenset(share.artists), Decimal(0)) + share.share
    return sums


def test_a_worked_example() -> None:
    given_ = [
        found("ann", score="0.900000"),
        found("bob", score="0.500000"),
        found("ann", score="0.400000", p_value="0.020000"),
    ]
    concluded = attribute(given_, ALPHA)
    assert concluded.unattributed == Decimal("0.050000")
    assert concluded.shares == (
        Share(("ann",), None, Decimal("0.610714")),  # .95 * .9 / 1.4
        Share(("bob",), None, Decimal("0.339286")),
    )


def test_a_contested_share_belongs_to_the_group_and_names_every_artist() -> None:
    given_ = [found("ann", "eve", score="0.800000", group="work-1"), found("ann", score="0.800000")]
    concluded = attribute(given_, ALPHA)
    assert [(share.artists, share.group) for share in concluded.shares] == [
        (("ann",), None),
        (("ann", "eve"), "work-1"),
    ]
    assert concluded.shares[0].share == concluded.shares[1].share == Decimal("0.480000")


def test_variants_by_one_artist_are_that_artists_share() -> None:
    concluded = attribute([found("ann", score="0.500000", group="work-1"), found("ann", score="0.500000")], ALPHA)
    assert concluded.shares == (Share(("ann",), None, Decimal("0.750000")),)


def test_registering_more_of_one_picture_gains_nothing() -> None:
    crop: Edges = (Decimal("0.1"), Decimal("0.1"), Decimal("0.8"), Decimal("0.9"))
    squatted = [found("ann", score="0.900000", group="work-1", region=WHOLE)]
    squatted += [found("eve", score="0.800000", group=f"work-{n}", region=crop) for n in range(2, 12)]
    [share] = attribute(squatted, ALPHA).shares
    assert share == Share(("ann", "eve"), "work-1", Decimal("0.900000"))


def test_works_side_by_side_are_two_places() -> None:
    collage = [found("ann", score="0.900000", region=LEFT), found("bob", score="0.900000", region=RIGHT)]
    shares = attribute(collage, ALPHA).shares
    assert [(share.artists, share.group, share.share) for share in shares] == [
        (("ann",), None, Decimal("0.495000")),
        (("bob",), None, Decimal("0.495000")),
    ]


def test_what_spans_two_places_makes_them_one() -> None:
    spanning = [
        found("ann", score="0.700000", region=LEFT),
        found("bob", score="0.800000", region=RIGHT),
        found("eve", score="0.600000", region=WHOLE),
    ]
    assert attribute(spanning, ALPHA).shares == (Share(("ann", "bob", "eve"), "work-9", Decimal("0.800000")),)


@pytest.mark.parametrize("relation", sorted(set(Relation) - COUNTED))
def test_style_and_rank_give_no_share(relation: Relation) -> None:
    concluded = attribute([found("ann", score="0.900000", relation=relation)], ALPHA)
    assert concluded.unattributed == 1
    assert not concluded.shares


@given(matches)
def test_shares_and_the_rest_make_one(drawn: list[ShareEvidence]) -> None:
    concluded = attribute(drawn, ALPHA)
    assert 0 <= concluded.unattributed <= 1
    assert all(share.share >= 0 for share in concluded.shares)
    total = sum((share.share for share in concluded.shares), concluded.unattributed)
    assert abs(total - 1) <= Decimal("0.00001")
    assert list(concluded.shares) == sorted(concluded.shares, key=lambda share: (-share.share, share.artists))


@given(matches)
def test_the_order_in_which_matches_come_changes_no_share(drawn: list[ShareEvidence]) -> None:
    one, other = attribute(drawn, ALPHA), attribute(drawn[::-1], ALPHA)
    assert one.unattributed == other.unattributed
    assert totals(one).keys() == totals(other).keys()
    for artists, share in totals(one).items():
        assert abs(share - totals(other)[artists]) <= Decimal("0.00001")


@given(matches)
def test_only_artists_below_alpha_have_a_share(drawn: list[ShareEvidence]) -> None:
    named = {artist for share in attribute(drawn, ALPHA).shares for artist in share.artists}
    assert named <= {artist for each in drawn if each.written_p_value <= ALPHA for artist in each.artists}


@given(matches, st.booleans())
def test_the_verdict_is_of_the_strongest_relation_below_alpha(drawn: list[ShareEvidence], comparable: bool) -> None:
    close = {each.relation for each in drawn if each.written_p_value <= ALPHA}
    said = verdict([(each.relation, each.written_p_value) for each in drawn], ALPHA, comparable=comparable)
    assert (said is Verdict.COPY) == bool(close & COPY_RELATIONS)
    assert (said is Verdict.NOT_COMPARABLE) == (not comparable and not close & COPY_RELATIONS)
    if said is Verdict.STYLE:
        assert Relation.SIMILAR_STYLE in close


@pytest.mark.parametrize(
    ("covers", "relation"),
    [
        (("1.000000", "0.700000"), Relation.NEAR_DUPLICATE),
        (("0.699999", "1.000000"), Relation.PARTIAL_COPY),
        (("1.000000", "0.300000"), Relation.PARTIAL_COPY),
    ],
)
def test_whole_or_part_follows_from_what_the_region_covers(covers: tuple[str, str], relation: Relation) -> None:
    assert verified_relation([Decimal(cover) for cover in covers]) is relation


def test_what_is_not_verified_claims_something_at_alpha_only() -> None:
    assert unproven_relation(Decimal("0.010000"), ALPHA) is Relation.UNVERIFIED
    assert unproven_relation(Decimal("0.010001"), ALPHA) is Relation.NEAREST
