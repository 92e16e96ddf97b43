"""The offline audit of a reveal: does the record in a bundle commit to this text or object?"""

from __future__ import annotations

from collections.abc import Iterable

from ledger.audit.checks import Audit, Check, Outcome, attempt, not_checked
from ledger.audit.verifier import (
    CHECKPOINT,
    INCLUSION,
    SIGNATURES,
    STATEMENT,
    Trust,
    bundle_checks,
    read_bundle,
)
from ledger.log.witness_policy import WitnessPolicy
from ledger.record.reveal import Reveal, require_revealed
from ledger.record.statement import parse_payload

COMMITMENT = "commitment"
_ON_THE_LOG = (CHECKPOINT, INCLUSION)


def audit_reveal(
    bundle: bytes,
    reveal: Reveal,
    log_vkey: str | None = None,
    record_keys: Iterable[bytes] = (),
    policy: WitnessPolicy | None = None,
) -> Audit:
    """The bundle's checks, then whether the record commits to this key and object.

    Without the log's key it is not checked whether the record is on a log, but the commitment is. Raises InputError for
    invalid keys.
    """
    trust = Trust.of(log_vkey, record_keys, policy)
    opened, encoding = read_bundle(bundle)
    if opened is None:
        return Audit("reveal", (encoding,))
    checks = [encoding, *bundle_checks(opened, trust)]
    if log_vkey is None and (policy is None or not policy.logs):
        reason = "the log's key was not given"
        checks = [not_checked(each.name, reason, essential=False) if _open(each) else each for each in checks]
    good = {each.name for each in checks if each.outcome is Outcome.PASSED}
    if not {SIGNATURES, STATEMENT} <= good:
        return Audit(
            f"log entry {opened.proof.index}", (*checks, not_checked(COMMITMENT, "the record was not verified"))
        )
    predicate = parse_payload(opened.envelope.payload).predicate

    def revealed() -> str:
        require_revealed(predicate, reveal)
        return f"the record's {reveal.field} is this object, under the key given"

    return Audit(f"{reveal.field} of record {predicate.record_id}", (*checks, attempt(COMMITMENT, revealed)))


def _open(check: Check) -> bool:
    return check.name in _ON_THE_LOG and check.outcome is Outcome.NOT_CHECKED
