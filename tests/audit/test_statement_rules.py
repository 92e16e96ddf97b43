"""What a statement may refer to, and whose signature it needs, at its place of a log."""

from __future__ import annotations

import pytest

from ledger.audit.statement_rules import MAX_WORKS
from ledger.errors import VerificationError
from ledger.record.keys import Signer
from ledger.record.parts import ModelRef, Ref
from ledger.record.predicates import (
    Asset,
    KeyRecord,
    Kind,
    ModelRecord,
    implied_subject,
)
from ledger.record.statement import MAX_REFS, parse_payload, statement_payload
from tests.audit.growing_log import (
    ADA,
    BEN,
    CARLA,
    FILE,
    SAMPLES,
    WEIGHTS,
    Log,
    claim,
    resolution,
    response,
    terms,
    verdict,
    withdrawal,
)
from tests.record.kinds import ALL
from tests.record.samples import ORIGIN, SIGNER, TIME, key_record, registration, sha, uid

ADAS, BENS, CARLAS = (Signer.from_seed(bytes([number]) * 32) for number in (11, 12, 13))


@pytest.fixture
def log() -> Log:
    log = Log()
    log.add(key_record(), SIGNER.keyid)
    return log


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
