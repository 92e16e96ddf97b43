"""Types of values in records (FORMAT.md, Values): validated strings and small integers."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from ledger.canonical import MAX_INTEGER
from ledger.errors import InputError
from ledger.record.ids import ID_PATTERN
from ledger.record.times import TIME_PATTERN, parse_time

DECIMAL_PATTERN = "^(?:-?(?:[1-9][0-9]{0,19}(?:[.][0-9]{1,20})?|0[.]0{0,19}[1-9][0-9]{0,19})|0(?:[.]0{1,20})?)$"
_DECIMAL = re.compile(DECIMAL_PATTERN[1:-1])


class Model(BaseModel):
    """Strict, closed, frozen. Fields are in the order of their names, so that the JSON needs no sorting (RFC 8785)."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        if list(cls.model_fields) != sorted(cls.model_fields):
            raise TypeError(f"the fields of {cls.__name__} are not sorted: its JSON would not be canonical")


def _existing_time(text: str) -> str:
    try:
        parse_time(text)
    except InputError as error:
        raise ValueError(error.message) from error
    return text


def _sorted_keys(table: dict[str, Any]) -> dict[str, Any]:
    return dict(sorted(table.items()))


Id = Annotated[str, Field(pattern=ID_PATTERN)]
Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
"""32 bytes in lowercase hex: SHA-256, HMAC-SHA-256, 256-bit hashes, raw public keys."""
Time = Annotated[str, Field(pattern=TIME_PATTERN), AfterValidator(_existing_time)]
Count = Annotated[int, Field(ge=0, le=MAX_INTEGER)]
Positive = Annotated[int, Field(ge=1, le=MAX_INTEGER)]

DecimalText = Annotated[str, Field(pattern=DECIMAL_PATTERN)]
"""A decimal number: no exponent, no `+`, no leading zeros, no minus zero; trailing zeros state precision."""
UnitText = Annotated[str, Field(pattern="^(?:0(?:[.][0-9]{1,20})?|1(?:[.]0{1,20})?)$")]
"""A decimal number in [0, 1]."""
ScoreText = Annotated[str, Field(pattern="^(?:0[.][0-9]{4,20}|1[.]0{4,20})$")]
"""A decimal number in [0, 1] with at least four digits after the point."""

ORIGIN_PATTERN = "[!-*,-~]{1,255}"
Origin = Annotated[str, Field(pattern=f"^{ORIGIN_PATTERN}$")]
"""The name of a log's key (C2SP signed-note): printable ASCII without spaces and `+`."""

Label = Annotated[str, Field(pattern="^[A-Za-z0-9][A-Za-z0-9._:/+-]{0,127}$")]
"""A technical name: a method, a bin, a sampler."""
Name = Annotated[str, Field(pattern="^[a-z][a-z0-9_-]{0,39}$")]
"""A key in a table of values: an embedding, a raw score."""
MediaType = Annotated[str, Field(pattern="^[a-z]{1,20}/[a-z0-9][a-z0-9.+-]{0,79}$")]
Licence = Annotated[str, Field(pattern="^[A-Za-z0-9(][A-Za-z0-9.:+() -]{0,199}$")]
"""An SPDX licence expression (SPDX 2.3 annex D), or one of `LicenseRef-...`."""

DecimalTable = Annotated[dict[Name, DecimalText], AfterValidator(_sorted_keys)]
SortedKeys = AfterValidator(_sorted_keys)
"""For other tables: sorts their keys in the order of RFC 8785."""


def decimal_text(value: float, places: int) -> str:
    """`value` as DecimalText with exactly `places` digits after the point (1 to 20).

    Raises ValueError for NaN, infinities and magnitudes from 10^20.
    """
    text = f"{value:.{places}f}"
    if text.startswith("-") and not text.strip("-0."):
        text = text[1:]
    if not _DECIMAL.fullmatch(text):
        raise ValueError(f"{value!r} cannot be written as a decimal string")
    return text
