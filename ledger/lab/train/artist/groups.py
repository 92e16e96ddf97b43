"""Finds groups of near duplicates: whatever is connected by pairs that are variants of one another."""

from __future__ import annotations

from collections.abc import Sequence

from ledger.fingerprint.fingerprint import Fingerprint
from ledger.lab.train.variants import variant_pairs

_ROWS = 256


def duplicate_groups(pictures: Sequence[Fingerprint]) -> list[str]:
    """The group of each picture: the number of its first picture."""
    parent = list(range(len(pictures)))

    def root(place: int) -> int:
        while parent[place] != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place

    for start in range(0, len(pictures), _ROWS):
        near = variant_pairs(pictures[start : start + _ROWS], pictures)
        for row, column in zip(*near.nonzero(), strict=True):
            first, second = sorted((root(start + int(row)), root(int(column))))
            parent[second] = first
    return [str(root(place)) for place in range(len(pictures))]
