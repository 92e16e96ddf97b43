"""The calibration file, byte by byte: one canonical JSON document of integers and decimal strings."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, ValidationError, model_validator

from ledger import canonical
from ledger.errors import IntegrityError, VerificationError
from ledger.match.ranking import BinText, Decimal, Document, RankingText, Sha256


class CorpusText(Document):
    """FORMAT.md, Corpus state."""

    through: Annotated[int, Field(ge=-1)]
    works: Annotated[int, Field(ge=0)]


class NullBinText(BinText):
    null: Annotated[list[Decimal], Field(min_length=1)]
    """Ascending raw scores."""

    @model_validator(mode="after")
    def _ascending(self) -> NullBinText:
        scores = [float(score) for score in self.null]
        if scores != sorted(scores):
            raise ValueError("null scores ascend")
        return self


class ProbabilityText(Document):
    """Log-odds of a copy = intercept + slope * raw score, before geometric evidence."""

    intercept: Decimal
    slope: Decimal

    @model_validator(mode="after")
    def _increasing(self) -> ProbabilityText:
        if float(self.slope) <= 0:
            raise ValueError("probability increases with the raw score")
        return self


class CalibrationText(Document):
    type: Literal["artledger/calibration"]
    version: Literal[1]
    corpus: CorpusText
    null_set: Sha256
    left_out: Annotated[int, Field(ge=0)]
    """Null pictures that the corpus contains, or a variant of."""
    ranking: RankingText
    bins: Annotated[list[NullBinText], Field(min_length=1)]
    probability: ProbabilityText

    @model_validator(mode="after")
    def _ordered(self) -> CalibrationText:
        edges = [float(item.below) for item in self.bins]
        if edges != sorted(set(edges)):
            raise ValueError("bins are in ascending order of complexity")
        return self

    def to_bytes(self) -> bytes:
        return canonical.dumps(self.model_dump())


def read_calibration(document: bytes) -> CalibrationText:
    """Raises IntegrityError (`bad-calibration`)."""
    try:
        return CalibrationText.model_validate(canonical.loads(document))
    except (VerificationError, ValidationError) as error:
        raise IntegrityError(f"the calibration cannot be read: {error}", code="bad-calibration") from error
