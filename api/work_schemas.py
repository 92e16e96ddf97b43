"""The JSON of what artists send and get about their works, closed as in schemas.py."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from api.account_schemas import PayloadBody
from api.schemas import Closed, HexDigest, RecordBody, WorkBody
from ledger.corpus.credit import MAX_LINK, MAX_TERMS
from ledger.corpus.labels import UNSTATED_USES
from ledger.corpus.licences import MAX_EXPRESSION
from ledger.corpus.work import ALL_USES, AllowedUse
from ledger.flows.records.cosigned import EnvelopeDocument
from ledger.flows.works.register import SignedWork, WorkDetails
from ledger.text import DEFAULT_LIMIT

LONGER = 4
"""Of texts so many times what is kept is taken in: cleaning drops what cannot be seen."""

Uses = Annotated[list[AllowedUse], Field(max_length=3)]
Expression = Annotated[str, Field(max_length=MAX_EXPRESSION)]
Line = Annotated[str, Field(max_length=LONGER * DEFAULT_LIMIT)]


class SignedWorkRequest(Closed):
    """The prepared statement with the artist's signature, and the key of its commitment, as `prepare` gave it."""

    model_config = ConfigDict(strict=True)

    envelope: EnvelopeDocument
    metadata_key: HexDigest


class WorkRequest(Closed):
    """What an artist says of a work. `licence`: an SPDX expression; else `terms`, in the artist's own words.

    `signed` is for artists with a key on the log: the same picture and details as were prepared, signed.
    """

    model_config = ConfigDict(
        strict=True,
        json_schema_extra={
            "example": {
                "title": "Star 12", "licence": "CC-BY-4.0", "allowed_uses": ["match"], "credit_line": "© Ada Example",
                "link": "https://ada.example/star-12",
            }
        },
    )  # fmt: skip

    title: Line = ""
    licence: Expression = ""
    terms: Annotated[str, Field(max_length=LONGER * MAX_TERMS)] = ""
    allowed_uses: Annotated[Uses, Field(default_factory=lambda: list(UNSTATED_USES))]
    credit_line: Line = ""
    link: Annotated[str, Field(max_length=MAX_LINK)] = ""
    signed: SignedWorkRequest | None = None

    def details(self) -> WorkDetails:
        uses = tuple(use for use in ALL_USES if use in self.allowed_uses)
        return WorkDetails(self.title, self.licence, self.terms, uses, self.credit_line, self.link)

    def brought(self) -> SignedWork | None:
        """Raises VerificationError (`envelope-shape`)."""
        signed = self.signed
        return None if signed is None else SignedWork(signed.envelope.to_bytes(), bytes.fromhex(signed.metadata_key))


class PreparedWorkBody(PayloadBody):
    """A registration to sign. `metadata` is what it commits to beside itself, under `metadata_key`."""

    work_id: str
    record_id: str
    metadata: dict[str, Any]
    metadata_key: str


class RegisteredWorkBody(Closed):
    """The registration's record, and the work as it stands."""

    record: RecordBody
    work: WorkBody


class ConsentRequest(Closed):
    """New terms: `allowed_uses`, and the licence where it changes; or the statement that was prepared, signed."""

    model_config = ConfigDict(strict=True, json_schema_extra={"example": {"allowed_uses": ["match"]}})

    allowed_uses: Uses | None = None
    licence: Expression | None = None
    envelope: EnvelopeDocument | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.allowed_uses is None) == (self.envelope is None) or (self.licence and self.envelope):
            raise ValueError("expected allowed_uses, with or without licence, or an envelope")
        return self


class WithdrawalRequest(Closed):
    """Why: `artist` for the artist's own will, the others for administrators; or the prepared statement, signed."""

    model_config = ConfigDict(strict=True, json_schema_extra={"example": {"reason": "artist"}})

    reason: Literal["artist", "operator", "legal"] = "artist"
    envelope: EnvelopeDocument | None = None


class OptOutBody(Closed):
    """`value`: a SHA-256 in hex, or for `look` pHash and PDQ of 64 digits each."""

    kind: Literal["sha256", "look"]
    value: Annotated[str, Field(pattern="^([0-9a-f]{64}){1,2}$")]


class OptOutPageBody(Closed):
    """Entries by kind and value. `next_after` goes on (`after=`), null at the end."""

    entries: list[OptOutBody]
    next_after: str | None


class OptOutFilter(Closed):
    after: Annotated[str, Field(pattern="^(sha256:[0-9a-f]{64}|look:[0-9a-f]{128})$")] | None = None
    limit: Annotated[int, Field(ge=1, le=1000)] = 200
