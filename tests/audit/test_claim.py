"""A claim's bundle decided anew offline: what follows passes, everything else is named."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from ledger import canonical
from ledger.audit.checks import Audit, AuditVerdict, Outcome
from ledger.audit.claim import audit_claim
from ledger.audit.claim_bundle import ClaimBundle, MembershipProof, parse_claim_bundle
from ledger.audit.manifest import ManifestTree
from ledger.claim.rules import current_rules
from ledger.errors import VerificationError
from ledger.log.merkle import leaf_hash
from ledger.match.lists import Relation, Verdict
from ledger.record import dsse
from ledger.record.keys import Signer
from ledger.record.parts import EvidenceRef, Manifest, ModelRef, Ref
from ledger.record.predicates import (
    Claim,
    ClaimVerdict,
    ClaimVerdictRecord,
    KeyRecord,
    ModelRecord,
    Predicate,
    Response,
)
from ledger.record.statement import statement_payload
from tests.audit.material import LOG_VKEY, Log
from tests.record.samples import IMAGE, SIGNER, TIME, key_record, match_text, registration, sha, uid, verification

ARTIST = uid(301)
KEY, OTHER_KEY = (Signer.from_seed(bytes([number]) * 32) for number in (7, 8))
RULES = current_rules()
WORK_FILE = sha("work file")
LISTED = sorted([WORK_FILE, sha("another")])


@dataclass
class Story:
    """A log that grows, and the bundle of the claim on it."""

    leaves: list[bytes] = field(default_factory=list)
    signers: list[tuple[Signer, ...]] = field(default_factory=list)

    def add(self, predicate: Predicate, subject: str, *others: Signer, name: str = "image") -> Ref:
        signers = (SIGNER, *others)
        self.leaves.append(dsse.sign(statement_payload(name, subject, predicate), signers))
        self.signers.append(signers)
        return Ref(leaf_hash=leaf_hash(self.leaves[-1]).hex(), record_id=predicate.record_id)

    def bundle(self, ref: Ref) -> bytes:
        index = [leaf_hash(leaf).hex() for leaf in self.leaves].index(ref.leaf_hash)
        return Log(self.leaves).bundle(index, *self.signers[index]).to_bytes()

    def payload(self, ref: Ref) -> bytes:
        index = [leaf_hash(leaf).hex() for leaf in self.leaves].index(ref.leaf_hash)
        return dsse.parse(self.leaves[index]).payload


def key_of(signer: Signer, number: int, holder: str = ARTIST) -> KeyRecord:
    return key_record(signer, number).model_copy(update={"holder_id": holder, "role": "artist"})


@dataclass(frozen=True)
class Told:
    """What a test changes."""

    verdict: ClaimVerdict = "supported"
    findings: tuple[str, ...] = ("work-shown",)
    signer: Signer = KEY
    holder: str = ARTIST
    subject: str | None = None
    left_out: str = ""
    responder: Signer | None = None
    rules: str | None = None
    measured: bool = False


def story(told: Told) -> bytes:
    """An artist's work, a picture in which it is verified, a claim that it was copied, a verdict."""
    log = Story()
    log.add(key_record(), SIGNER.keyid, name="key")
    keys = [log.add(key_of(KEY, 10, told.holder), KEY.keyid, KEY, name="key")]
    keys.append(log.add(key_of(OTHER_KEY, 11, uid(999)), OTHER_KEY.keyid, OTHER_KEY, name="key"))
    work = registration(20).model_copy(update={"pixel_sha256": sha("other pixels")})
    registered = log.add(work, WORK_FILE, name="work")
    near = match_text(1, Relation.NEAR_DUPLICATE).model_copy(update={"artist_id": ARTIST, "work_id": work.work_id})
    picture = verification((near,), Verdict.COPY)
    seen = log.add(picture, IMAGE.sha256)
    claim = Claim(
        claim_type="copies-work", claimant_id=ARTIST, generated_at=TIME, model=None, record_id=uid(30),
        refs=(registered,), text=None, works=(work.work_id,),
    )  # fmt: skip
    filed = log.add(claim, IMAGE.sha256, told.signer)
    about = told.subject or hashlib.sha256(log.payload(filed)).hexdigest()
    evidence = [EvidenceRef(finding=code, ref=registered) for code in told.findings]
    if told.measured:
        evidence = sorted([*evidence, EvidenceRef(finding="says-generated", ref=seen)], key=lambda each: each.finding)
    judged = log.add(
        ClaimVerdictRecord(
            evidence=tuple(evidence), generated_at=TIME, record_id=uid(31), refs=(filed, seen, registered),
            rules=told.rules or RULES.digest, verdict=told.verdict,
        ),
        about,
        name="claim",
    )  # fmt: skip
    responses = []
    if told.responder is not None:
        said = Response(generated_at=TIME, party_id=uid(999), record_id=uid(32), refs=(filed,), text=sha("words"))
        responses.append(log.add(said, about, told.responder, name="claim"))
    named = {"work": registered, "picture": seen, "key": keys[0], "other key": keys[1]}
    bundle = ClaimBundle(
        claim=log.bundle(filed),
        verdicts=(log.bundle(judged),),
        responses=tuple(map(log.bundle, responses)),
        resolutions=(),
        evidence=tuple(log.bundle(ref) for name, ref in named.items() if name != told.left_out),
        proofs=(),
        rules=RULES.to_bytes(),
    )
    return bundle.to_bytes()


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
        lambda value: value["rules"].update(version=2),
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
        format="x", generated_at=TIME, manifest=Manifest(root=tree.root, size=tree.size), manifest_status="disclosed",
        model_id=model.model_id, record_id=uid(21), spec=sha("spec"),
    )  # fmt: skip
    disclosed = log.add(record, model.weights_sha256, name="model")
    claim = Claim(
        claim_type="trained-on", claimant_id=ARTIST, generated_at=TIME, model=model, record_id=uid(30),
        refs=(registered, disclosed), text=None, works=(registration(20).work_id,),
    )  # fmt: skip
    filed = log.add(claim, WORK_FILE)
    judged = log.add(
        ClaimVerdictRecord(
            evidence=(EvidenceRef(finding=finding, ref=disclosed),), generated_at=TIME, record_id=uid(31),
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
