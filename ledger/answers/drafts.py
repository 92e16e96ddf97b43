"""Statements that their maker is to sign: Ed25519 over DSSE's pre-authentication encoding of `payload`."""

from __future__ import annotations

from typing import Literal

from ledger.answers.answer import Answer, Base64, Hex, JsonObject
from ledger.answers.file_terms import FileTermAnswer
from ledger.claim.words import ClaimReason
from ledger.record.claim_values import ClaimVerdict

PayloadType = Literal["application/vnd.in-toto+json"]


class PayloadToSign(Answer):
    """`payload`, in base64, is to be signed within a day (`artledger keys sign`)."""

    payload: Base64
    """RFC 8785 bytes of the statement."""
    payload_type: PayloadType = "application/vnd.in-toto+json"


class PreparedWork(PayloadToSign):
    """A registration for the artist to sign."""

    work_id: str
    record_id: str
    metadata: JsonObject
    """What the statement commits to beside itself: names, credit, link."""
    metadata_key: Hex
    """Opens that commitment; comes back with the signature."""
    file_terms: tuple[FileTermAnswer, ...] = ()
    """What the picture's own file takes away from the uses that were asked for."""


class Forecast(Answer):
    """What the published rules would say of a claim, by the records that there are now."""

    verdict: ClaimVerdict
    because: str
    contested: bool
    reasons: tuple[ClaimReason, ...]
    """A reason may name a record that filing the claim would make."""
    limits: tuple[str, ...]
    """What no verdict on such a claim can say."""


class StatementDraft(Answer):
    """A claim, or what is said of one, to be signed within a day; and what opens its commitment."""

    record_id: str
    payload: Base64
    payload_type: PayloadType = "application/vnd.in-toto+json"
    text: str | None
    text_key: str | None
    """In hex; to be sent in with the signed statement, and kept: it opens the record's `text`, and nobody else has
    it."""


class ForecastDraft(StatementDraft):
    """A claim to be signed, with what the rules would say of it."""

    expected: Forecast
