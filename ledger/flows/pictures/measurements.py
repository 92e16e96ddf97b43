"""Turns measurements into what is signed: floats become decimal strings, vectors become digests."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any, Literal

from ledger.fingerprint.fingerprint import Fingerprint, embedding_sha256
from ledger.image.canonical_image import CanonicalImage
from ledger.match.artists.reference import LikelyArtists
from ledger.match.attribution import PLACES, Attribution
from ledger.match.candidate import Evidence, GroupMember, Match, MatchOutcome, Region
from ledger.record.ids import new_id
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
from ledger.record.predicates import Generation, Guard, Verification
from ledger.record.predicates.pictures import MAX_SETTINGS
from ledger.record.times import now_text
from ledger.record.values import decimal_text


def fingerprint_digests(fingerprint: Fingerprint) -> FingerprintDigests:
    """What a record keeps of a fingerprint."""
    return FingerprintDigests(
        embeddings={
            name: EmbeddingDigest(dimension=len(vector), sha256=embedding_sha256(vector))
            for name, vector in fingerprint.embeddings.items()
        },
        pdq=fingerprint.pdq.hex(),
        pdq_quality=fingerprint.pdq_quality,
        phash=fingerprint.phash.hex(),
        spec=fingerprint.spec,
    )


def verification_predicate(
    image: CanonicalImage,
    fingerprint: Fingerprint,
    outcome: MatchOutcome,
    calibration_ref: Ref,
    origin: str,
    *,
    likely: LikelyArtists | None = None,
) -> Verification:
    """The statement about a verified picture. `calibration_ref` names the record that published the calibration.
    `likely`: what a classifier of artists says."""
    return Verification(
        artist_reference=None if likely is None else _reference(likely),
        attribution=_attribution(outcome.attribution),
        calibration=outcome.calibration,
        corpus=CorpusPoint(through=outcome.corpus.through, works=outcome.corpus.works),
        fingerprint=fingerprint_digests(fingerprint),
        generated_at=now_text(),
        image=ImageFacts(
            height=image.height,
            media_type=image.media_type,
            pixel_sha256=image.pixel_sha256,
            sha256=image.sha256,
            width=image.width,
        ),
        matches=tuple(match_text(match) for match in outcome.matches),
        origin=origin,
        record_id=new_id(),
        refs=(calibration_ref, *(registration_ref(match) for match in outcome.matches)),
        verdict=outcome.verdict,
    )


def generation_predicate(
    compared: Verification,
    *,
    guard: Guard,
    model: ModelRef,
    origin_of_image: Literal["service", "reported"],
    policy: str | None,
    prompt: str,
    refs: tuple[Ref, ...],
    sampler: str,
    seed: str,
    settings: Mapping[str, str],
) -> Generation:
    """The statement about a generated picture: the result of comparing it, and how it was made.

    `refs` are added to the references of the comparison.
    """
    shared: dict[str, Any] = {name: getattr(compared, name) for name in Verification.model_fields}
    return Generation(
        **shared | {"refs": (*compared.refs, *refs)},
        guard=guard,
        model=model,
        origin_of_image=origin_of_image,
        policy=policy,
        prompt=prompt,
        sampler=sampler,
        seed=seed,
        settings=dict(islice(settings.items(), MAX_SETTINGS)),
        size=PixelSize(height=compared.image.height, width=compared.image.width),
    )


def registration_ref(match: Match) -> Ref:
    return Ref(leaf_hash=match.registration_leaf_hash, record_id=match.registration_record_id)


def match_text(match: Match) -> MatchText:
    """A match in the form that records use."""
    return MatchText(
        artist_id=match.artist_id,
        bin=match.bin,
        evidence=None if match.evidence is None else evidence_text(match.evidence),
        group=None if match.group is None else match.group.first,
        members=() if match.group is None else tuple(map(_member, match.group.members)),
        n_null=match.n_null,
        p_value=decimal_text(match.p_value, PLACES),
        rank=match.rank,
        raw={name: decimal_text(value, PLACES) for name, value in match.raw.items()},
        relation=match.relation,
        score=decimal_text(match.score, PLACES),
        work_id=match.work_id,
        work_pixel_sha256=match.work_pixel_sha256,
        work_sha256=match.work_sha256,
    )


def _member(member: GroupMember) -> MemberText:
    return MemberText(artist_id=member.artist_id, work_id=member.work_id)


def _reference(likely: LikelyArtists) -> ArtistReference:
    return ArtistReference(
        artists=tuple(
            ArtistProbability(artist_id=each.artist_id, probability=decimal_text(each.probability, PLACES))
            for each in likely.artists
        ),
        model=likely.model,
        none=decimal_text(likely.none, PLACES),
    )


def _attribution(attribution: Attribution) -> AttributionText:
    return AttributionText(
        alpha=f"{attribution.alpha:f}",
        shares=tuple(
            ShareText(artists=share.artists, group=share.group, share=f"{share.share:f}")
            for share in attribution.shares
        ),
        unattributed=f"{attribution.unattributed:f}",
    )


def evidence_text(evidence: Evidence) -> EvidenceText:
    """The evidence of a verified relation, in the form that records use."""
    return EvidenceText(
        inliers=evidence.inliers,
        method=evidence.method,
        query_cover=decimal_text(evidence.query_cover, PLACES),
        query_region=_region(evidence.query_region),
        tile_distance=decimal_text(evidence.tile_distance, PLACES),
        transform=tuple(decimal_text(value, PLACES) for value in evidence.transform),
        work_cover=decimal_text(evidence.work_cover, PLACES),
        work_region=_region(evidence.work_region),
    )


def _region(region: Region) -> RegionText:
    return RegionText(
        bottom=decimal_text(region.bottom, PLACES),
        left=decimal_text(region.left, PLACES),
        right=decimal_text(region.right, PLACES),
        top=decimal_text(region.top, PLACES),
    )
