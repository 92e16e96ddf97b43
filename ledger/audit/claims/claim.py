"""The offline audit of a claim: is all its evidence on the log, and does the verdict follow from it?

1. Encoding. The bytes are the one canonical encoding of a claim's bundle.
2. Records. Each record passes the audit of a bundle (ledger/audit/verifier.py), all under the log's key.
3. Parties. The second signature of claim, response and resolution is by a key that the log announces for that party.
4. Subjects. Verdicts, responses and resolutions are about this claim.
5. References. Every record that claim and verdicts name is in the bundle, with the leaf hash that they give.
6. Manifests. Membership proofs lead to the roots in the models' records.
7. Rules. The rules' document has the digest that each verdict names.
8. Verdicts. The published rules, applied to this evidence, give each verdict with exactly its findings.

A bundle cannot show three things, and the audit says so: the measurements made by comparing pictures, whether a party's
key was revoked meanwhile, and that no other entry of the log matters for the claim.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from functools import partial

from ledger.audit.checks import Audit, Check, Outcome, attempt, not_checked
from ledger.audit.claims.bundle import ClaimBundle, MembershipProof, parse_claim_bundle
from ledger.audit.claims.records import BundledRecord, OpenedClaim, open_records
from ledger.audit.holders import announced_by, maker_check
from ledger.audit.manifest import require_membership
from ledger.audit.verifier import ENCODING, Trust
from ledger.claim.case import Case, ClaimFinding, Listing
from ledger.claim.decide import decide
from ledger.claim.rules import ClaimRules, parse_rules, published_rules
from ledger.errors import LedgerError, VerificationError
from ledger.log.witness_policy import WitnessPolicy
from ledger.record.predicates import (
    Claim,
    ClaimVerdictRecord,
    KeyRecord,
    ModelRecord,
    Verification,
    refs_of,
)
from ledger.record.statement import Statement

PARTIES = "signatures of parties"
SUBJECTS = "subjects"
REFERENCES = "references"
MANIFESTS = "manifests"
RULES = "rules"
COMPLETENESS = "completeness"
MEASUREMENTS = "measurements"


def audit_claim(
    data: bytes, log_vkey: str | None, record_keys: Iterable[bytes] = (), policy: WitnessPolicy | None = None
) -> Audit:
    """Audits the bundle of a claim offline, as the module says. Raises InputError only for invalid keys."""
    trust = Trust.of(log_vkey, record_keys, policy)
    try:
        bundle = parse_claim_bundle(data)
    except LedgerError as error:
        return Audit("claim", (Check(ENCODING, Outcome.FAILED, error.message, code=error.code),))
    encoding = Check(ENCODING, Outcome.PASSED, f"a canonical bundle of {len(data):,} bytes")
    opened, records = open_records(bundle, trust)
    if opened is None:
        return Audit("claim", (encoding, records))
    checks = (encoding, records, *_claim_checks(bundle, opened))
    claim = opened.claim.statement.predicate
    last = opened.verdicts[-1].statement.predicate if opened.verdicts else None
    said = last.verdict if isinstance(last, ClaimVerdictRecord) else "without a verdict"
    return Audit(f"claim {claim.record_id} ({said})", checks)


def _claim_checks(bundle: ClaimBundle, opened: OpenedClaim) -> Iterator[Check]:
    yield _parties(opened)
    yield attempt(SUBJECTS, lambda: _require_subjects(opened))
    yield attempt(REFERENCES, lambda: _require_references(opened))
    listings: list[Listing] = []
    yield attempt(MANIFESTS, lambda: _require_proofs(bundle.proofs, opened, listings))
    rules, check = _rules(bundle, opened)
    yield check
    if rules is None:
        yield not_checked("verdict", "its rules were not verified")
        return
    for number, verdict in enumerate(opened.verdicts, 1):
        name = "verdict" if len(opened.verdicts) == 1 else f"verdict {number}"
        yield attempt(name, partial(_require_verdict, verdict, opened, tuple(listings), rules))
    if not opened.verdicts:
        yield not_checked("verdict", "the claim has no verdict yet")
    yield _measurements(opened, rules)
    yield not_checked(
        COMPLETENESS,
        "that nothing else on the log bears on the claim: only the whole log can show that",
        essential=False,
    )


def _parties(opened: OpenedClaim) -> Check:
    """3. Without a party's announced key and signature, only the service vouches for its statement."""
    announced = announced_by(
        (each.bundle.proof.index, each.statement.predicate)
        for each in opened.evidence
        if isinstance(each.statement.predicate, KeyRecord)
    )
    alone = []
    for record in (opened.claim, *opened.steps):
        found = maker_check(record.bundle, record.statement, announced)
        failed = [each for each in found if each.outcome is Outcome.FAILED]
        if failed:
            predicate = record.statement.predicate
            detail = f"the {predicate.kind} {predicate.record_id}: {failed[0].detail}"
            return Check(PARTIES, Outcome.FAILED, detail, code=failed[0].code)
        if any(each.outcome is not Outcome.PASSED for each in found):
            alone.append(record.statement.kind)
    if alone:
        detail = f"only the service states who made these: {', '.join(alone)}"
        return not_checked(PARTIES, detail, essential=False)
    return Check(
        PARTIES, Outcome.PASSED, "claim and answers are signed with keys that the log announces as their makers'"
    )


