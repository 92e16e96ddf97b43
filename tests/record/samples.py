"""One realistic predicate of every kind, built from fixed values."""

from __future__ import annotations

import hashlib

from ledger.match.lists import Relation, Verdict
from ledger.record.keys import Signer
from ledger.record.parts import (
    ArtistProbability,
    ArtistReference,
    AttributionText,
    CorpusPoint,
    EmbeddingDigest,
    EvidenceText,
    FingerprintDigests,
    ImageFacts,
    MatchText,
    MemberText,
    ModelRef,
    PixelSize,
    Ref,
    RegionText,
    ShareText,
)
from ledger.record.predicates import (
    Generation,
    KeyRecord,
    Registration,
    Verification,
)

ORIGIN = "localhost/artledger/0123abcd"
"""Of the logs of the tests (conftest.py)."""
TIME = "2026-01-31T23:59:59.999Z"
SIGNER = Signer.from_seed(bytes(range(32)))
OTHER = Signer.from_seed(bytes(range(32, 64)))


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def uid(number: int) -> str:
    return f"019c0000-0000-7000-8000-{number:012x}"


def ref(number: int) -> Ref:
    return Ref(leaf_hash=sha(f"leaf {number}"), record_id=uid(number))


FINGERPRINT = FingerprintDigests(
    embeddings={"copy": EmbeddingDigest(dimension=512, sha256=sha("vector"))},
    pdq=sha("pdq"),
    pdq_quality=100,
    phash=sha("phash"),
    spec=sha("spec"),
)
IMAGE = ImageFacts(height=600, media_type="image/png", pixel_sha256=sha("pixels"), sha256=sha("file"), width=800)
CORPUS = CorpusPoint(through=2001, works=2000)
MODEL = ModelRef(model_id=uid(70), weights_sha256=sha("weights"))
EVIDENCE = EvidenceText(
    inliers=87,
    method="sift-similarity",
    query_cover="1.000000",
    query_region=RegionText(bottom="1.0000", left="0.0000", right="1.0000", top="0.0000"),
    tile_distance="0.0312",
    transform=("0.9000", "0.0000", "0.0500", "0.0000", "0.9000", "-0.0500"),
    work_cover="0.640000",
    work_region=RegionText(bottom="0.9000", left="0.1000", right="0.9000", top="0.1000"),
)


def match_text(
    rank: int,
    relation: Relation = Relation.NEAR_DUPLICATE,
    *,
    score: str = "0.993100",
    p_value: str = "0.0005",
    members: tuple[MemberText, ...] = (),
) -> MatchText:
    """A match whose figures mean `relation` in `verification`."""
    evidence = {
        Relation.NEAR_DUPLICATE: EVIDENCE.model_copy(update={"work_cover": "0.812500"}),
        Relation.PARTIAL_COPY: EVIDENCE,
    }.get(relation)
    measured = "style" if relation is Relation.SIMILAR_STYLE else "fused"
    proven = (relation is Relation.EXACT, relation in (Relation.EXACT, Relation.SAME_PIXELS))
    return MatchText(
        artist_id=uid(300 + rank),
        bin="flat",
        evidence=evidence,
        group=members[0].work_id if members else None,
        members=members,
        n_null=1999,
        p_value=p_value,
        rank=rank,
        raw={"copy": "0.9123", measured: "2.250000", "phash": "31"},
        relation=relation,
        score=score,
        work_id=uid(200 + rank),
        work_pixel_sha256=IMAGE.pixel_sha256 if proven[1] else sha(f"pixels of work {rank}"),
        work_sha256=IMAGE.sha256 if proven[0] else sha(f"work {rank}"),
    )


MATCHES = (
    match_text(1),
    *(match_text(n, Relation.NEAREST, score=f"0.0{n:02}100", p_value="0.5430") for n in range(2, 11)),
)
ATTRIBUTION = AttributionText(
    alpha="0.0100", shares=(ShareText(artists=(uid(301),), group=None, share="0.993100"),), unattributed="0.006900"
)


def verification(matches: tuple[MatchText, ...] = MATCHES, verdict: Verdict = Verdict.COPY) -> Verification:
    return Verification(
        artist_reference=None,
        attribution=ATTRIBUTION,
        calibration=sha("calibration"),
        corpus=CORPUS,
        fingerprint=FINGERPRINT,
        generated_at=TIME,
        origin=ORIGIN,
        image=IMAGE,
        matches=matches,
        record_id=uid(1),
        refs=tuple(ref(400 + match.rank) for match in matches),
        verdict=verdict,
    )


def key_record(signer: Signer = SIGNER, number: int = 9) -> KeyRecord:
    return KeyRecord(
        event="added",
        generated_at=TIME,
        origin=ORIGIN,
        holder_id=uid(8),
        public_key=signer.public_raw.hex(),
        record_id=uid(number),
        refs=(),
        replaces=None,
        role="service",
    )


def registration(number: int = 2) -> Registration:
    return Registration(
        allowed_uses=("match", "style"),
        artist_id=uid(301),
        fingerprint=FINGERPRINT,
        generated_at=TIME,
        origin=ORIGIN,
        licence="CC0-1.0 OR (MIT AND LicenseRef-openclipart)",
        metadata=sha("commitment"),
        pixel_sha256=sha("pixels"),
        record_id=uid(number),
        work_id=uid(199 + number),
    )


GENERATION = Generation(
    artist_reference=ArtistReference(
        artists=(ArtistProbability(artist_id=uid(301), probability="0.4100"),), model=sha("classifier"), none="0.5900"
    ),
    attribution=ATTRIBUTION,
    calibration=sha("calibration"),
    corpus=CORPUS,
    fingerprint=FINGERPRINT,
    generated_at=TIME,
    origin=ORIGIN,
    guard="warn",
    image=IMAGE.model_copy(update={"media_type": "application/vnd.artledger.pixels", "sha256": IMAGE.pixel_sha256}),
    matches=MATCHES,
    model=MODEL,
    origin_of_image="service",
    policy=sha("policy"),
    prompt=sha("prompt"),
    record_id=uid(3),
    refs=(ref(401),),
    sampler="DDIMScheduler",
    seed="18446744073709551615",
    settings={"guidance_scale": "7.5", "num_inference_steps": "30", "true_cfg_scale": "4"},
    size=PixelSize(height=600, width=800),
    verdict=Verdict.COPY,
)
