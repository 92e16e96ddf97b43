"""A claim's bundle decided anew offline: what follows passes, everything else is named."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ledger import canonical
from ledger.audit.checks import Audit, AuditVerdict, Outcome
from ledger.audit.claims.bundle import ClaimBundle, MembershipProof, parse_claim_bundle
from ledger.audit.claims.claim import audit_claim
from ledger.audit.manifest import ManifestTree
from ledger.errors import VerificationError
from ledger.record.parts import EvidenceRef, Manifest, ModelRef
from ledger.record.predicates import (
    Claim,
    ClaimVerdict,
    ClaimVerdictRecord,
    ModelRecord,
)
from tests.audit.claim_story import ARTIST, KEY, LISTED, OTHER_KEY, RULES, WORK_FILE, Story, Told, story
from tests.audit.material import LOG_VKEY
from tests.record.samples import ORIGIN, SIGNER, TIME, key_record, registration, sha, uid


def failed(audit: Audit) -> dict[str, str | None]:
    return {check.name: check.code for check in audit.checks if check.outcome is Outcome.FAILED}


def test_a_verdict_that_follows_is_verified() -> None:
    audit = audit_claim(story(Told()), LOG_VKEY)
    assert audit.verdict is AuditVerdict.VERIFIED
    assert {check.name: check.outcome for check in audit.checks} == {
        "encoding": Outcome.PASSED, "records": Outcome.PASSED, "signatures of parties": Outcome.PASSED,
        "subjects": Outcome.PASSED, "references": Outcome.PASSED, "manifests": Outcome.PASSED,
        "rules": Outcome.PASSED, "verdict": Outcome.PASSED, "measurements": Outcome.PASSED,
        "completeness": Outcome.NOT_CHECKED,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("told", "name", "code"),
    [
        (Told(verdict="inconclusive"), "verdict", "other-verdict"),
        (Told(verdict="contradicted"), "verdict", "other-verdict"),
        (Told(findings=()), "verdict", "other-findings"),
        (Told(findings=("contested-later", "work-shown")), "verdict", "other-findings"),
        (Told(subject=sha("another claim")), "subjects", "other-claim"),
        (Told(left_out="work"), "references", "bad-ref"),
        (Told(left_out="picture"), "references", "bad-ref"),
        (Told(rules=sha("other rules")), "rules", "other-rules"),
        (Told(signer=OTHER_KEY), "signatures of parties", "wrong-holder"),
        (Told(holder=uid(888)), "signatures of parties", "wrong-holder"),
        (Told(responder=KEY), "signatures of parties", "wrong-holder"),
    ],
)
def test_anything_else_is_refuted(told: Told, name: str, code: str) -> None:
    audit = audit_claim(story(told), LOG_VKEY)
    assert audit.exit_code == 1
    assert failed(audit)[name] == code


def test_what_only_the_service_says_is_left_open() -> None:
    audit = audit_claim(story(Told(left_out="key")), LOG_VKEY)
    assert audit.verdict is AuditVerdict.VERIFIED
    parties = next(check for check in audit.checks if check.name == "signatures of parties")
    assert parties.outcome is Outcome.NOT_CHECKED
    answered = audit_claim(story(Told(responder=OTHER_KEY)), LOG_VKEY)
    assert answered.verdict is AuditVerdict.VERIFIED


def test_what_was_measured_is_told_apart() -> None:
    audit = audit_claim(story(Told(measured=True)), LOG_VKEY)
    assert audit.verdict is AuditVerdict.VERIFIED
    measured = next(check for check in audit.checks if check.name == "measurements")
    assert measured.outcome is Outcome.NOT_CHECKED
    assert "says-generated" in measured.detail


def test_without_the_logs_key_nothing_is_verified() -> None:
    assert audit_claim(story(Told()), None).exit_code == 4


def test_a_changed_record_is_refuted() -> None:
    value = json.loads(story(Told()))
    payload = value["verdicts"][0]["envelope"]["payload"]
    value["verdicts"][0]["envelope"]["payload"] = payload.replace("A", "B", 1)
    assert audit_claim(canonical.dumps(value), LOG_VKEY).exit_code == 1


def changed(change: Callable[[dict[str, Any]], object]) -> bytes:
    value = json.loads(story(Told()))
    change(value)
    return canonical.dumps(value)


@pytest.mark.parametrize(
    "change",
    [
        lambda value: value.pop("rules"),
        lambda value: value.update(more=1),
        lambda value: value.update(mediaType="application/json"),
        lambda value: value.update(evidence={}),
        lambda value: value.update(evidence=[1]),
        lambda value: value.update(proofs=[{}]),
        lambda value: value.update(claim=value["verdicts"][0]),
        lambda value: value.update(verdicts=value["evidence"]),
        lambda value: value["rules"].update(version=RULES.version + 1),
        lambda value: value["rules"]["measures"].update(phash_bits=256),
    ],
)
def test_bundles_of_another_shape_are_refuted(change: Callable[[dict[str, Any]], object]) -> None:
    assert audit_claim(changed(change), LOG_VKEY).exit_code == 1


def test_there_is_one_encoding() -> None:
    data = story(Told())
    assert parse_claim_bundle(data).to_bytes() == data
    with pytest.raises(VerificationError):
        parse_claim_bundle(data.replace(b",", b", ", 1))
    assert audit_claim(b"{}", LOG_VKEY).exit_code == 1
    assert audit_claim(b"", LOG_VKEY).exit_code == 1


def test_a_claim_without_a_verdict_is_undecided() -> None:
    bundle = replace(parse_claim_bundle(story(Told())), verdicts=())
    assert audit_claim(bundle.to_bytes(), LOG_VKEY).exit_code == 4


def trained(verdict: ClaimVerdict, finding: str, proof_of: str) -> Audit:
    """A claim to have been trained on, with the proof of some file."""
    tree = ManifestTree("".join(f"{each}\n" for each in LISTED).encode())
    log = Story()
    log.add(key_record(), SIGNER.keyid, name="key")
    registered = log.add(registration(20), WORK_FILE, name="work")
    model = ModelRef(model_id=uid(70), weights_sha256=sha("weights"))
    record = ModelRecord(
        format="x", generated_at=TIME, origin=ORIGIN,
        manifest=Manifest(root=tree.root, size=tree.size), manifest_status="disclosed",
        model_id=model.model_id, record_id=uid(21), spec=sha("spec"),
    )  # fmt: skip
    disclosed = log.add(record, model.weights_sha256, name="model")
    claim = Claim(
        claim_type="trained-on", claimant_id=ARTIST, generated_at=TIME, origin=ORIGIN, model=model, record_id=uid(30),
        refs=(registered, disclosed), text=None, works=(registration(20).work_id,),
    )  # fmt: skip
    filed = log.add(claim, WORK_FILE)
    judged = log.add(
        ClaimVerdictRecord(
            evidence=(EvidenceRef(finding=finding, ref=disclosed),), generated_at=TIME, origin=ORIGIN,
            record_id=uid(31),
            refs=(filed, registered, disclosed), rules=RULES.digest, verdict=verdict,
        ),
        hashlib.sha256(log.payload(filed)).hexdigest(),
        name="claim",
    )  # fmt: skip
    found = tree.find(proof_of)
    bundle = ClaimBundle(
        log.bundle(filed), (log.bundle(judged),), (), (), (log.bundle(registered), log.bundle(disclosed)),
        (MembershipProof.of(uid(21), WORK_FILE, found),), RULES.to_bytes(),
    )  # fmt: skip
    return audit_claim(bundle.to_bytes(), LOG_VKEY)


def test_membership_is_proven_to_the_root_in_the_models_record() -> None:
    assert trained("supported", "listed", WORK_FILE).verdict is AuditVerdict.VERIFIED
    assert failed(trained("supported", "listed", sha("unlisted")))["manifests"] == "manifest-proof"
    assert failed(trained("inconclusive", "not-listed", WORK_FILE))["verdict"] == "other-verdict"
