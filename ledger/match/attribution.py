"""Relation, verdict and shares, which follow from a record's matches by the rules of FORMAT.md.

The arithmetic is exact and uses the record's written values, so every reader gets the same result. Shares are
a rule; they do not measure influence.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Protocol

from ledger.match.lists import COPY_RELATIONS, WHOLE_COVER, Relation, Verdict

PLACES = 6
"""Digits after the point of scores, p-values and shares."""
COUNTED = COPY_RELATIONS | {Relation.UNVERIFIED}
"""Relations that count for shares; the others do not state a copy."""


Edges = tuple[Decimal, Decimal, Decimal, Decimal]
"""Left, top, right and bottom of a region, in fractions of the picture."""
WHOLE: Edges = (Decimal(0), Decimal(0), Decimal(1), Decimal(1))
"""The region of a work with equal digests."""
SAME_PLACE = Fraction(1, 2)
"""Two regions are one place if their overlap is at least this share of the smaller one."""


class ShareEvidence(Protocol):
    """What shares depend on. A measured match and a match of a record both have it."""

    @property
    def relation(self) -> Relation: ...

    @property
    def written_p_value(self) -> Decimal:
        """The p-value with PLACES digits."""

    @property
    def written_score(self) -> Decimal:
        """The probability of a copy, with PLACES digits."""

    @property
    def artists(self) -> tuple[str, ...]:
        """Ids of the artists that registered the picture, in the order of the log."""

    @property
    def first_work(self) -> str:
        """The first work of its duplicate group; without a group, the work itself."""

    @property
    def place(self) -> Edges | None:
        """Where in the picture the work was found; None if it was not located."""


@dataclass(frozen=True, slots=True)
class Share:
    """The share of one artist (`group` is None), or of all who registered the work at one place of the picture."""

    artists: tuple[str, ...]
    group: str | None
    share: Decimal


@dataclass(frozen=True, slots=True)
class Attribution:
    """Attribution, as in FORMAT.md."""

    alpha: Decimal
    unattributed: Decimal
    shares: tuple[Share, ...]


def attribute(matches: Iterable[ShareEvidence], alpha: Decimal) -> Attribution:
    """Shares from the matches (in order of rank) with a relation in COUNTED and p <= alpha.

    Matches at one place count once, by the highest score, so registering a picture several times gains nothing. With
    these scores p_i: unattributed = prod(1 - p_i); a share is (1 - unattributed) * (sum of its p_i) / (sum of all),
    rounded half to even to PLACES digits. A place with one artist counts for that artist, another for its artists
    together. The largest comes first; equal shares are sorted by artists.
    """
    places = _places([each for each in matches if each.relation in COUNTED and each.written_p_value <= alpha])
    best = [max(Fraction(each.written_score) for each in place) for place in places]
    rest, total = math.prod((1 - score for score in best), start=Fraction(1)), sum(best, Fraction(0))
    sums: dict[tuple[tuple[str, ...], str | None], Fraction] = {}
    for place, score in zip(places, best, strict=True):
        artists = tuple(dict.fromkeys(artist for each in place for artist in each.artists))
        whose = (artists, place[0].first_work if len(artists) > 1 else None)
        sums[whose] = sums.get(whose, Fraction(0)) + score
    ordered = sorted(sums.items(), key=lambda item: (-item[1], item[0][0], item[0][1] or ""))
    shares = [Share(artists, group, _rounded((1 - rest) * part / total)) for (artists, group), part in ordered if total]
    return Attribution(alpha, _rounded(rest), tuple(shares))


def _places(matches: Sequence[ShareEvidence]) -> list[list[ShareEvidence]]:
    """Groups matches at one place, directly or through other matches; each group in the order of ranks."""
    places: list[list[ShareEvidence]] = []
    for each in matches:
        touched = [place for place in places if any(_overlap(each.place, other.place) for other in place)]
        joined = [other for place in touched for other in place]
        places = [place for place in places if place not in touched]
        places.append([*joined, each])
    order = {id(each): rank for rank, each in enumerate(matches)}
    ranked = [sorted(place, key=lambda each: order[id(each)]) for place in places]
    return sorted(ranked, key=lambda place: order[id(place[0])])


def _overlap(one: Edges | None, other: Edges | None) -> bool:
    if one is None or other is None:
        return False
    common = _area((max(one[0], other[0]), max(one[1], other[1]), min(one[2], other[2]), min(one[3], other[3])))
    return common >= SAME_PLACE * min(_area(one), _area(other)) > 0


def _area(edges: Edges) -> Fraction:
    left, top, right, bottom = map(Fraction, edges)
    return max(Fraction(0), right - left) * max(Fraction(0), bottom - top)


def verdict(matches: Iterable[tuple[Relation, Decimal]], alpha: Decimal, *, comparable: bool = True) -> Verdict:
    """The verdict from relations with p-values: `copy` if one of COPY_RELATIONS has p <= alpha, else `style` if
    similar-style has."""
    close = {relation for relation, p_value in matches if p_value <= alpha}
    if close & COPY_RELATIONS:
        return Verdict.COPY
    if not comparable:
        return Verdict.NOT_COMPARABLE
    return Verdict.STYLE if Relation.SIMILAR_STYLE in close else Verdict.NONE


def verified_relation(covers: Sequence[Decimal]) -> Relation:
    """The relation of a verified copy, by the shares of both pictures' content in the aligned region."""
    return Relation.NEAR_DUPLICATE if min(covers) >= Decimal(WHOLE_COVER) else Relation.PARTIAL_COPY


def unproven_relation(p_value: Decimal, alpha: Decimal) -> Relation:
    """The relation of a work that is near by copy score, but is no verified copy."""
    return Relation.UNVERIFIED if p_value <= alpha else Relation.NEAREST


def written(value: float) -> Decimal:
    """A measured value as records write it. Only written values are compared and used for conclusions."""
    return Decimal(f"{value:.{PLACES}f}")


def _rounded(value: Fraction) -> Decimal:
    """Rounds half to even, as Python's `round` does for a Fraction."""
    return Decimal(round(value * 10**PLACES)).scaleb(-PLACES)
