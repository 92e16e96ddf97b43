"""Statements that other people make and sign: checked, signed by the service too, appended (FORMAT.md, Envelope).

The service can neither make such a statement nor change a byte of it, because the holder's key signs its payload.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Callable, Container
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ledger.audit.keyring import Holder
from ledger.errors import AccessError, ConflictError, InputError, VerificationError
from ledger.flows.people.principal import Principal
from ledger.flows.records.admission import Admission
from ledger.flows.records.log_keys import LogKeys
from ledger.log.append import Sequencer, Submission
from ledger.log.entry import Alongside, Appended
from ledger.record import dsse
from ledger.record.party import Party, party_of
from ledger.record.predicates import Role
from ledger.record.statement import Statement, parse_payload
from ledger.record.times import parse_time

MAX_WAIT = 30.0
"""Seconds to wait for the log."""
OLDEST = timedelta(days=1)
"""A statement that was signed longer ago is refused: circumstances may have changed since."""
AHEAD = timedelta(minutes=5)
"""How fast the holder's clock may be."""


@dataclass(frozen=True, slots=True)
class SignedStatement:
    """A statement with a valid signature of its maker. As far as keys are concerned, it may be appended."""

    statement: Statement
    payload: bytes
    signature: dsse.Signature
    holder: Holder

    def submission(self, dedup_key: bytes | None = None) -> Submission:
        """For `Sequencer.append_now`, with many at once."""
        return Submission(self.statement.record_id, self.payload, dedup_key, (self.signature,))


class Cosigning:
    """Threads may share it."""

    def __init__(self, keys: LogKeys, admission: Admission, sequencer: Callable[[], Sequencer]) -> None:
        self._keys = keys
        self._admission = admission
        self._sequencer = sequencer

    def accept(
        self, envelope: bytes, principal: Principal, *, kinds: Container[str], holder_id: str | None = None
    ) -> SignedStatement:
        """Checks a statement in a DSSE envelope with one signature, that of its maker. Nothing is appended.

        `kinds`: what the caller accepts. `holder_id`: the holder that it must be by; needed for terms of a work and for
        withdrawals, which do not name the artist. Raises VerificationError (`envelope-shape`, `not-canonical`,
        `statement-schema`, ..., `unknown-key`, `signer-revoked`, `bad-signature`), AccessError (`wrong-holder`),
        InputError (`unexpected-kind`, `stale-statement`).
        """
        parsed = dsse.parse(envelope)
        if len(parsed.signatures) != 1:
            raise VerificationError(
                f"expected one signature, the maker's; got {len(parsed.signatures)}", code="envelope-shape"
            )
        [signature] = parsed.signatures
        holder = self._keys.signer(signature.keyid)
        dsse.verify(parsed, {signature.keyid: holder.public_raw})
        statement = parse_payload(parsed.payload)
        party = party_of(statement.predicate)
        if statement.kind not in kinds or party is None:
            raise InputError(f"a {statement.kind} statement is not accepted here", code="unexpected-kind")
        _require_holder(holder, party, holder_id, principal)
        require_fresh(statement.predicate.generated_at)
        return SignedStatement(statement, parsed.payload, signature, holder)

    def require_key_of(self, keyid: str, role: Role, holder_id: str) -> None:
        """Checks that a key may sign the holder's statements now; used before many are signed at once.

        Raises VerificationError (`unknown-key`, `signer-revoked`), AccessError (`wrong-holder`).
        """
        holder = self._keys.signer(keyid)
        if (holder.role, holder.holder_id) != (role, holder_id):
            raise AccessError(
                f"the key belongs to {holder.role} {holder.holder_id}, not to {role} {holder_id}", code="wrong-holder"
            )

    def append(
        self, signed: SignedStatement, *, dedup_key: bytes | None = None, alongside: Alongside | None = None
    ) -> Appended:
        """Signs for the service and appends. Appending the same statement again gives its record, `repeated`.

        Raises ConflictError (`record-id-taken`), VerificationError (`signer-revoked`, and what `Admission.require`
        raises), PushbackError.
        """
        self._keys.signer(signed.signature.keyid)  # it was good when it was accepted
        self._admission.require(signed.statement, signed.payload, (signed.signature.keyid,))
        ticket = self._sequencer().submit(
            signed.statement.record_id, signed.payload, dedup_key, alongside, (signed.signature,)
        )
        try:
            appended = ticket.result(MAX_WAIT)
        except ConflictError as error:
            if error.code == "key-revoked":
                self._keys.signer(signed.signature.keyid)  # raises when it was revoked just now; else it was ours
            raise
        require_same(signed.statement.record_id, signed.payload, appended)
        return appended

    def submit(
        self,
        envelope: bytes,
        principal: Principal,
        *,
        kinds: Container[str],
        holder_id: str | None = None,
        dedup_key: bytes | None = None,
        alongside: Alongside | None = None,
    ) -> Appended:
        """`accept` and `append` in one, for callers that need not look at the statement."""
        signed = self.accept(envelope, principal, kinds=kinds, holder_id=holder_id)
        return self.append(signed, dedup_key=dedup_key, alongside=alongside)


