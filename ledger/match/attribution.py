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


@dataclass(frozen=True, slots=True)
class Found:
    """A match, as far as verdict and shares follow from it."""

    relation: Relation
    p_value: Decimal
    score: Decimal
    """Probability of a copy, with PLACES digits."""
    artists: tuple[str, ...]
    """Whoever registered the picture; several where it is contested."""
    group: str | None
    """The first work of the duplicate group."""


@dataclass(frozen=True, slots=True)
class Share:
    """Of one artist (`group` is None), or of a contested group together."""

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
    """Shares of the matches in COUNTED with p <= alpha.

    With probabilities p_i: unattributed = prod(1 - p_i); a share is (1 - unattributed) * (sum of its p_i) / (sum of
    all), rounded half to even to PLACES digits. A match whose group has several artists counts for that group, others
    for their artist. Largest first, equal ones by artists.
    """
    counted = [each for each in found if each.relation in COUNTED and each.p_value <= alpha]
    rest = math.prod((1 - Fraction(each.score) for each in counted), start=Fraction(1))
    total = sum((Fraction(each.score) for each in counted), Fraction(0))
    sums: dict[tuple[tuple[str, ...], str | None], Fraction] = {}
    for each in counted:
        whose = (each.artists, each.group if len(each.artists) > 1 else None)
        sums[whose] = sums.get(whose, Fraction(0)) + Fraction(each.score)
    ordered = sorted(sums.items(), key=lambda item: (-item[1], item[0][0], item[0][1] or ""))
    shares = [Share(artists, group, _rounded((1 - rest) * part / total)) for (artists, group), part in ordered if total]
    return Attribution(alpha, _rounded(rest), tuple(shares))


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
