"""The limits of likeness by which findings are made: part of the published rules."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from ledger.record.values import UnitText

_Bits = Annotated[int, Field(ge=0, le=256)]


class RulesPart(BaseModel):
    """A part of the rules' document: no other members than those declared."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Measures(RulesPart):
    """Two pictures are alike when their perceptual hashes differ in at most so many bits."""

    cover: UnitText
    """Share of a region that another must cover to count as the same place."""
    pdq_bits: _Bits
    pdq_quality: Annotated[int, Field(ge=0, le=100)]
    """PDQ's quality that both pictures must have at least."""
    phash_bits: _Bits

    @property
    def least_cover(self) -> Decimal:
        return Decimal(self.cover)