def require_same(record_id: str, payload: bytes, appended: Appended) -> None:
    """Checks that the entry found under the statement's id is that statement. Raises ConflictError
    (`record-id-taken`)."""
    entry = appended.entry
    if appended.repeated and entry.record_id == record_id and entry.payload != payload:
        raise ConflictError(
            f"record id {record_id} is on the log with another statement",
            code="record-id-taken",
            hint="Give every statement a new id.",
        )


def require_fresh(generated_at: str) -> None:
    """Raises InputError (`stale-statement`) for a statement that is older than a day or dated in the future."""
    age = datetime.now(UTC) - parse_time(generated_at)
    if not -AHEAD <= age <= OLDEST:
        raise InputError(
            f"the statement was made at {generated_at}; it must be less than a day old and not from the future",
            code="stale-statement",
            hint="Check the clock, then sign the statement again.",
        )


def _require_holder(holder: Holder, party: Party, holder_id: str | None, principal: Principal) -> None:
    """Checks that the statement is by the key's holder, and that the holder sends it."""
    expected = holder_id if party.holder_id is None else party.holder_id
    if expected is None:
        raise ValueError("who makes such a statement, the caller must say")
    if (
        holder_id not in (None, expected)
        or not party.admits(holder.role, holder.holder_id)
        or holder.holder_id != expected
    ):
        raise AccessError(
            f"the key belongs to {holder.role} {holder.holder_id}; this statement is {expected}'s", code="wrong-holder"
        )
    if not principal.is_local and principal.account_id != holder.holder_id:
        raise AccessError(
            f"the statement is signed by {holder.role} {holder.holder_id}, and you are another account",
            code="wrong-holder",
        )


class EnvelopeDocument(BaseModel):
    """A DSSE envelope as a JSON object. `payload` and `sig` are base64; see FORMAT.md, Envelope and leaf."""

    class SignatureDocument(BaseModel):
        model_config = ConfigDict(extra="forbid", strict=True)

        keyid: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
        sig: Annotated[str, Field(max_length=88)]

    model_config = ConfigDict(extra="forbid", strict=True)

    payload: Annotated[str, Field(max_length=dsse.MAX_LEAF_BYTES)]
    payloadType: Annotated[str, Field(pattern="^application/vnd[.]in-toto[+]json$")]  # noqa: N815 - DSSE's name
    signatures: Annotated[list[SignatureDocument], Field(min_length=1, max_length=dsse.MAX_SIGNATURES)]

    def to_bytes(self) -> bytes:
        """The only encoding that is signed and stored. Raises VerificationError (`envelope-shape`)."""
        try:
            signatures = tuple(
                dsse.Signature(each.keyid, b64decode(each.sig, validate=True)) for each in self.signatures
            )
            payload = b64decode(self.payload, validate=True)
        except (binascii.Error, ValueError) as error:
            raise VerificationError("payload or signature is not base64", code="envelope-shape") from error
        return dsse.encode(dsse.Envelope(payload, signatures))


def envelope_bytes(document: object) -> bytes:
    """The canonical encoding of a DSSE envelope that was received as a JSON object.

    Raises VerificationError (`envelope-shape`).
    """
    try:
        return EnvelopeDocument.model_validate(document).to_bytes()
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))[:100] or "envelope"
        raise VerificationError(
            f"not a DSSE envelope, at {place}: {first['msg']}"[:300], code="envelope-shape"
        ) from error
