"""The bundle of a claim, made up: a log that grows, and what a test changes of the story on it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from ledger.audit.claims.bundle import ClaimBundle
from ledger.claim.rules import current_rules
from ledger.log.merkle import leaf_hash
from ledger.match.lists import Relation, Verdict
from ledger.record import dsse
from ledger.record.keys import Signer
from ledger.record.parts import EvidenceRef, Ref
from ledger.record.predicates import Claim, ClaimVerdict, ClaimVerdictRecord, KeyRecord, Predicate, Response
from ledger.record.statement import statement_payload
from tests.audit.material import Log
from tests.record.samples import (
    IMAGE,
    ORIGIN,
    SIGNER,
    TIME,
    key_record,
    match_text,
    registration,
    sha,
    uid,
    verification,
)

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
        claim_type="copies-work", claimant_id=ARTIST, generated_at=TIME, origin=ORIGIN, model=None, record_id=uid(30),
        refs=(registered,), text=None, works=(work.work_id,),
    )  # fmt: skip
    filed = log.add(claim, IMAGE.sha256, told.signer)
    about = told.subject or hashlib.sha256(log.payload(filed)).hexdigest()
    evidence = [EvidenceRef(finding=code, ref=registered) for code in told.findings]
    if told.measured:
        evidence = sorted([*evidence, EvidenceRef(finding="says-generated", ref=seen)], key=lambda each: each.finding)
    judged = log.add(
        ClaimVerdictRecord(
            evidence=tuple(evidence), generated_at=TIME, origin=ORIGIN, record_id=uid(31),
            refs=(filed, seen, registered),
            rules=told.rules or RULES.digest, verdict=told.verdict,
        ),
        about,
        name="claim",
    )  # fmt: skip
    responses = []
    if told.responder is not None:
        said = Response(
            generated_at=TIME, origin=ORIGIN, party_id=uid(999), record_id=uid(32), refs=(filed,), text=sha("words")
        )
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
