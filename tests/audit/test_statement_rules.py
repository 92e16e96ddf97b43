"""What a statement may refer to, and whose signature it needs, at its place of a log."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from ledger.audit.entries import EntryChecker
from ledger.audit.statement_rules import MAX_WORKS
from ledger.errors import VerificationError
from ledger.log.merkle import leaf_hash
from ledger.record import dsse
from ledger.record.keys import Signer
from ledger.record.parts import EvidenceRef, ModelRef, Ref
from ledger.record.predicates import (
    Asset,
    Claim,
    ClaimVerdictRecord,
    Consent,
    KeyRecord,
    Kind,
    ModelRecord,
    Predicate,
    Registration,
    Resolution,
    Response,
    Role,
    Withdrawal,
    implied_subject,
)
from ledger.record.statement import MAX_REFS, parse_payload, statement_payload
from tests.record.samples import ALL, ORIGIN, SIGNER, TIME, key_record, registration, sha, uid

ADA, BEN, CARLA = uid(901), uid(902), uid(903)
ADAS, BENS, CARLAS = (Signer.from_seed(bytes([number]) * 32) for number in (11, 12, 13))
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


@pytest.fixture
def log() -> Log:
    log = Log()
    log.add(key_record(), SIGNER.keyid)
    return log


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


def test_whoever_has_a_key_signs(log: Log) -> None:
    """What a replay let the service say in an artist's name before."""
    work, ref = log.work(ADA)
    sha256, filed = log.claim(ADA)
    log.key(ADAS, "artist", ADA)
    for unsigned, subject in (
        (terms(log, work, ref), FILE),
        (withdrawal(log, work, ref), FILE),
        (claim(log.new_id(), ADA), FILE),
        (response(log, ADA, filed), sha256),
        (registration(400).model_copy(update={"artist_id": ADA}), FILE),
    ):
        assert log.refusal(unsigned, subject) == "signature-missing"
        log.add(unsigned, subject, ADAS)
    other, other_ref = log.work(ADA, ADAS)
    log.add(withdrawal(log, other, other_ref, "operator"), FILE)
    third, third_ref = log.work(ADA, ADAS)
    log.add(withdrawal(log, third, third_ref, "legal"), FILE)


def test_who_lost_the_key_is_spoken_for_again(log: Log) -> None:
    log.key(ADAS, "artist", ADA)
    revoked = {"event": "revoked", "role": "artist", "holder_id": ADA, "record_id": log.new_id()}
    log.add(KeyRecord.model_validate(key_record(ADAS).model_dump() | revoked), ADAS.keyid)
    log.work(ADA)


def test_the_key_of_another_role_asks_for_nothing(log: Log) -> None:
    """An operator's key under the same id is none of the artist's."""
    log.key(ADAS, "auditor", ADA)
    log.work(ADA)


def test_a_resolution_needs_its_auditor(log: Log) -> None:
    """Also where the auditor has no key at all."""
    sha256, filed = log.claim(BEN)
    judged = log.add(verdict(log, filed), sha256)
    assert log.refusal(resolution(log, filed, judged), sha256) == "signature-missing"
    log.key(CARLAS, "auditor", CARLA)
    assert log.refusal(resolution(log, filed, judged), sha256) == "signature-missing"
    log.add(resolution(log, filed, judged), sha256, CARLAS)


def test_a_response_refers_to_its_claim_and_a_resolution_to_one_of_its_verdicts(log: Log) -> None:
    log.key(CARLAS, "auditor", CARLA)
    sha256, filed = log.claim(BEN)
    judged = log.add(verdict(log, filed), sha256)
    other256, other = log.claim(BEN)
    elsewhere = log.add(verdict(log, other), other256)
    _, work = log.work(BEN)
    for refs in ([], [filed, filed], [judged], [work], [filed, judged]):
        assert log.refusal(response(log, BEN, *refs), sha256) == "wrong-refs"
    assert log.refusal(response(log, BEN, other), sha256) == "wrong-subject"
    for refs in ([filed], [judged, filed], [filed, work], [filed, elsewhere], [filed, judged, judged]):
        assert log.refusal(resolution(log, *refs), sha256, CARLAS) == "wrong-refs"
    assert log.refusal(resolution(log, other, elsewhere), sha256, CARLAS) == "wrong-subject"
    log.add(response(log, BEN, filed), sha256)
    log.add(resolution(log, filed, judged), sha256, CARLAS)


def test_terms_are_about_the_work_whose_registration_they_name(log: Log) -> None:
    work, ref = log.work(ADA)
    other, other_ref = log.work(BEN)
    assert log.refusal(terms(log, work, other_ref), FILE) == "wrong-refs"
    assert log.refusal(terms(log, other.model_copy(update={"work_id": uid(1)}), other_ref), FILE) == "wrong-refs"
    assert log.refusal(terms(log, work), FILE) == "wrong-refs"
    assert log.refusal(terms(log, work, ref), sha("another file")) == "wrong-subject"
    log.add(terms(log, work, ref), FILE)
    log.add(withdrawal(log, work, ref), FILE)
    assert log.refusal(terms(log, work, ref), FILE) == "work-withdrawn"
    assert log.refusal(withdrawal(log, work, ref, "legal"), FILE) == "work-withdrawn"


