"""The calibration file, byte by byte: one canonical JSON document of integers and decimal strings."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, ValidationError, model_validator

from ledger import canonical
from ledger.errors import IntegrityError, VerificationError
from ledger.match.ranking import BinText, CurveText, Decimal, Document, RankingText, Sha256


class CorpusText(Document):
    """FORMAT.md, Corpus state."""

    through: Annotated[int, Field(ge=-1)]
    works: Annotated[int, Field(ge=0)]


class NullBinText(BinText):
    null: Annotated[list[Decimal], Field(min_length=1)]
    """Ascending best scores, `draws` of each null picture."""

    @model_validator(mode="after")
    def _ascending(self) -> NullBinText:
        scores = [float(score) for score in self.null]
        if scores != sorted(scores):
            raise ValueError("null scores ascend")
        return self


class CalibrationText(Document):
    type: Literal["artledger/calibration"]
    version: Literal[2]
    corpus: CorpusText
    null_set: Sha256
    left_out: Annotated[int, Field(ge=0)]
    """Null pictures that the corpus contains, or a variant of."""
    draws: Annotated[int, Field(ge=1, le=100)]
    """Null scores per null picture: its geometric evidence is drawn this often."""
    ranking: RankingText
    bins: Annotated[list[NullBinText], Field(min_length=1)]
    odds: CurveText
    """Log-odds of a copy over scores."""

    @model_validator(mode="after")
    def _ordered(self) -> CalibrationText:
        edges = [float(item.below) for item in self.bins]
        if edges != sorted(set(edges)):
            raise ValueError("bins are in ascending order of complexity")
        if any(len(item.null) % self.draws for item in self.bins):
            raise ValueError("every null picture has as many scores as there are draws")
        return self

    def to_bytes(self) -> bytes:
        return canonical.dumps(self.model_dump())


def read_calibration(document: bytes) -> CalibrationText:
    """Raises IntegrityError (`bad-calibration`)."""
    try:
        return CalibrationText.model_validate(canonical.loads(document))
    except (VerificationError, ValidationError) as error:
        raise IntegrityError(f"the calibration cannot be read: {error}", code="bad-calibration") from error
