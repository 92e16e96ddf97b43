"""What is sent to `/v1`: the bodies and query filters of its routes, closed. What comes back is in ledger/answers."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ledger.answers.examples import ARTIST, SHA256, WORK
from ledger.answers.roles import AccountRole
from ledger.audit.statement_rules import MAX_WORKS
from ledger.canonical import MAX_INTEGER
from ledger.claim.standing import ClaimsWanted, Standing
from ledger.corpus.credit import MAX_LINK, MAX_TERMS
from ledger.corpus.labels import UNSTATED_USES
from ledger.corpus.licences import MAX_EXPRESSION
from ledger.corpus.work import ALL_USES, AllowedUse
from ledger.flows.claims.statements import ClaimOrder
from ledger.flows.claims.submission import SentStatement
from ledger.flows.people.accounts import LONGEST_TOKEN_SECONDS, TOKEN_SECONDS
from ledger.flows.people.principal import Scope
from ledger.flows.records.cosigned import EnvelopeDocument
from ledger.flows.records.records import MAX_PAGE
from ledger.flows.works.register import SignedWork, WorkDetails
from ledger.match.lists import Relation
from ledger.record.ids import ID_PATTERN
from ledger.record.predicates import ClaimType, ClaimVerdict, DomainMethod, KeyEvent, Kind
from ledger.storage.tables.people import MAX_CLAIM_TEXT, MAX_WEBHOOK_URL
from ledger.text import DEFAULT_LIMIT

LONGER = 4
"""Of texts so many times what is kept is taken in: cleaning drops what cannot be seen."""

HexDigest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
IdText = Annotated[str, Field(pattern=ID_PATTERN)]
Text = Annotated[str, Field(min_length=1, max_length=2 * MAX_CLAIM_TEXT)]
TimeText = Annotated[str, Field(max_length=24, description="A date, or a time like 2026-01-31T23:59:59.999Z.")]
Uses = Annotated[list[AllowedUse], Field(max_length=3)]
Expression = Annotated[str, Field(max_length=MAX_EXPRESSION)]
Line = Annotated[str, Field(max_length=LONGER * DEFAULT_LIMIT)]


class Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Body(Closed):
    """JSON; no value is taken for one of another type."""

    model_config = ConfigDict(strict=True)


class Page(Closed):
    """Keyset pages: items after log entry `after`."""

    after: Annotated[int, Field(ge=-1, le=MAX_INTEGER)] = -1
    limit: Annotated[int, Field(ge=1, le=MAX_PAGE)] = 50


class RecordFilter(Page):
    sha256: HexDigest | None = None
    work_id: IdText | None = None
    artist_id: IdText | None = None
    kind: Kind | None = None


class LookupRequest(Body):
    model_config = ConfigDict(json_schema_extra={"example": {"sha256": SHA256}})

    sha256: HexDigest


class GenerationRequestBody(Body):
    """Pictures that are asked for. What is left out is the model's own; no `seed`: one is drawn."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"prompt": "a red car", "seed": 7, "media_type": "image/png", "confirm": False}},
    )

    prompt: str
    negative_prompt: str = ""
    seed: Annotated[int, Field(strict=False)] | None = None
    """Unsigned, 64 bits; as text where numbers are not that long."""
    steps: int | None = None
    guidance: float | str | None = None
    width: int | None = None
    height: int | None = None
    count: int = 1
    media_type: Literal["image/png", "image/jpeg", "image/webp"] = "image/png"
    confirm: bool = False
    """First the report; the picture only for the `confirmation` that comes with it."""


class AccountRequest(Body):
    """A new account. Artists' names are unique."""

    model_config = ConfigDict(json_schema_extra={"example": {"role": "artist", "name": "Ada Example"}})

    role: AccountRole
    name: Annotated[str, Field(max_length=1000)]


class ReadRequest(Body):
    """Which notices were read: those of log entries up to `through`."""

    through: Annotated[int, Field(ge=0, le=MAX_INTEGER)]


class ErasureRequest(Body):
    """`name`: one's own, as it is shown."""

    name: Line


class WebhookRequest(Body):
    """Where notices are sent: an https address of one's own."""

    model_config = ConfigDict(json_schema_extra={"example": {"url": "https://ada.example/artledger"}})

    url: Annotated[str, Field(max_length=MAX_WEBHOOK_URL)]


class DomainRequest(Body):
    """A domain to prove, and where the proof is: a file on its web server, or a DNS record."""

    model_config = ConfigDict(json_schema_extra={"example": {"domain": "ada.example", "method": "well-known"}})

    domain: Annotated[str, Field(max_length=1000)]
    method: DomainMethod = "well-known"


