"""Complete linkage: a group is never a chain."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from ledger.flows.works.cliques import cliques, missing_pairs
from ledger.storage.works.duplicates import Pair

WORKS = "abcdefgh"
EDGES = st.dictionaries(st.sampled_from(list(combinations(WORKS, 2))), st.integers(1, 9))


def pair(one: str, other: str, score: float = 1.0) -> Pair:
    return Pair.of(one, other, verified=True, score=score, found={})


def test_a_chain_is_cut_at_its_weakest_link() -> None:
    assert cliques([pair("a", "b", 0.7), pair("b", "c", 0.9)], WORKS) == [("b", "c")]


def test_members_and_groups_stand_in_the_order_of_registration() -> None:
    pairs = [pair("d", "a"), pair("c", "b")]
    assert cliques(pairs, "abcd") == [("a", "d"), ("b", "c")]
    assert cliques(pairs, "dcba") == [("d", "a"), ("c", "b")]


def test_works_that_are_gone_are_in_no_group() -> None:
    assert cliques([pair("a", "b"), pair("a", "c"), pair("b", "c")], "bc") == [("b", "c")]
    assert cliques([pair("a", "b")], "b") == []


@given(EDGES)
def test_every_group_is_a_clique_and_none_shares_a_work(edges: dict[tuple[str, str], int]) -> None:
    groups = cliques([pair(one, other, score) for (one, other), score in edges.items()], WORKS)
    members = [work for group in groups for work in group]
    assert len(members) == len(set(members))
    for group in groups:
        assert len(group) > 1
        assert all(tuple(sorted(two)) in edges for two in combinations(group, 2))
    for one, other in combinations(groups, 2):
        assert any(tuple(sorted((left, right))) not in edges for left in one for right in other), "could be one group"


@given(EDGES)
def test_the_order_of_pairs_does_not_matter(edges: dict[tuple[str, str], int]) -> None:
    pairs = [pair(one, other, score) for (one, other), score in edges.items()]
    assert cliques(pairs, WORKS) == cliques(pairs[::-1], WORKS)


@given(EDGES)
def test_what_is_missing_shares_a_copy_and_was_not_compared(edges: dict[tuple[str, str], int]) -> None:
    pairs = [pair(one, other) for one, other in edges]
    missing = {(one, other) for one, others in missing_pairs(pairs, pairs).items() for other in others}
    near = {work: {other for edge in edges if work in edge for other in edge} - {work} for work in WORKS}
    expected = {two for two in combinations(WORKS, 2) if near[two[0]] & near[two[1]] and two not in edges}
    assert missing == expected
    refused = [Pair.of(one, other, verified=False, score=0.0, found={}) for one, other in missing]
    assert missing_pairs(pairs, pairs + refused) == {}
