"""The JSON of `/v1/claims`, closed as in schemas.py."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Field

from api.schemas import Closed, HexDigest, IdText
from ledger.audit.statement_rules import MAX_WORKS
from ledger.canonical import MAX_INTEGER
from ledger.flows.claims.statements import ClaimOrder
from ledger.flows.claims.submission import SentStatement
from ledger.flows.records.cosigned import EnvelopeDocument
from ledger.flows.records.records import MAX_PAGE
from ledger.record.predicates import ClaimType, ClaimVerdict
from ledger.storage.tables.people import MAX_CLAIM_TEXT

_WORK = "01890a5d-ac96-774b-bcce-b302099a8058"
Text = Annotated[str, Field(min_length=1, max_length=2 * MAX_CLAIM_TEXT)]


class ClaimRequest(Closed):
    """What is to be claimed of the picture. `model_id`: where the claim is about a model."""

    model_config = ConfigDict(
        strict=True, json_schema_extra={"example": {"claim_type": "copies-work", "works": [_WORK], "text": "My star."}}
    )

    claim_type: ClaimType
    works: Annotated[tuple[IdText, ...], Field(max_length=MAX_WORKS)] = ()
    model_id: IdText | None = None
    text: Text | None = None

    def order(self) -> ClaimOrder:
        return ClaimOrder(self.claim_type, self.works, self.model_id, self.text)


class TextRequest(Closed):
    """What a response says."""

    model_config = ConfigDict(strict=True)

    text: Text


class ResolutionRequest(Closed):
    """How the auditor decides, and why."""

    model_config = ConfigDict(strict=True)

    outcome: ClaimVerdict
    text: Text


class SignedRequest(Closed):
    """The statement that `prepare` answered with, signed; with the words behind its commitment and their key."""

    model_config = ConfigDict(strict=True)

    envelope: EnvelopeDocument
    text: Text | None = None
    text_key: HexDigest | None = None

    def sent(self) -> SentStatement:
        """Raises VerificationError (`envelope-shape`)."""
        return SentStatement(envelope=self.envelope.to_bytes(), text=self.text, text_key=self.text_key)


class StatementDraftBody(Closed):
    """A statement to be signed within a day: Ed25519 over DSSE's pre-authentication encoding of `payload` (base64)."""

    record_id: str
    payload: str
    payload_type: str
    text: str | None
    text_key: str | None
    """Opens the record's commitment to `text`; nobody else keeps it for you."""


class ClaimFilter(Closed):
    """Filters that must all hold, and the place in the log to go on from."""

    claimant_id: IdText | None = None
    sha256: HexDigest | None = None
    after: Annotated[int, Field(ge=-1, le=MAX_INTEGER)] = -1
    limit: Annotated[int, Field(ge=1, le=MAX_PAGE)] = 50


class ReasonBody(Closed):
    """A finding, what it means, and the record that it rests on. `measured`: by comparing pictures."""

    finding: str
    text: str
    record_id: str
    leaf_hash: str
    measured: bool


class ClaimVerdictBody(Closed):
    """What the published rules say. `replaces`: the verdict before, of which this one has newer evidence."""

    record_id: str
    leaf_index: int
    appended_at: str
    verdict: ClaimVerdict
    because: str
    contested: bool
    reasons: list[ReasonBody]
    rules: str
    replaces: str | None
    measured: list[dict[str, Any]]


class StepBody(Closed):
    """A response, or an auditor's resolution with its outcome. `text` is null where it was erased."""

    kind: str
    record_id: str
    leaf_index: int
    appended_at: str
    party_id: str
    party: str
    outcome: str | None
    text: str | None
    signed: bool


class ClaimedWorkBody(Closed):
    work_id: str
    title: str
    artist_id: str
    artist: str
    withdrawn: bool


class ClaimStateBody(Closed):
    """Where the claim stands: the newest resolution (`resolved`, by the auditor `party`), else the newest verdict by
    the rules (`judged`), else `pending`. `says` puts it in words."""

    state: str
    outcome: ClaimVerdict | None
    party_id: str | None
    party: str
    record_id: str | None
    appended_at: str | None
    says: str


class ClaimBody(Closed):
    """A claim with everything that was said of it, each in the order of the log. `state`: where it stands; `verdict`
    is the newest by the rules."""

    claim_id: str
    claim_type: ClaimType
    claimant_id: str
    claimant: str
    image_sha256: str
    works: list[ClaimedWorkBody]
    model_id: str | None
    text: str | None
    leaf_index: int
    appended_at: str
    repeated: bool
    signed: bool
    state: ClaimStateBody
    verdict: ClaimVerdictBody | None
    verdicts: list[ClaimVerdictBody]
    responses: list[StepBody]
    resolutions: list[StepBody]
    limits: list[str]
    links: dict[str, str]


class ClaimPageBody(Closed):
    """Claims by leaf index. `next_after` goes on (`after=`), null at the end."""

    claims: list[ClaimBody]
    next_after: int | None
