"""The shipped ranking, fitted on open works: turns features into scores and weighs geometric verification.

The file is one canonical JSON document (integers and decimal strings). A calibration contains all of it.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from ledger import canonical
from ledger.errors import IntegrityError, VerificationError
from ledger.match.geometry.learned import LearnedRule
from ledger.match.geometry.verification import GeometryRule
from ledger.match.score import Curve, Ranking

SHIPPED = "ranking-v3.json"
Decimal = Annotated[str, StringConstraints(pattern=r"^-?(0|[1-9][0-9]{0,8})\.[0-9]{6}$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class Document(BaseModel):
    """A strict model: refuses unknown fields, other types and other spellings of numbers."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class CurveText(Document):
    knots: list[Decimal]
    values: list[Decimal]

    @classmethod
    def of(cls, curve: Curve) -> CurveText:
        return cls(knots=[decimal(knot) for knot in curve.knots], values=[decimal(value) for value in curve.values])

    @model_validator(mode="after")
    def _monotone(self) -> CurveText:
        curve = self.curve()
        if len(curve.knots) != len(curve.values) or len(curve.knots) < 2:
            raise ValueError("a curve has as many values as knots, at least two")
        if list(curve.knots) != sorted(set(curve.knots)) or list(curve.values) != sorted(curve.values):
            raise ValueError("a curve's knots increase and its values never decrease")
        return self

    def curve(self) -> Curve:
        return Curve(tuple(map(float, self.knots)), tuple(map(float, self.values)))


class LearnedText(Document):
    threshold: Decimal
    evidence: Decimal


class GeometryText(Document):
    intercept: Decimal
    inliers: Decimal
    correlation: Decimal
    closeness: Decimal
    few: Annotated[int, Field(ge=0)]
    few_distance: Decimal
    threshold: Decimal
    unverified: Decimal
    learned: LearnedText

    @classmethod
    def of(cls, rule: GeometryRule) -> GeometryText:
        numbers = (name for name in cls.model_fields if name not in {"few", "learned"})
        learned = LearnedText(threshold=decimal(rule.learned.threshold), evidence=decimal(rule.learned.evidence))
        return cls(few=rule.few, learned=learned, **{name: decimal(getattr(rule, name)) for name in numbers})

    def rule(self) -> GeometryRule:
        return GeometryRule(
            intercept=float(self.intercept),
            inliers=float(self.inliers),
            correlation=float(self.correlation),
            closeness=float(self.closeness),
            few=self.few,
            few_distance=float(self.few_distance),
            threshold=float(self.threshold),
            unverified=float(self.unverified),
            learned=LearnedRule(float(self.learned.threshold), float(self.learned.evidence)),
        )


class BinText(Document):
    name: Annotated[str, StringConstraints(pattern=r"^[a-z-]{1,20}$")]
    below: Decimal


class RankingText(Document):
    """The shipped document."""

    type: Literal["artledger/ranking"]
    version: Literal[3]
    spec: Sha256
    cosine: CurveText
    look: CurveText
    phash: CurveText
    pdq: CurveText
    neighbours: Annotated[int, Field(ge=1, le=1000)]
    geometry: GeometryText
    bins: list[BinText]
    alpha: Decimal
    prior: Decimal

    def to_bytes(self) -> bytes:
        return canonical.dumps(self.model_dump())

    def ranking(self) -> Ranking:
        return Ranking(self.cosine.curve(), self.look.curve(), self.phash.curve(), self.pdq.curve(), self.neighbours)


def decimal(value: float) -> str:
    """A number with six digits after the point, without negative zero."""
    text = f"{value:.6f}"
    return text if float(text) else "0.000000"


@cache
def shipped_ranking() -> RankingText:
    """The ranking inside the package, loaded once."""
    return read_ranking((files("ledger.match") / "data" / SHIPPED).read_bytes())


def read_ranking(data: bytes) -> RankingText:
    """Parses a ranking. Raises IntegrityError (`bad-ranking`)."""
    try:
        return RankingText.model_validate(canonical.loads(data))
    except (VerificationError, ValidationError) as error:
        raise IntegrityError(f"the ranking cannot be read: {error}", code="bad-ranking") from error