def test_a_work_is_registered_once(log: Log) -> None:
    work, _ = log.work(ADA)
    again = work.model_copy(update={"record_id": log.new_id(), "artist_id": BEN})
    assert log.refusal(again, FILE) == "work-id-repeated"


def test_a_claim_names_its_claimants_works_and_a_record_of_its_model(log: Log) -> None:
    work, ref = log.work(ADA)
    others, others_ref = log.work(BEN)
    log.add(claim(log.new_id(), ADA, [ref], [work.work_id]), FILE)
    assert log.refusal(claim(log.new_id(), ADA, [others_ref], [others.work_id]), FILE) == "work-not-yours"
    for refs, works in (
        ([], [work.work_id]),
        ([others_ref], [work.work_id]),
        ([ref], []),
        ([ref, ref], [work.work_id] * 2),
        ([ref] * (MAX_WORKS + 1), [work.work_id] * (MAX_WORKS + 1)),
    ):
        assert log.refusal(claim(log.new_id(), ADA, refs, works), FILE) == "wrong-refs"
    model = ModelRecord(
        format="safetensors", generated_at=TIME, origin=ORIGIN, manifest=None, manifest_status="undisclosed",
        model_id=uid(70),
        record_id=log.new_id(), spec=sha("model"),
    )  # fmt: skip
    model_ref = log.add(model, WEIGHTS)
    named = ModelRef(model_id=uid(70), weights_sha256=WEIGHTS)
    good = claim(log.new_id(), ADA, [ref, model_ref], [work.work_id]).model_copy(update={"model": named})
    false = named.model_copy(update={"weights_sha256": sha("others")})
    assert log.refusal(good.model_copy(update={"model": false}), FILE) == "wrong-refs"
    assert log.refusal(good.model_copy(update={"refs": (ref, ref)}), FILE) == "wrong-refs"
    assert log.refusal(good.model_copy(update={"model": None}), FILE) == "wrong-refs"
    log.add(good, FILE)


def test_a_verdict_refers_to_its_claim_its_case_and_an_earlier_verdict_on_it(log: Log) -> None:
    sha256, filed = log.claim(ADA)
    other256, other = log.claim(BEN)
    _, work = log.work(BEN)
    elsewhere = log.add(verdict(log, other), other256)
    first = log.add(verdict(log, filed, work, evidence=[work]), sha256)
    log.add(verdict(log, filed, first), sha256)
    assert log.refusal(verdict(log), sha256) == "wrong-refs"
    assert log.refusal(verdict(log, work, filed), sha256) == "wrong-refs"
    assert log.refusal(verdict(log, filed, elsewhere), sha256) == "wrong-refs"
    assert log.refusal(verdict(log, filed, evidence=[other]), sha256) == "wrong-refs"
    assert log.refusal(verdict(log, filed), other256) == "wrong-subject"


def test_an_asset_is_of_a_generation(log: Log) -> None:
    _, work = log.work(ADA)
    sample = SAMPLES["asset"]
    assert isinstance(sample, Asset)
    assert log.refusal(sample.model_copy(update={"refs": (work,)}), FILE) == "wrong-refs"


@pytest.mark.parametrize("kind", [each.kind for each in ALL if "refs" in type(each).model_fields])
def test_a_reference_to_a_missing_record_is_refused_in_every_kind(log: Log, kind: Kind) -> None:
    missing = Ref(leaf_hash=sha("nothing"), record_id=uid(999))
    count = 2 if kind == "resolution" else 1
    predicate = SAMPLES[kind].model_copy(update={"refs": (missing,) * count, "record_id": log.new_id()})
    if kind == "claim":
        predicate = predicate.model_copy(update={"works": (uid(201),)})
    signers: tuple[Signer, ...] = ()
    if kind == "resolution":
        log.key(CARLAS, "auditor", uid(16))
        signers = (CARLAS,)
    assert log.refusal(predicate, implied_subject(predicate) or FILE, *signers) == (
        "wrong-refs" if kind == "key" else "bad-ref"
    )


def test_references_are_counted_before_anything_else(log: Log) -> None:
    sha256, filed = log.claim(ADA)
    payload = statement_payload("claim", sha256, response(log, ADA, *([filed] * MAX_REFS)))
    parse_payload(payload)
    with pytest.raises(ValueError, match="refers to more than 256 records"):
        statement_payload("claim", sha256, response(log, ADA, *([filed] * (MAX_REFS + 1))))
    ref = b'{"leaf_hash":"%s","record_id":"%s"}' % (filed.leaf_hash.encode(), filed.record_id.encode())
    with pytest.raises(VerificationError) as caught:
        parse_payload(payload.replace(b'"refs":[' + ref, b'"refs":[' + ref + b"," + ref))
    assert caught.value.code == "statement-schema"
