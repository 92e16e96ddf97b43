"""in-toto Statements v1 (in-toto/attestation spec/v1/statement.md) as RFC 8785 bytes: the signed payload."""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass

from pydantic import TypeAdapter, ValidationError

from ledger import canonical
from ledger.errors import VerificationError
from ledger.record.predicates import PREDICATES, Kind, Predicate, implied_subject, refs_of

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"

MAX_REFS = 256
"""Largest number of records that one statement may refer to, including evidence."""

_SUBJECT_NAME = "[A-Za-z0-9][A-Za-z0-9 ._:/+-]{0,199}"
_NAME = re.compile(_SUBJECT_NAME)
_SHA256 = re.compile("[0-9a-f]{64}")
_PAYLOAD = re.compile(
    rb'\{"_type":"%s","predicate":(\{.*\}),"predicateType":"urn:artledger:([a-z-]{1,40}):v1",'
    rb'"subject":\[\{"digest":\{"sha256":"([0-9a-f]{64})"\},"name":"(%s)"\}\]\}'
    % (re.escape(STATEMENT_TYPE.encode()), _SUBJECT_NAME.encode()),
    re.DOTALL,
)
_KIND_AT_END = re.compile(
    rb',"predicateType":"urn:artledger:([a-z-]{1,40}):v1",'
    rb'"subject":\[\{"digest":\{"sha256":"[0-9a-f]{64}"\},"name":"%s"\}\]\}\Z' % _SUBJECT_NAME.encode()
)
_ADAPTERS: dict[str, TypeAdapter[Predicate]] = {model.kind: TypeAdapter(model) for model in PREDICATES}


@dataclass(frozen=True, slots=True)
class Statement:
    subject_name: str
    """Type of the subject (`image`, `work`, `key`). It is public, so it is never a person's file name."""
    subject_sha256: str
    predicate: Predicate

    @property
    def kind(self) -> Kind:
        return self.predicate.kind

    @property
    def record_id(self) -> str:
        return self.predicate.record_id


def statement_payload(subject_name: str, subject_sha256: str, predicate: Predicate) -> bytes:
    """RFC 8785 bytes of the statement.

    Models serialise their fields sorted (values.Model), so the JSON needs no second pass; a property test compares it
    with `canonical.dumps`. Raises ValueError if subject or references violate FORMAT.md.
    """
    if not _NAME.fullmatch(subject_name) or not _SHA256.fullmatch(subject_sha256):
        raise ValueError(f"not a subject: {subject_name!r} with SHA-256 {subject_sha256!r}")
    if implied_subject(predicate) not in (None, subject_sha256):
        raise ValueError(f"the {predicate.kind} predicate is about another subject than {subject_sha256}")
    if len(refs_of(predicate)) > MAX_REFS:
        raise ValueError(f"the {predicate.kind} predicate refers to more than {MAX_REFS} records")
    return _assemble(subject_name.encode(), subject_sha256.encode(), predicate)


def parse_payload(payload: bytes) -> Statement:
    """The statement in `payload`, which must be exactly its canonical encoding.

    Raises VerificationError: `not-canonical`, `statement-shape` (members, subject), `unknown-kind`, `statement-schema`.
    """
    match = _PAYLOAD.fullmatch(payload)
    if match is None:
        canonical.loads(payload)
        raise VerificationError(
            "not a statement of a ledger: expected exactly _type, predicate, predicateType urn:artledger:<kind>:v1 and "
            "one subject with digest.sha256 and name",
            code="statement-shape",
        )
    raw, kind, sha256, name = match.groups()
    predicate = _parse_predicate(raw, kind.decode())
    if _assemble(name, sha256, predicate) != payload:
        raise VerificationError("the predicate is not in canonical JSON (RFC 8785)", code="not-canonical")
    if len(refs_of(predicate)) > MAX_REFS:
        raise VerificationError(
            f"the {kind.decode()} record refers to more than {MAX_REFS} records", code="statement-schema"
        )
    subject = sha256.decode()
    if implied_subject(predicate) not in (None, subject):
        raise VerificationError("the predicate and the statement are about different subjects", code="statement-shape")
    return Statement(name.decode(), subject, predicate)


def payload_in(data: bytes) -> bytes:
    """The payload that a service prepared, or the bytes themselves. Raises VerificationError (`statement-shape`)."""
    try:
        document = json.loads(data)
        if isinstance(document, dict) and isinstance(document.get("payload"), str):
            return base64.b64decode(document["payload"], validate=True)
    except (ValueError, RecursionError, binascii.Error) as error:
        raise VerificationError("the file holds no statement to sign", code="statement-shape") from error
    return data


def kind_at_end(payload: bytes) -> str:
    """The kind that a payload, or its end, states; empty if there is none. Nothing is checked."""
    match = _KIND_AT_END.search(payload)
    return "" if match is None else match[1].decode()


def _parse_predicate(raw: bytes, kind: str) -> Predicate:
    adapter = _ADAPTERS.get(kind)
    if adapter is None:
        raise VerificationError(
            f"unknown kind of record {kind!r}", code="unknown-kind", hint="A newer version of artledger may support it."
        )
    try:
        return adapter.validate_json(raw)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])[:100] or "predicate"
        raise VerificationError(
            f"the {kind} record is invalid at {place}: {first['msg']}"[:300], code="statement-schema"
        ) from error


def _assemble(name: bytes, sha256: bytes, predicate: Predicate) -> bytes:
    return (
        b'{"_type":"%s","predicate":%s,"predicateType":"urn:artledger:%s:v1",'
        b'"subject":[{"digest":{"sha256":"%s"},"name":"%s"}]}'
        % (
            STATEMENT_TYPE.encode(),
            _ADAPTERS[predicate.kind].dump_json(predicate),
            predicate.kind.encode(),
            sha256,
            name,
        )
    )
