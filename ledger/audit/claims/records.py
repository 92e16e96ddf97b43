"""The records in a claim's bundle, audited and sorted by their role in the claim."""

from __future__ import annotations

from dataclasses import dataclass

from ledger.audit.bundle import Bundle
from ledger.audit.checks import Check, Outcome, not_checked
from ledger.audit.claims.bundle import ClaimBundle
from ledger.audit.verifier import Trust, bundle_checks, read_bundle
from ledger.claim.case import Exhibit
from ledger.errors import LedgerError
from ledger.record.parts import Ref
from ledger.record.statement import Statement, parse_payload

RECORDS = "records"


@dataclass(frozen=True, slots=True)
class BundledRecord:
    bundle: Bundle
    statement: Statement

    @property
    def exhibit(self) -> Exhibit:
        ref = Ref(leaf_hash=self.bundle.leaf_hash.hex(), record_id=self.statement.record_id)
        return Exhibit(self.statement, ref, self.bundle.proof.index)


@dataclass(frozen=True, slots=True)
class OpenedClaim:
    """All records of a claim's bundle, each verified."""

    claim: BundledRecord
    verdicts: tuple[BundledRecord, ...]
    steps: tuple[BundledRecord, ...]
    """Responses and resolutions."""
    evidence: tuple[BundledRecord, ...]

    @property
    def all(self) -> tuple[BundledRecord, ...]:
        return (self.claim, *self.verdicts, *self.steps, *self.evidence)


def open_records(bundle: ClaimBundle, trust: Trust) -> tuple[OpenedClaim | None, Check]:
    """2. All records, and one check for all of them; it names the first that fails."""
    records: dict[str, list[BundledRecord]] = {}
    unchecked = ""
    groups = {
        "claim": (bundle.claim,), "verdict": bundle.verdicts, "response": bundle.responses,
        "resolution": bundle.resolutions, "evidence": bundle.evidence,
    }  # fmt: skip
    for group, bundles in groups.items():
        for number, data in enumerate(bundles, 1):
            record, outcome = _record(data, trust)
            name = f"{group} {number}"
            if record is None or outcome.outcome is Outcome.FAILED:
                return None, Check(
                    RECORDS, Outcome.FAILED, f"{name}: {outcome.name}: {outcome.detail}", code=outcome.code
                )
            if group not in ("evidence", record.statement.kind):
                detail = f"{name} is a {record.statement.kind} record"
                return None, Check(RECORDS, Outcome.FAILED, detail, code="bundle-shape")
            if outcome.outcome is Outcome.NOT_CHECKED:
                unchecked = f"{name}: {outcome.name}: {outcome.detail}"
            records.setdefault(group, []).append(record)
    opened = OpenedClaim(
        records["claim"][0],
        tuple(records.get("verdict", ())),
        (*records.get("response", ()), *records.get("resolution", ())),
        tuple(records.get("evidence", ())),
    )
    indexes = [each.bundle.proof.index for each in opened.verdicts]
    if indexes != sorted(indexes):
        return None, Check(RECORDS, Outcome.FAILED, "the verdicts are not in the order of the log", code="bundle-shape")
    if unchecked:
        return opened, not_checked(RECORDS, unchecked)
    return opened, Check(RECORDS, Outcome.PASSED, f"{len(opened.all)} records stand on the log, signed, well-formed")


def _record(data: bytes, trust: Trust) -> tuple[BundledRecord | None, Check]:
    """A record and its most important check: a failed one, else an essential one that was not done."""
    opened, encoding = read_bundle(data)
    if opened is None:
        return None, encoding
    checks = (encoding, *bundle_checks(opened, trust))
    failed = [each for each in checks if each.outcome is Outcome.FAILED]
    if failed:
        return None, failed[0]
    try:
        record = BundledRecord(opened, parse_payload(opened.envelope.payload))
    except LedgerError as error:
        return None, Check("statement", Outcome.FAILED, error.message, code=error.code)
    open_ones = [each for each in checks if each.essential and each.outcome is Outcome.NOT_CHECKED]
    return record, (open_ones or [encoding])[0]
