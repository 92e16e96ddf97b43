"""Reads our assertion from a file. Anybody can write one, so unknown fields are refused, sizes are limited and texts
are cleaned."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from ledger.image.credentials.content import MAX_COPIES, MAX_SENTENCE, Assertion, CopiedWork
from ledger.text import DEFAULT_LIMIT, clean_text

_Id = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
_Token = Annotated[str, StringConstraints(pattern=r"^[a-z]+(-[a-z]+)*$", max_length=40)]
_Decimal = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,4}(\.[0-9]{1,20})?$")]
_Name = Annotated[str, StringConstraints(max_length=DEFAULT_LIMIT)]
_Origin = Annotated[str, StringConstraints(pattern=r"^[!-*,-~]+$", max_length=255)]
_Sentence = Annotated[str, StringConstraints(max_length=MAX_SENTENCE)]


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _CopyBody(_Closed):
    work_id: _Id
    title: _Name
    artist: _Name
    relation: _Token
    score: _Decimal
    p_value: _Decimal


class _AssertionBody(_Closed):
    origin: _Origin
    record_id: _Id
    model: _Name
    verdict: _Token
    copies: Annotated[list[_CopyBody], Field(max_length=MAX_COPIES)]
    reference: _Sentence


def parse_assertion(value: object) -> Assertion | None:
    """Returns the assertion in `value` (decoded JSON) with cleaned texts. Returns None if it is not one (FORMAT.md)."""
    try:
        body = _AssertionBody.model_validate(value)
    except ValidationError:
        return None
    return Assertion(
        origin=body.origin,
        record_id=body.record_id,
        model=clean_text(body.model),
        verdict=body.verdict,
        copies=tuple(
            CopiedWork(
                each.work_id, clean_text(each.title), clean_text(each.artist), each.relation, each.score, each.p_value
            )
            for each in body.copies
        ),
        reference=clean_text(body.reference, MAX_SENTENCE),
    )
