"""Claims and what bears on them, put together from fixed values: a few words of a test make a case."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ledger.claim.case import Case, ClaimFinding, Exhibit, Listing
from ledger.claim.decide import decide
from ledger.claim.rules import current_rules
from ledger.match.alike import bits
from ledger.match.lists import Relation, Verdict
from ledger.record.parts import FingerprintDigests, Manifest, MatchText, ModelRef, Ref, RegionText
from ledger.record.predicates import (
    Asset,
    Claim,
    ClaimType,
    Generation,
    ModelRecord,
    Predicate,
    Registration,
    Verification,
)
from ledger.record.statement import Statement
from tests.record.samples import (
    EVIDENCE,
    GENERATION,
    IMAGE,
    ORIGIN,
    TIME,
    match_text,
    registration,
    sha,
    uid,
    verification,
)

RULES = current_rules()
ARTIST, THIEF, OTHER = uid(1000), uid(2000), uid(3000)
MODEL, OTHER_MODEL = (ModelRef(model_id=uid(70 + n), weights_sha256=sha(f"weights {n}")) for n in range(2))
FILE = IMAGE.sha256
PIXELS = IMAGE.pixel_sha256
HASH = verification().fingerprint.phash


def flipped(bits: int) -> str:
    """The picture's pHash with this many bits changed."""
    return f"{int(HASH, 16) ^ ((1 << bits) - 1):064x}"


def fingerprint(phash: str, quality: int = 100) -> FingerprintDigests:
    """With the picture's PDQ where the pHash is near to its own."""
    picture = verification().fingerprint
    pdq = picture.pdq if bits(phash, HASH) <= 64 else sha(phash)
    return picture.model_copy(update={"phash": phash, "pdq": pdq, "pdq_quality": quality})


def region(left: str = "0.0000", top: str = "0.0000", right: str = "1.0000", bottom: str = "1.0000") -> RegionText:
    return RegionText(bottom=bottom, left=left, right=right, top=top)