class TokenRequest(Body):
    """A token for these scopes, which the account's role must allow; good for `expires_in` seconds."""

    model_config = ConfigDict(json_schema_extra={"example": {"scopes": ["works", "claims"]}})

    scopes: Annotated[list[Scope], Field(min_length=1, max_length=20)]
    expires_in: Annotated[float, Field(gt=0, le=LONGEST_TOKEN_SECONDS)] = TOKEN_SECONDS


class KeyRequest(Body):
    """Asks for the payload that announces a key (`prepare`). `replaces`: key id, for `rotated` alone."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"public_key": "3d" * 32, "event": "added", "replaces": None}}
    )

    public_key: HexDigest
    event: KeyEvent = "added"
    replaces: HexDigest | None = None


class KeyFilter(Closed):
    holder_id: Annotated[IdText, Field(description="An account's id.", examples=[ARTIST])]


class ClaimRequest(Body):
    """What is to be claimed of the picture. `model_id`: where the claim is about a model."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"claim_type": "copies-work", "works": [WORK], "text": "My star."}}
    )

    claim_type: ClaimType
    works: Annotated[tuple[IdText, ...], Field(max_length=MAX_WORKS)] = ()
    model_id: IdText | None = None
    text: Text | None = None

    def order(self) -> ClaimOrder:
        return ClaimOrder(self.claim_type, self.works, self.model_id, self.text)


class TextRequest(Body):
    """What a response says."""

    text: Text


class ResolutionRequest(Body):
    """How the auditor decides, and why."""

    outcome: ClaimVerdict
    text: Text


class SignedRequest(Body):
    """The statement that `prepare` answered with, signed; with the words behind its commitment and their key."""

    envelope: EnvelopeDocument
    text: Text | None = None
    text_key: HexDigest | None = None

    def sent(self) -> SentStatement:
        """Raises VerificationError (`envelope-shape`)."""
        return SentStatement(envelope=self.envelope.to_bytes(), text=self.text, text_key=self.text_key)


class ClaimFilter(Page):
    claimant_id: IdText | None = None
    about: Annotated[
        IdText | None, Field(description="An account whose works or pictures the claim is about, or that answered it.")
    ] = None
    work_id: Annotated[IdText | None, Field(description="A work that the claim names.")] = None
    sha256: HexDigest | None = None
    standing: Standing | None = None

    @property
    def wanted(self) -> ClaimsWanted:
        return ClaimsWanted(self.claimant_id, self.about, self.work_id, self.sha256, self.standing)


class SignedWorkRequest(Body):
    """The prepared statement with the artist's signature, and the key of its commitment, as `prepare` gave it."""

    envelope: EnvelopeDocument
    metadata_key: HexDigest


class WorkRequest(Body):
    """What an artist says of a work. `licence`: an SPDX expression; else `terms`, in the artist's own words.

    `signed` is for artists with a key on the log: the same picture and details as were prepared, signed.
    """

    model_config = ConfigDict(
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


class ConsentRequest(Body):
    """New terms: `allowed_uses`, and the licence where it changes; or the statement that was prepared, signed."""

    model_config = ConfigDict(json_schema_extra={"example": {"allowed_uses": ["match"]}})

    allowed_uses: Uses | None = None
    licence: Expression | None = None
    envelope: EnvelopeDocument | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.allowed_uses is None) == (self.envelope is None) or (self.licence and self.envelope):
            raise ValueError("expected allowed_uses, with or without licence, or an envelope")
        return self


class WithdrawalRequest(Body):
    """Why: `artist` for the artist's own will, the others for administrators; or the prepared statement, signed."""

    model_config = ConfigDict(json_schema_extra={"example": {"reason": "artist"}})

    reason: Literal["artist", "operator", "legal"] = "artist"
    envelope: EnvelopeDocument | None = None


class OptOutFilter(Closed):
    after: Annotated[str, Field(pattern="^(sha256:[0-9a-f]{64}|look:[0-9a-f]{128})$")] | None = None
    limit: Annotated[int, Field(ge=1, le=1000)] = 200


class UseFilterQuery(Page):
    kind: Literal["verification", "generation"] | None = None
    relation: Relation | None = None
    work_id: IdText | None = None
    generator_id: IdText | None = None
    max_p: Annotated[float, Field(ge=0, le=1)] | None = None
    since: TimeText | None = None
    until: TimeText | None = None
    format: Literal["json", "csv", "jsonl"] | None = None


class PeriodQuery(Closed):
    """since <= time < until"""

    since: TimeText
    until: TimeText
