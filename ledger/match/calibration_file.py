"""The calibration file, byte by byte: one canonical JSON document of integers and decimal strings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, ValidationError, model_validator

from ledger import canonical
from ledger.errors import IntegrityError, VerificationError
from ledger.match.ranking import BinText, CurveText, Decimal, Document, RankingText, Sha256


class CorpusText(Document):
    """Corpus state, as in FORMAT.md."""

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
    """One score per null picture; empty if the corpus contains all of them."""
    left_out: Annotated[int, Field(ge=0)]
    null_set: Sha256
    """Digest of the file with the embeddings of unrelated pictures and of the background."""

    @model_validator(mode="after")
    def _ordered(self) -> StyleText:
        _require_ascending(self.bins)
        return self


class BackgroundText(Document):
    """A picture's background level is its mean cosine to the works of the corpus at these ranks, at most `most`."""

    first: Literal[4]
    last: Literal[15]
    most: Literal["0.600000"]


class SelfNullText(Document):
    """The works of the corpus that stand for unrelated pictures, each compared with works of other artists."""

    edits: Literal[1]
    """Version of the edits that half of them have (`ledger/match/self_null/edits.py`)."""
    most: Annotated[int, Field(ge=1)]
    """Largest size of a sample."""
    per_artist: Annotated[int, Field(ge=1)]
    works: Sha256
    """Digest of the ids of those that count, in the order of the sample, each ended by a line feed."""


class _Copies(Document):
    """Error rates of copies: all fields of version 2, and most of later versions."""

    type: Literal["artledger/calibration"]
    corpus: CorpusText
    null_set: Sha256
    left_out: Annotated[int, Field(ge=0)]
    """Number of null pictures of which the corpus contains a variant or the picture itself."""
    draws: Annotated[int, Field(ge=1, le=100)]
    """Null scores per null picture, one for each draw of its geometric evidence."""
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


class PlainCalibrationText(_Copies):
    """Version 2: a calibration for a spec without style, which is the ranking's spec. Only read, never written."""

    version: Literal[2]


class _Whole(_Copies):
    spec: Sha256
    """The spec of the fingerprints; its copy part is the ranking's spec."""
    style: StyleText | None
    """None if there are no style embeddings of unrelated pictures; style is then not compared."""

    @model_validator(mode="after")
    def _no_looser(self) -> _Whole:
        if self.style is not None and float(self.style.alpha) > float(self.ranking.alpha):
            raise ValueError("style takes no larger error rate than copies: a record states one")
        return self


class StyledCalibrationText(_Whole):
    """Version 3: a calibration for a spec with style embeddings. Only read, never written."""

    version: Literal[3]


class CalibrationText(_Whole):
    """A calibration as it is written."""

    version: Literal[4]
    background: BackgroundText | None
    """None: background levels are the mean cosine to the nearest background pictures of the null set."""
    self_null: SelfNullText | None
    """None: the unrelated pictures are those of the null set. Otherwise only the odds rest on them, by half."""

    @model_validator(mode="after")
    def _one_bin(self) -> CalibrationText:
        if self.self_null is not None and (self.draws, len(self.bins)) != (1, 1):
            raise ValueError("works of the corpus have one score each, in one bin")
        return self


AnyCalibrationText = PlainCalibrationText | StyledCalibrationText | CalibrationText


def read_calibration(document: bytes) -> AnyCalibrationText:
    """Parses a calibration file. Raises IntegrityError (`bad-calibration`)."""
    try:
        return _ANY.validate_python(canonical.loads(document))
    except (VerificationError, ValidationError) as error:
        raise IntegrityError(f"the calibration cannot be read: {error}", code="bad-calibration") from error


def _require_ascending(bins: Sequence[NullBinText]) -> None:
    edges = [float(item.below) for item in bins]
    if edges != sorted(set(edges)):
        raise ValueError("bins are in ascending order of complexity")


_ANY: TypeAdapter[AnyCalibrationText] = TypeAdapter(Annotated[AnyCalibrationText, Field(discriminator="version")])
