"""The calibration file, byte by byte: one canonical JSON document of integers and decimal strings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, ValidationError, model_validator

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


class StyleText(Document):
    """Error rates of nearness in style."""

    alpha: Decimal
    bins: list[NullBinText]
    """One score of each null picture; none where the corpus contains them all."""
    left_out: Annotated[int, Field(ge=0)]
    null_set: Sha256
    """Of the file with the strangers' embeddings and the background."""

    @model_validator(mode="after")
    def _ordered(self) -> StyleText:
        _require_ascending(self.bins)
        return self


class _Copies(Document):
    """Error rates of copies: all of version 2, and most of version 3."""

    type: Literal["artledger/calibration"]
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
    def _ordered(self) -> _Copies:
        _require_ascending(self.bins)
        if any(len(item.null) % self.draws for item in self.bins):
            raise ValueError("every null picture has as many scores as there are draws")
        return self

    def to_bytes(self) -> bytes:
        return canonical.dumps(self.model_dump())


class CalibrationText(_Copies):
    """Of a spec that knows copies alone, which is the ranking's."""

    version: Literal[2]

    def styled(self, spec: str, style: StyleText | None) -> StyledCalibrationText:
        """The same, of a spec with embeddings of style."""
        said = None if style is None else style.model_dump()
        return StyledCalibrationText.model_validate({**self.model_dump(), "version": 3, "spec": spec, "style": said})


class StyledCalibrationText(_Copies):
    """Of a spec with embeddings of style; the ranking's is its copy part."""

    version: Literal[3]
    spec: Sha256
    style: StyleText | None
    """None where no strangers are at hand whose style is known: then style is not compared."""

    @model_validator(mode="after")
    def _no_looser(self) -> StyledCalibrationText:
        if self.style is not None and float(self.style.alpha) > float(self.ranking.alpha):
            raise ValueError("style takes no larger error rate than copies: a record states one")
        return self


def read_calibration(document: bytes) -> CalibrationText | StyledCalibrationText:
    """Raises IntegrityError (`bad-calibration`)."""
    try:
        return _EITHER.validate_python(canonical.loads(document))
    except (VerificationError, ValidationError) as error:
        raise IntegrityError(f"the calibration cannot be read: {error}", code="bad-calibration") from error


def _require_ascending(bins: Sequence[NullBinText]) -> None:
    edges = [float(item.below) for item in bins]
    if edges != sorted(set(edges)):
        raise ValueError("bins are in ascending order of complexity")


_EITHER: TypeAdapter[CalibrationText | StyledCalibrationText] = TypeAdapter(
    Annotated[CalibrationText | StyledCalibrationText, Field(discriminator="version")]
)
