"""Statements of use (FORMAT.md, "Uses"): how often works of an artist were matched in a period, counted from records.

A record counts once for an artist, under the relation of the nearest of the artist's works in it. Only the names in the
record count, so later withdrawals, erasures and registrations change nothing. Server and auditor use these functions.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, localcontext
from typing import Final, Literal, Self

from pydantic import ValidationError, model_validator

from ledger import canonical
from ledger.errors import VerificationError
from ledger.match.lists import Relation
from ledger.record.parts import LeafRange, MatchText, UsageCount
from ledger.record.predicates import Generation, Guard, Period, Predicate, Verification
from ledger.record.values import DecimalText, Id, Model, Positive

MEDIA_TYPE: Final = "application/vnd.artledger.usage+json;version=1"
MEANING: Final = "counts, not debts"
MAX_STATEMENT_BYTES = 2**20

Origin = Literal["service", "reported"]


@dataclass(frozen=True, slots=True)
class Use:
    """What one record says about an artist's works."""

    match: MatchText
    """The nearest of them: the first in rank with p <= alpha, or if there is none, the first of all."""
    counted: bool
    """Whether p <= alpha. If so, statements count the record, under its relation."""
    works: int
    """Number of the artist's works considered."""
    share: str
    """The artist's share in the record, for all their works together; a decimal string, "0" if there is none."""
    contested_share: str
    """Shares of works that others registered too, which belong to all of them together; "0" if there are none."""
    generator_id: str | None
    """Model id; None for a verification, as are the next two."""
    origin_of_image: Origin | None
    guard: Guard | None


@dataclass(frozen=True, slots=True)
class UseFilter:
    """Selects uses: records of this kind, by this generator (a model id; verifications have none), with
    since <= generated_at < until, that have a match with all other properties. None selects everything."""

    kind: str | None = None
    generator_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    relation: str | None = None
    work_id: str | None = None
    max_p: float | None = None

    def fits(self, match: MatchText) -> bool:
        return (
            self.relation in (None, match.relation.value)
            and (self.work_id is None or self.work_id in match.works)
            and (self.max_p is None or float(match.p_value) <= self.max_p)
        )


EVERYTHING = UseFilter()


def use_in(predicate: Predicate, artist_id: str, wanted: UseFilter = EVERYTHING) -> Use | None:
    """What the record says about the artist's works whose matches are selected; None if there is no such match."""
    if not isinstance(predicate, Verification | Generation):
        return None
    alpha = Decimal(predicate.attribution.alpha)
    beyond = {match.rank: Decimal(match.p_value) > alpha for match in predicate.matches}
    found = [match for match in predicate.matches if artist_id in match.artists and wanted.fits(match)]
    if not found:
        return None
    nearest = min(found, key=lambda match: (beyond[match.rank], match.rank))
    shares = predicate.attribution.shares
    own = next((each.share for each in shares if each.artists == (artist_id,)), "0")
    common = [Decimal(each.share) for each in shares if artist_id in each.artists and len(each.artists) > 1]
    counted, contested = not beyond[nearest.rank], f"{sum(common, Decimal(0)):f}"
    if isinstance(predicate, Verification):
        return Use(nearest, counted, len(found), own, contested, None, None, None)
    made = predicate
    return Use(nearest, counted, len(found), own, contested, made.model.model_id, made.origin_of_image, made.guard)


class UsageRow(Model):
    """Count of records with equal fields. `share`: sum of the artist's shares in them; `contested_share`: that of works
    that others registered too. Pictures that a service made, that operators reported and that the guard blocked are
    separate rows, and so are verifications (null)."""

    contested_share: DecimalText
    count: Positive
    generator_id: Id | None
    guard: Guard | None
    origin_of_image: Origin | None
    relation: Relation
    share: DecimalText


class UsageStatement(Model):
    """A statement's file: RFC 8785 bytes, the subject of its `usage` record."""

    artist_id: Id
    counts: tuple[UsageRow, ...]
    leaf_range: LeafRange
    meaning: Literal["counts, not debts"]
    media_type: Literal["application/vnd.artledger.usage+json;version=1"]
    origin: str
    period: Period

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.leaf_range.start != 0:
            raise ValueError("a statement leaves no leaf out: its range starts at 0")
        if not self.period.start < self.period.end:
            raise ValueError("the period ends before it starts")
        return self

    def to_bytes(self) -> bytes:
        return canonical.dumps(self.model_dump(mode="json"))

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.to_bytes()).hexdigest()

    def record_counts(self) -> tuple[UsageCount, ...]:
        """The rows summed by generator and relation, as in the `usage` record."""
        sums: Counter[tuple[str, str]] = Counter()
        for row in self.counts:
            sums[row.generator_id or "", row.relation.value] += row.count
        return tuple(
            UsageCount(count=count, generator_id=generator or None, relation=Relation(relation))
            for (generator, relation), count in sorted(sums.items())
        )


def parse_statement(data: bytes) -> UsageStatement:
    """The statement in a file. Raises VerificationError (`not-canonical`, `usage-schema`)."""
    canonical.loads(data)
    try:
        return UsageStatement.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])[:100] or "the whole"
        raise VerificationError(
            f"not a statement of use: {place}: {first['msg']}"[:300],
            code="usage-schema",
            hint="Give the file that `artledger artist usage` writes.",
        ) from error


_Key = tuple[str, str, str, str]
"""Generator, origin, guard, relation; empty instead of null, so that rows can be sorted."""


class UsageTally:
    """Counts an artist's uses in records made within a period: start <= generated_at < end."""

    def __init__(self, artist_id: str, period: Period) -> None:
        self._artist_id = artist_id
        self._period = period
        self._sums: dict[_Key, tuple[int, Decimal, Decimal]] = {}

    def counts(self, predicate: Predicate) -> bool:
        """Whether the record counts."""
        return self._use(predicate) is not None

    def add(self, predicate: Predicate) -> bool:
        """Adds a record of the range; returns whether it counts."""
        use = self._use(predicate)
        if use is None:
            return False
        key = (use.generator_id or "", use.origin_of_image or "", use.guard or "", use.match.relation.value)
        count, share, contested = self._sums.get(key, (0, Decimal(0), Decimal(0)))
        with localcontext(prec=60):
            self._sums[key] = (count + 1, share + Decimal(use.share), contested + Decimal(use.contested_share))
        return True

    def _use(self, predicate: Predicate) -> Use | None:
        # Times have one form, so their texts sort like the times.
        if not self._period.start <= predicate.generated_at < self._period.end:
            return None
        use = use_in(predicate, self._artist_id)
        return use if use is not None and use.counted else None

    def statement(self, origin: str, size: int) -> UsageStatement:
        """The statement over the first `size` entries of the log with this origin."""
        rows: list[Mapping[str, object]] = [
            {
                "contested_share": format(contested, "f"),
                "count": count,
                "generator_id": generator or None,
                "guard": guard or None,
                "origin_of_image": origin_of_image or None,
                "relation": Relation(relation),
                "share": format(share, "f"),
            }
            for (generator, origin_of_image, guard, relation), (count, share, contested) in sorted(self._sums.items())
        ]
        return UsageStatement(
            artist_id=self._artist_id,
            counts=tuple(UsageRow.model_validate(row) for row in rows),
            leaf_range=LeafRange(end=size, start=0),
            meaning=MEANING,
            media_type=MEDIA_TYPE,
            origin=origin,
            period=self._period,
        )