@dataclass(frozen=True)
class Scene:
    """A claimed picture and everything on the log around it; each method gives a scene with one thing more."""

    exhibits: tuple[Exhibit, ...] = ()
    matches: tuple[MatchText, ...] = ()
    listings: tuple[Listing, ...] = ()
    measured: tuple[ClaimFinding, ...] = ()
    comparable: bool = True
    works: dict[str, str] = field(default_factory=dict)
    """Name to work id."""

    def work(
        self, name: str, artist: str, at: int, relation: Relation | None = None, where: RegionText | None = None,
        *, file: str | None = None, pixels: str | None = None, phash: str | None = None, p_value: str = "0.0005",
    ) -> Scene:  # fmt: skip
        """A work registered at leaf `at`; the picture's verification matched it as `relation`, None for not at all."""
        work_id = uid(5000 + at)
        exact = relation is Relation.EXACT
        predicate = registration(6000 + at).model_copy(
            update={
                "artist_id": artist,
                "fingerprint": fingerprint(phash or sha(f"phash {name}")),
                "pixel_sha256": pixels or (PIXELS if relation is Relation.SAME_PIXELS or exact else sha(f"px {name}")),
                "work_id": work_id,
            }
        )
        matched = self.matches
        if relation is not None:
            evidence = EVIDENCE.model_copy(update={"query_region": where or region()})
            verified = relation in (Relation.NEAR_DUPLICATE, Relation.PARTIAL_COPY)
            match = match_text(1, relation, p_value=p_value).model_copy(
                update={
                    "artist_id": artist, "evidence": evidence if verified else None, "work_id": work_id,
                    "rank": len(matched) + 1,
                }
            )  # fmt: skip
            matched = (*matched, match)
        shown = exhibit(predicate, file or (FILE if exact else sha(f"file {name}")), at)
        return replace(self, exhibits=(*self.exhibits, shown), matches=matched, works={**self.works, name: work_id})

    def made(self, at: int, how: str = "pixels", *, origin: str = "service", model: ModelRef = MODEL) -> Scene:
        """A generation at leaf `at`: of equal `pixels`, of the very `file`, `alike` by hash, or `measured` as whole or
        `part`, or `unlike`."""
        phash = flipped(12) if how == "alike" else sha(f"phash of {at}")
        pixels = PIXELS if how == "pixels" else sha(f"pixels of {at}")
        predicate = GENERATION.model_copy(
            update={
                "fingerprint": fingerprint(phash),
                "image": IMAGE.model_copy(update={"pixel_sha256": pixels, "sha256": sha(f"raw {at}")}),
                "model": model, "origin_of_image": origin, "record_id": uid(6000 + at),
                "policy": None if origin == "reported" else GENERATION.policy, "refs": (model_ref(model),),
            }
        )  # fmt: skip
        generation = exhibit(predicate, pixels, at)
        more = [generation]
        if how == "file":
            asset = Asset(
                c2pa_manifest_sha256=sha("c2pa"), generated_at=TIME, origin=ORIGIN, media_type="image/png",
                record_id=uid(7000 + at),
                refs=(generation.ref,),
            )  # fmt: skip
            more.append(exhibit(asset, FILE, at + 1))
        codes = {"measured": "shows-generated", "part": "contains-generated"}
        measured = (ClaimFinding.of(codes[how], generation.ref),) if how in codes else ()
        return replace(self, exhibits=(*self.exhibits, *more), measured=(*self.measured, *measured))

    def model(self, at: int, model: ModelRef = MODEL, *, disclosed: bool = True) -> Scene:
        predicate = ModelRecord(
            format="safetensors", generated_at=TIME, origin=ORIGIN,
            manifest=Manifest(root=sha("root"), size=10) if disclosed else None,
            manifest_status="disclosed" if disclosed else "undisclosed", model_id=model.model_id,
            record_id=uid(6000 + at), spec=sha("spec"),
        )  # fmt: skip
        return replace(self, exhibits=(*self.exhibits, exhibit(predicate, model.weights_sha256, at)))

    def listing(self, at: int, sha256: str, *, listed: bool) -> Scene:
        """What the manifest of the model record at leaf `at` says of a file."""
        return replace(self, listings=(*self.listings, Listing(uid(6000 + at), sha256, listed)))

    def case(self, claim_type: ClaimType, claimant: str = ARTIST, *names: str, model: ModelRef | None = None) -> Case:
        return Case(
            claim=Claim(
                claim_type=claim_type, claimant_id=claimant, generated_at=TIME, origin=ORIGIN, model=model,
                record_id=uid(9001),
                refs=(), text=None, works=tuple(self.works[name] for name in names),
            ),
            subject_sha256=FILE,
            picture=exhibit(self.verification, FILE, 9000),
            exhibits=self.exhibits,
            listings=self.listings,
            measured=self.measured,
        )  # fmt: skip

    @property
    def verification(self) -> Verification:
        verdict = Verdict.COPY if self.matches else Verdict.NONE
        return verification(self.matches, verdict if self.comparable else Verdict.NOT_COMPARABLE)


def model_ref(model: ModelRef) -> Ref:
    """Of its record at leaf 10 (MODEL) or 11."""
    number = uid(6010) if model == MODEL else uid(6011)
    return Ref(leaf_hash=sha(f"leaf of {number}"), record_id=number)


def exhibit(predicate: Predicate, subject: str, at: int) -> Exhibit:
    name = {Registration: "work", Generation: "image", Verification: "image"}.get(type(predicate), predicate.kind)
    ref = Ref(leaf_hash=sha(f"leaf of {predicate.record_id}"), record_id=predicate.record_id)
    return Exhibit(Statement(name, subject, predicate), ref, at)


def verdict(case: Case) -> str:
    return decide(case, RULES).verdict


def codes(case: Case) -> set[str]:
    return {finding.code for finding in decide(case, RULES).findings}
