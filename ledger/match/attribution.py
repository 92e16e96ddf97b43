"""What follows from a record's matches by the stated rules of FORMAT.md: relation, verdict, shares.

Exact arithmetic over what the record writes, so that whoever reads a record finds the same. Shares are a rule, not
influence.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from ledger.match.lists import COPY_RELATIONS, WHOLE_COVER, Relation, Verdict

PLACES = 6
"""Digits after the point of scores, p-values and shares."""
COUNTED = COPY_RELATIONS | {Relation.UNVERIFIED}
"""Relations that shares are made of: the others say nothing of a copy."""


Edges = tuple[Decimal, Decimal, Decimal, Decimal]
"""Left, top, right and bottom of a region, in fractions of the picture."""
WHOLE: Edges = (Decimal(0), Decimal(0), Decimal(1), Decimal(1))
"""Where equal digests place a work."""
SAME_PLACE = Fraction(1, 2)
"""Two regions are one place when their overlap has this share of the smaller one."""


@dataclass(frozen=True, slots=True)
class Found:
    """A match, as far as verdict and shares follow from it."""

    relation: Relation
    p_value: Decimal
    score: Decimal
    """Probability of a copy, with PLACES digits."""
    artists: tuple[str, ...]
    """Whoever registered the picture, in the order of the log."""
    group: str
    """The first work of its duplicate group; where it stands alone, the work itself."""
    region: Edges | None = None
    """Where in the picture the work was found; None where it was not."""


@dataclass(frozen=True, slots=True)
class Share:
    """Of one artist (`group` is None), or of all who registered what stands at one place of the picture."""

    artists: tuple[str, ...]
    group: str | None
    share: Decimal


@dataclass(frozen=True, slots=True)
class Attribution:
    """FORMAT.md, Attribution."""

    alpha: Decimal
    unattributed: Decimal
    shares: tuple[Share, ...]


def attribute(found: Iterable[Found], alpha: Decimal) -> Attribution:
    """Shares of the places of the matches in COUNTED with p <= alpha, in the order of their ranks.

    Matches at one place count once, by the highest score: whoever registers more of one picture gains nothing. With
    those p_i: unattributed = prod(1 - p_i); a share is (1 - unattributed) * (sum of its p_i) / (sum of all), rounded
    half to even to PLACES digits. A place with one artist counts for that artist, another for its artists together.
    Largest first, equal ones by artists.
    """
    places = _places([each for each in found if each.relation in COUNTED and each.p_value <= alpha])
    best = [max(Fraction(each.score) for each in place) for place in places]
    rest, total = math.prod((1 - score for score in best), start=Fraction(1)), sum(best, Fraction(0))
    sums: dict[tuple[tuple[str, ...], str | None], Fraction] = {}
    for place, score in zip(places, best, strict=True):
        artists = tuple(dict.fromkeys(artist for each in place for artist in each.artists))
        whose = (artists, place[0].group if len(artists) > 1 else None)
        sums[whose] = sums.get(whose, Fraction(0)) + score
    ordered = sorted(sums.items(), key=lambda item: (-item[1], item[0][0], item[0][1] or ""))
    shares = [Share(artists, group, _rounded((1 - rest) * part / total)) for (artists, group), part in ordered if total]
    return Attribution(alpha, _rounded(rest), tuple(shares))


def _places(found: Sequence[Found]) -> list[list[Found]]:
    """Matches that stand at one place, directly or through others, together; each place in the order of ranks."""
    places: list[list[Found]] = []
    for each in found:
        touched = [place for place in places if any(_overlap(each.region, other.region) for other in place)]
        joined = [other for place in touched for other in place]
        places = [place for place in places if place not in touched]
        places.append([*joined, each])
    order = {id(each): rank for rank, each in enumerate(found)}
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
    """Of relations with their p-values: `copy` when one of COPY_RELATIONS has p <= alpha, else `style` when
    similar-style has."""
    close = {relation for relation, p_value in matches if p_value <= alpha}
    if close & COPY_RELATIONS:
        return Verdict.COPY
    if not comparable:
        return Verdict.NOT_COMPARABLE
    return Verdict.STYLE if Relation.SIMILAR_STYLE in close else Verdict.NONE


def verified_relation(covers: Sequence[Decimal]) -> Relation:
    """Of a verified copy, by the shares of both pictures' content that the aligned region shows."""
    return Relation.NEAR_DUPLICATE if min(covers) >= Decimal(WHOLE_COVER) else Relation.PARTIAL_COPY


def unproven_relation(p_value: Decimal, alpha: Decimal) -> Relation:
    """Of a work that is near by the score of copies, without a verified copy."""
    return Relation.UNVERIFIED if p_value <= alpha else Relation.NEAREST


def written(value: float) -> Decimal:
    """A measured value as records write it: what is compared and concluded from is what is written."""
    return Decimal(f"{value:.{PLACES}f}")


def _rounded(value: Fraction) -> Decimal:
    """Half to even, which is what Python's `round` does to a Fraction."""
    return Decimal(round(value * 10**PLACES)).scaleb(-PLACES)
