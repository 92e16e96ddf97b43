"""The predicate of every kind of record (FORMAT.md, Kinds): strict, closed, frozen.

Every field is always present (null if there is no value), so that equal content has one encoding. `generated_at`:
when the statement was made, which is not the time of appending. `refs`: the records that a statement rests on.
"""

from __future__ import annotations

import hashlib
from typing import assert_never

from ledger.record.claim_values import ClaimType, ClaimVerdict
from ledger.record.parts import Ref
from ledger.record.predicates.claims import (
    Claim,
    ClaimVerdictRecord,
    Period,
    Resolution,
    Response,
    Usage,
)
from ledger.record.predicates.kind import Kind
from ledger.record.predicates.pictures import Asset, Finding, Generation, Guard, Verification, verified_copies
from ledger.record.predicates.registry import (
    CalibrationRecord,
    Consent,
    DomainMethod,
    DomainRecord,
    KeyEvent,
    KeyRecord,
    ModelRecord,
    Registration,
    Role,
    Withdrawal,
)

__all__ = [
    "PREDICATES",
    "Asset",
    "CalibrationRecord",
    "Claim",
    "ClaimType",
    "ClaimVerdict",
    "ClaimVerdictRecord",
    "Consent",
    "DomainMethod",
    "DomainRecord",
    "Finding",
    "Generation",
    "Guard",
    "KeyEvent",
    "KeyRecord",
    "Kind",
    "ModelRecord",
    "Period",
    "Predicate",
    "Registration",
    "Resolution",
    "Response",
    "Role",
    "Usage",
    "Verification",
    "Withdrawal",
    "implied_subject",
    "refs_of",
    "verified_copies",
]

Predicate = (
    KeyRecord | Registration | Consent | Withdrawal | ModelRecord | CalibrationRecord | Verification | Generation
    | Asset | Claim | ClaimVerdictRecord | Response | Resolution | Usage | Finding | DomainRecord
)  # fmt: skip

PREDICATES: tuple[type[Predicate], ...] = (
    KeyRecord, Registration, Consent, Withdrawal, ModelRecord, CalibrationRecord, Verification, Generation,
    Asset, Claim, ClaimVerdictRecord, Response, Resolution, Usage, Finding, DomainRecord,
)  # fmt: skip


def refs_of(predicate: Predicate) -> tuple[Ref, ...]:
    """The earlier records that a statement refers to, including evidence."""
    match predicate:
        case ClaimVerdictRecord():
            return predicate.refs + tuple(item.ref for item in predicate.evidence)
        case (
            KeyRecord() | Consent() | Withdrawal() | Verification() | Generation() | Asset() | Claim()
            | Response() | Resolution() | Finding()
        ):  # fmt: skip
            return predicate.refs
        case Registration() | ModelRecord() | CalibrationRecord() | Usage() | DomainRecord():
            return ()
        case _:
            assert_never(predicate)


def implied_subject(predicate: Predicate) -> str | None:
    """The subject's SHA-256 in lowercase hex if the predicate repeats it, else None."""
    match predicate:
        case KeyRecord():
            return hashlib.sha256(bytes.fromhex(predicate.public_key)).hexdigest()
        case Verification():
            return predicate.image.sha256
        case DomainRecord():
            return predicate.domain
        case Generation():
            return predicate.image.pixel_sha256
        case (
            Registration() | Consent() | Withdrawal() | ModelRecord() | CalibrationRecord() | Asset() | Claim()
            | ClaimVerdictRecord() | Response() | Resolution() | Usage() | Finding()
        ):  # fmt: skip
            return None
        case _:
            assert_never(predicate)
