"""The closed lists of values that signed statements about claims use (FORMAT.md, Values)."""

from __future__ import annotations

from typing import Literal

ClaimType = Literal["copies-work", "authored-image", "generated-by", "trained-on"]
ClaimVerdict = Literal["supported", "contradicted", "inconclusive"]
