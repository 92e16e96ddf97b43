"""One record of every kind, with what it is about."""

from __future__ import annotations

from ledger.match.lists import Relation
from ledger.record.parts import (
    BinThresholds,
    EvidenceRef,
    LeafRange,
    Manifest,
    UsageCount,
)
from ledger.record.predicates import (
    Asset,
    CalibrationRecord,
    Claim,
    ClaimVerdictRecord,
    Consent,
    DomainRecord,
    Finding,
    ModelRecord,
    Period,
    Predicate,
    Resolution,
    Response,
    Usage,
    Withdrawal,
    implied_subject,
)
from tests.record.samples import (
    CORPUS,
    GENERATION,
    MODEL,
    ORIGIN,
    TIME,
    key_record,
    ref,
    registration,
    sha,
    uid,
    verification,
)

ALL: tuple[Predicate, ...] = (
    key_record(),
    registration(),
    Consent(
        allowed_uses=(),
        generated_at=TIME,
        origin=ORIGIN,
        licence="CC-BY-4.0",
        record_id=uid(4),
        refs=(ref(2),),
        work_id=uid(201),
    ),
    Withdrawal(generated_at=TIME, origin=ORIGIN, reason="artist", record_id=uid(5), refs=(ref(2),), work_id=uid(201)),
    ModelRecord(
        format="safetensors",
        generated_at=TIME,
        origin=ORIGIN,
        manifest=Manifest(root=sha("root"), size=3000),
        manifest_status="disclosed",
        model_id=uid(70),
        record_id=uid(6),
        spec=sha("model spec"),
    ),
    CalibrationRecord(
        bins=(BinThresholds(bin="flat", n=1999, thresholds={"0.01": "2.3100", "0.05": "1.1000"}),),
        corpus=CORPUS,
        generated_at=TIME,
        origin=ORIGIN,
        record_id=uid(7),
        spec=sha("spec"),
    ),
    verification(),
    GENERATION,
    Asset(
        c2pa_manifest_sha256=sha("manifest"),
        generated_at=TIME,
        origin=ORIGIN,
        media_type="image/png",
        record_id=uid(10),
        refs=(ref(3),),
    ),
    Claim(
        claim_type="copies-work",
        claimant_id=uid(11),
        generated_at=TIME,
        origin=ORIGIN,
        model=None,
        record_id=uid(12),
        refs=(ref(1),),
        text=sha("text"),
        works=(uid(201),),
    ),
    ClaimVerdictRecord(
        evidence=(EvidenceRef(finding="verified-copy", ref=ref(1)),),
        generated_at=TIME,
        origin=ORIGIN,
        record_id=uid(13),
        refs=(ref(12),),
        rules=sha("rules"),
        verdict="supported",
    ),
    Response(
        generated_at=TIME, origin=ORIGIN, party_id=uid(14), record_id=uid(15), refs=(ref(12),), text=sha("answer")
    ),
    Resolution(
        auditor_id=uid(16),
        generated_at=TIME,
        origin=ORIGIN,
        outcome="inconclusive",
        record_id=uid(17),
        refs=(ref(12), ref(13)),
        text=sha("reasons"),
    ),
    Usage(
        artist_id=uid(301),
        counts=(UsageCount(count=3, generator_id=None, relation=Relation.EXACT),),
        generated_at=TIME,
        origin=ORIGIN,
        leaf_range=LeafRange(end=900, start=0),
        period=Period(end=TIME, start="2026-01-01T00:00:00.000Z"),
        record_id=uid(18),
    ),
    DomainRecord(
        domain=sha("domain"), generated_at=TIME, holder_id=uid(301), method="dns", origin=ORIGIN, record_id=uid(20)
    ),
    Finding(
        distances={"tile": "0.0810"},
        generated_at=TIME,
        origin=ORIGIN,
        model=MODEL,
        multiplicity=64,
        record_id=uid(19),
        refs=(ref(3),),
        settings={"generations": "500", "rule": "tile-0.15"},
        work=uid(201),
    ),
)


def subject_of(predicate: Predicate) -> str:
    return implied_subject(predicate) or sha("subject")
