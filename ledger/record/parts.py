"""Parts that several kinds of record share. Fields are in the order of their names (see values.Model)."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from ledger.canonical import MAX_INTEGER
from ledger.corpus.work import AllowedUse
from ledger.match.attribution import WHOLE, Edges
from ledger.match.lists import IDENTICAL, MATCHES, MAX_MEMBERS, Relation
from ledger.record.values import (
    Count,
    DecimalTable,
    DecimalText,
    Digest,
    Id,
    Label,
    MediaType,
    Model,
    Name,
    Positive,
    ScoreText,
    SortedKeys,
    UnitText,
)


class Ref(Model):
    """Another record: its id, and its leaf hash (RFC 9162 section 2.1.1) in lowercase hex."""

    leaf_hash: Digest
    record_id: Id


class ImageFacts(Model):
    """The picture: its size in canonical pixels, the digests of its bytes and of its canonical pixels."""

    height: Positive
    media_type: MediaType
    pixel_sha256: Digest
    sha256: Digest
    width: Positive


class EmbeddingDigest(Model):
    """SHA-256 of the L2-normalised vector as little-endian float16."""

    dimension: Positive
    sha256: Digest


class FingerprintDigests(Model):
    """A fingerprint in a record. `spec`: digest of the FingerprintSpec; the hashes are 256 bits in hex."""

    embeddings: Annotated[dict[Name, EmbeddingDigest], SortedKeys]
    pdq: Digest
    pdq_quality: Annotated[int, Field(ge=0, le=100)]
    phash: Digest
    spec: Digest


class CorpusPoint(Model):
    """The corpus as of leaf `through` (-1: no leaf yet), with `works` works that may be matched."""

    through: Annotated[int, Field(ge=-1, le=MAX_INTEGER)]
    works: Count


class RegionText(Model):
    """A rectangle in fractions of the picture's height and width."""

    bottom: UnitText
    left: UnitText
    right: UnitText
    top: UnitText


class EvidenceText(Model):
    """Evidence of a verified relation. `transform`: row-major 2x3 affine matrix from work to query in fractions of the
    two pictures; `tile_distance`: largest root mean squared difference over the tiles of the aligned pair; the covers:
    share of each picture's content (without a border of one colour) that its region shows."""

    inliers: Count
    method: Label
    query_cover: UnitText
    query_region: RegionText
    tile_distance: DecimalText
    transform: Annotated[tuple[DecimalText, ...], Field(min_length=6, max_length=6)]
    work_cover: UnitText
    work_region: RegionText


class MemberText(Model):
    """One of several registrations of a picture."""

    artist_id: Id
    work_id: Id


class MatchText(Model):
    """One near work. `score`: calibrated probability that the picture is a copy of it. `p_value`: share of unrelated
    pictures of the same `bin` that come as close, measured on `n_null` of them.

    `group`: the first registered work of its duplicate group, null without a group. `members`: the first work of each
    artist of that group, in the order of the log."""

    artist_id: Id
    bin: Label
    evidence: EvidenceText | None
    group: Id | None
    members: Annotated[tuple[MemberText, ...], Field(max_length=MAX_MEMBERS)]
    n_null: Count
    p_value: UnitText
    rank: Positive
    raw: DecimalTable
    relation: Relation
    score: ScoreText
    work_id: Id
    work_pixel_sha256: Digest
    work_sha256: Digest

    @model_validator(mode="after")
    def _grouped(self) -> Self:
        if (self.group is None) != (not self.members):
            raise ValueError("a group has members, and only a group has")
        if self.members and self.artist_id not in self.artists:
            raise ValueError("the work's artist is not among the artists of its group")
        if len({member.artist_id for member in self.members}) != len(self.members):
            raise ValueError("an artist of the group is named twice")
        return self

    @property
    def artists(self) -> tuple[str, ...]:
        """Artists that registered the picture, in the order of the log."""
        return tuple(member.artist_id for member in self.members) or (self.artist_id,)

    @property
    def works(self) -> tuple[str, ...]:
        """Ids of the work and of the named works of its group."""
        return tuple(dict.fromkeys((self.work_id, *(member.work_id for member in self.members))))

    @property
    def first_work(self) -> str:
        """The first work of its duplicate group; without a group, the work itself."""
        return self.group or self.work_id

    @property
    def written_p_value(self) -> Decimal:
        return Decimal(self.p_value)

    @property
    def written_score(self) -> Decimal:
        return Decimal(self.score)

    @property
    def place(self) -> Edges | None:
        """Where in the picture the work was found; None if it was not located."""
        if self.evidence is None:
            return WHOLE if self.relation in IDENTICAL else None
        at = self.evidence.query_region
        return Decimal(at.left), Decimal(at.top), Decimal(at.right), Decimal(at.bottom)

    def work_of(self, artist_id: str) -> str | None:
        """The artist's own work in the group: the matched one, or their first."""
        if artist_id == self.artist_id:
            return self.work_id
        return next((member.work_id for member in self.members if member.artist_id == artist_id), None)


def _ranked(matches: tuple[MatchText, ...]) -> tuple[MatchText, ...]:
    if any(match.rank != rank for rank, match in enumerate(matches, 1)):
        raise ValueError("the ranks of matches count up from 1")
    return matches


Matches = Annotated[tuple[MatchText, ...], Field(max_length=MATCHES), AfterValidator(_ranked)]


class ShareText(Model):
    """The share of one artist (`group` is null), or of all who registered the work at one place of the picture."""

    artists: Annotated[tuple[Id, ...], Field(min_length=1, max_length=MATCHES * MAX_MEMBERS)]
    group: Id | None
    share: UnitText


class AttributionText(Model):
    """The rule of FORMAT.md applied to matches with p <= alpha; it does not measure influence."""

    alpha: UnitText
    shares: tuple[ShareText, ...]
    unattributed: UnitText


class ArtistProbability(Model):
    artist_id: Id
    probability: UnitText


class ArtistReference(Model):
    """The trained classifier's answer: calibrated probabilities of artists, and of `none` of them."""

    artists: tuple[ArtistProbability, ...]
    model: Digest
    """SHA-256 of the classifier's file: that of the subject of its `model` record."""
    none: UnitText


class BinThresholds(Model):
    """One bin of a calibration: n null scores; the score needed at each alpha (a decimal string)."""

    bin: Label
    n: Count
    thresholds: Annotated[dict[UnitText, DecimalText], SortedKeys]


class Manifest(Model):
    """RFC 9162 root and size of the tree over the sorted digests of the works that a model was trained on."""

    root: Digest
    size: Count


class PixelSize(Model):
    height: Positive
    width: Positive


class ModelRef(Model):
    """A model and the digest of its weights, which is the subject of its `model` record."""

    model_id: Id
    weights_sha256: Digest


class EvidenceRef(Model):
    """A finding (a stable kebab-case code) and the record that it rests on."""

    finding: Name
    ref: Ref


class LeafRange(Model):
    """Leaves with start <= index < end."""

    end: Count
    start: Count


class UsageCount(Model):
    """How often works of the artist had `relation` to pictures; `generator_id` is null for pictures that users sent."""

    count: Count
    generator_id: Id | None
    relation: Relation


def _distinct(uses: tuple[AllowedUse, ...]) -> tuple[AllowedUse, ...]:
    if len(set(uses)) != len(uses):
        raise ValueError("a use is named twice")
    return uses


AllowedUses = Annotated[tuple[AllowedUse, ...], AfterValidator(_distinct)]
