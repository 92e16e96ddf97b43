"""Groups in which every two members are copies of each other.

Connected components would not do: a collage would join all works that it shows (Carlini et al. 2023 use cliques, too).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import combinations

from ledger.storage.works.duplicates import Pair


def cliques(pairs: Iterable[Pair], order: Sequence[str]) -> list[tuple[str, ...]]:
    """Disjoint groups of two works or more, by complete linkage. The most certain pairs are joined first. Two groups
    are joined only where every pair across them is among `pairs`. Members and groups stand in the order of `order`.

    Groups only grow, so two groups that cannot be joined now never can be: one pass is enough.
    """
    place = {work_id: number for number, work_id in enumerate(order)}
    known = [pair for pair in pairs if pair.first in place and pair.second in place]
    edges = {(pair.first, pair.second) for pair in known} | {(pair.second, pair.first) for pair in known}
    group: dict[str, set[str]] = {work_id: {work_id} for edge in edges for work_id in edge}
    for pair in sorted(known, key=lambda pair: (-pair.score, place[pair.first], place[pair.second])):
        one, other = group[pair.first], group[pair.second]
        if one is not other and all((left, right) in edges for left in one for right in other):
            one |= other
            group.update(dict.fromkeys(other, one))
    distinct = {id(members): members for members in group.values() if len(members) > 1}
    groups = (tuple(sorted(members, key=place.__getitem__)) for members in distinct.values())
    return sorted(groups, key=lambda members: place[members[0]])


def missing_pairs(verified: Iterable[Pair], compared: Iterable[Pair]) -> dict[str, list[str]]:
    """Pairs that a clique may need and that were never compared: works that have a verified copy in common, by the
    first of the two. They exist because a search returns only the nearest works, so some of many copies are left out.
    """
    near: defaultdict[str, set[str]] = defaultdict(set)
    for pair in verified:
        near[pair.first].add(pair.second)
        near[pair.second].add(pair.first)
    done = {(pair.first, pair.second) for pair in compared}
    wanted = {pair for shared in near.values() for pair in combinations(sorted(shared), 2)} - done
    missing: defaultdict[str, list[str]] = defaultdict(list)
    for first, second in sorted(wanted):
        missing[first].append(second)
    return dict(missing)