def _require_subjects(opened: OpenedClaim) -> str:
    sha256 = hashlib.sha256(opened.claim.bundle.envelope.payload).hexdigest()
    for record in (*opened.verdicts, *opened.steps):
        if record.statement.subject_sha256 != sha256:
            raise VerificationError(
                f"the {record.statement.kind} {record.statement.record_id} is about another claim", code="other-claim"
            )
    return f"{len(opened.verdicts) + len(opened.steps)} records are about this claim"


def _require_references(opened: OpenedClaim) -> str:
    held = {each.statement.record_id: each.exhibit for each in opened.all}
    count = 0
    for record in (opened.claim, *opened.verdicts, *opened.steps):
        for ref in refs_of(record.statement.predicate):
            exhibit = held.get(ref.record_id)
            if exhibit is None or exhibit.ref != ref or exhibit.leaf_index >= record.bundle.proof.index:
                raise VerificationError(
                    f"the {record.statement.kind} {record.statement.record_id} names record {ref.record_id}, which is "
                    "missing here or has another leaf hash",
                    code="bad-ref",
                )
            count += 1
    return f"{count} references lead to records in this bundle"


def _require_proofs(proofs: tuple[MembershipProof, ...], opened: OpenedClaim, listings: list[Listing]) -> str:
    models = {
        each.statement.record_id: each.statement.predicate
        for each in opened.evidence
        if isinstance(each.statement.predicate, ModelRecord)
    }
    for proof in proofs:
        model = models.get(proof.model_record_id)
        if model is None or model.manifest is None:
            raise VerificationError(
                f"a proof is of a manifest that model record {proof.model_record_id} does not disclose",
                code="manifest-proof",
            )
        members = [each.member() for each in proof.members]
        listed = require_membership(model.manifest.root, model.manifest.size, proof.sha256, members)
        listings.append(Listing(proof.model_record_id, proof.sha256, listed))
    return f"{len(proofs)} proofs lead to the roots in the models' records"


def _rules(bundle: ClaimBundle, opened: OpenedClaim) -> tuple[ClaimRules | None, Check]:
    """7. A bundle has one version of the rules. Verdicts by another version need the bundle of their time."""
    try:
        rules = parse_rules(bundle.rules)
        for verdict in opened.verdicts:
            record = verdict.statement.predicate
            if isinstance(record, ClaimVerdictRecord) and record.rules != rules.digest:
                raise VerificationError(
                    f"verdict {record.record_id} was made by rules {record.rules}, these are {rules.digest}",
                    code="other-rules",
                )
    except LedgerError as error:
        return None, Check(RULES, Outcome.FAILED, error.message, code=error.code)
    known = "shipped with this program" if published_rules(rules.digest) else "not shipped with this program"
    return rules, Check(RULES, Outcome.PASSED, f"version {rules.version}, digest {rules.digest}, {known}")


def _require_verdict(
    verdict: BundledRecord, opened: OpenedClaim, listings: tuple[Listing, ...], rules: ClaimRules
) -> str:
    """8. Raises VerificationError (`other-verdict`, `other-findings`)."""
    record, claim = verdict.statement.predicate, opened.claim.statement
    assert isinstance(record, ClaimVerdictRecord)  # noqa: S101 - sorted by their kinds
    assert isinstance(claim.predicate, Claim)  # noqa: S101
    told = tuple(ClaimFinding.of(each.finding, each.ref) for each in record.evidence)
    named = {ref.record_id for ref in refs_of(record)}
    exhibits = tuple(each.exhibit for each in opened.evidence if each.statement.record_id in named)
    pictures = [each for each in exhibits if _is_picture(each.statement, claim.subject_sha256)]
    case = Case(
        claim=claim.predicate,
        subject_sha256=claim.subject_sha256,
        picture=pictures[0] if pictures else None,
        exhibits=exhibits,
        listings=tuple(each for each in listings if each.model_record_id in named),
        measured=tuple(each for each in told if each.code in rules.measured),
    )
    decision = decide(case, rules)
    if decision.verdict != record.verdict:
        raise VerificationError(
            f"by the rules this evidence makes the claim {decision.verdict} ({decision.because}); the verdict says "
            f"{record.verdict}",
            code="other-verdict",
        )
    if decision.findings != told:
        differing = sorted({each.code for each in set(decision.findings) ^ set(told)})
        raise VerificationError(
            f"the evidence gives other findings than the verdict names: {', '.join(differing) or 'in another order'}",
            code="other-findings",
        )
    return f"{record.verdict} follows from {len(told)} findings: {decision.because}"


def _is_picture(statement: Statement, sha256: str) -> bool:
    return isinstance(statement.predicate, Verification) and statement.subject_sha256 == sha256


def _measurements(opened: OpenedClaim, rules: ClaimRules) -> Check:
    told = [
        each.finding
        for verdict in opened.verdicts
        if isinstance(verdict.statement.predicate, ClaimVerdictRecord)
        for each in verdict.statement.predicate.evidence
        if each.finding in rules.measured
    ]
    if not told:
        return Check(MEASUREMENTS, Outcome.PASSED, "every finding rests on records alone", essential=False)
    names = ", ".join(sorted(set(told)))
    return not_checked(
        MEASUREMENTS, f"{names}: the service compared the pictures; whoever has both can do so too", essential=False
    )
