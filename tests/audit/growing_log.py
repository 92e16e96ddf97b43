"""A log that grows by statements as its rules want them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from ledger.audit.entries import EntryChecker
from ledger.errors import VerificationError
from ledger.log.merkle import leaf_hash
from ledger.record import dsse
from ledger.record.keys import Signer
from ledger.record.parts import EvidenceRef, Ref
from ledger.record.predicates import (
    Claim,
    ClaimVerdictRecord,
    Consent,
    KeyRecord,
    Predicate,
    Registration,
    Resolution,
    Response,
    Role,
    Withdrawal,
)
from ledger.record.statement import statement_payload
from tests.record.kinds import ALL
from tests.record.samples import ORIGIN, SIGNER, TIME, key_record, registration, sha, uid

ADA, BEN, CARLA = uid(901), uid(902), uid(903)
SAMPLES = {each.kind: each for each in ALL}
WEIGHTS = sha("weights")
FILE = sha("a work's file")


@dataclass
class Log:
    """A log that an auditor follows leaf by leaf."""

    checker: EntryChecker = field(default_factory=lambda: EntryChecker(ORIGIN))
    size: int = 0
    _ids: int = 5000

    def add(self, predicate: Predicate, subject: str, *signers: Signer) -> Ref:
        """Raises VerificationError, and stays as it was, for what the auditor refuses."""
        entry = dsse.sign(statement_payload(predicate.kind, subject, predicate), (SIGNER, *signers))
        self.checker.check(self.size, leaf_hash(entry), entry)
        self.size += 1
        return Ref(leaf_hash=leaf_hash(entry).hex(), record_id=predicate.record_id)

    def new_id(self) -> str:
        self._ids += 1
        return uid(self._ids)

    def key(self, signer: Signer, role: Role, holder_id: str) -> Ref:
        changes = {"role": role, "holder_id": holder_id, "record_id": self.new_id()}
        record = KeyRecord.model_validate(key_record(signer).model_dump() | changes)
        return self.add(record, signer.keyid, signer)

    def work(self, artist_id: str, *signers: Signer) -> tuple[Registration, Ref]:
        predicate = registration().model_copy(
            update={"artist_id": artist_id, "record_id": self.new_id(), "work_id": self.new_id()}
        )
        return predicate, self.add(predicate, FILE, *signers)

    def claim(self, claimant: str, *signers: Signer) -> tuple[str, Ref]:
        """The digest of its payload, and where it stands."""
        predicate = claim(self.new_id(), claimant)
        sha256 = hashlib.sha256(statement_payload("claim", FILE, predicate)).hexdigest()
        return sha256, self.add(predicate, FILE, *signers)

    def refusal(self, predicate: Predicate, subject: str, *signers: Signer) -> str:
        before = self.size
        with pytest.raises(VerificationError) as caught:
            self.add(predicate, subject, *signers)
        assert self.size == before
        return caught.value.code


def claim(record_id: str, claimant: str, refs: Sequence[Ref] = (), works: Sequence[str] = ()) -> Claim:
    return Claim(
        claim_type="copies-work", claimant_id=claimant, generated_at=TIME, origin=ORIGIN, model=None,
        record_id=record_id,
        refs=tuple(refs), text=None, works=tuple(works),
    )  # fmt: skip


def terms(log: Log, work: Registration, *refs: Ref) -> Consent:
    return Consent(
        allowed_uses=(),
        generated_at=TIME,
        origin=ORIGIN,
        licence="MIT",
        record_id=log.new_id(),
        refs=refs,
        work_id=work.work_id,
    )


def withdrawal(log: Log, work: Registration, ref: Ref, reason: str = "artist") -> Withdrawal:
    return Withdrawal.model_validate(
        {
            "generated_at": TIME,
            "origin": ORIGIN,
            "reason": reason,
            "record_id": log.new_id(),
            "refs": (ref,),
            "work_id": work.work_id,
        }
    )


def response(log: Log, party: str, *refs: Ref) -> Response:
    return Response(
        generated_at=TIME, origin=ORIGIN, party_id=party, record_id=log.new_id(), refs=refs, text=sha("words")
    )


def resolution(log: Log, *refs: Ref) -> Resolution:
    return Resolution(
        auditor_id=CARLA,
        generated_at=TIME,
        origin=ORIGIN,
        outcome="supported",
        record_id=log.new_id(),
        refs=refs,
        text=sha("words"),
    )


def verdict(log: Log, *refs: Ref, evidence: Sequence[Ref] = ()) -> ClaimVerdictRecord:
    return ClaimVerdictRecord(
        evidence=tuple(EvidenceRef(finding="own-work", ref=ref) for ref in evidence), generated_at=TIME, origin=ORIGIN,
        record_id=log.new_id(), refs=refs, rules=sha("rules"), verdict="supported",
    )  # fmt: skip
