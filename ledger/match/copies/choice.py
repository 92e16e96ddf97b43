"""Chooses the candidates to align with the query: the nearest ones, but never only those of one artist.

Somebody may register fifty near-duplicates of a work. To a copy of the work, all fifty can be nearer than the work
itself. So half of the places go to the nearest pictures, and the other half to the nearest pictures of artists who have
no place yet.

The calibration uses the same number of places, but gives all of an unrelated picture's places to the nearest works. So
unrelated pictures do not come close more often than the p-values say. Further works of a duplicate group need no place:
they are copies of one that has a place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ledger.match.calibration import VERIFIED

NEAREST = VERIFIED // 2
"""Places for the nearest pictures, whoever registered them."""


@dataclass(frozen=True, slots=True)
class Contender:
    """A candidate whose relation is not proven by a digest."""

    work_id: str
    artist_id: str
    label: str
    """Equal for registrations of one picture."""


def chosen(contenders: Sequence[Contender]) -> tuple[str, ...]:
    """Ids of the works to align; `contenders` come in order of nearness.

    They are the nearest work of each of VERIFIED pictures and, for pictures that several artists registered, one work
    of each further artist, at most VERIFIED further works.
    """
    first: dict[str, Contender] = {}
    for each in contenders:
        first.setdefault(each.label, each)
    pictures = list(first.values())
    taken = pictures[:NEAREST]
    artists = {each.artist_id for each in taken}
    for each in pictures[NEAREST:]:
        if len(taken) < VERIFIED and each.artist_id not in artists:
            artists.add(each.artist_id)
            taken.append(each)
    known = {each.label for each in taken}
    taken += [each for each in pictures if each.label not in known][: VERIFIED - len(taken)]
    return tuple(each.work_id for each in [*taken, *_of_others(contenders, taken)])


def _of_others(contenders: Sequence[Contender], taken: Sequence[Contender]) -> list[Contender]:
    """The nearest work of each further artist of a picture, so that a near work that cannot be aligned hides none."""
    known = {(each.label, each.artist_id) for each in taken}
    labels = {each.label for each in taken}
    others: dict[tuple[str, str], Contender] = {}
    for each in contenders:
        if each.label in labels and (each.label, each.artist_id) not in known:
            others.setdefault((each.label, each.artist_id), each)
    return list(others.values())[:VERIFIED]
