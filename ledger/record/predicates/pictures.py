"""Records about pictures: verified, generated, delivered, found to reproduce a work."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, ClassVar, Final, Literal, Self

from pydantic import Field, model_validator

from ledger.match.lists import COPY_RELATIONS, Verdict
from ledger.record.parts import (
    ArtistReference,
    AttributionText,
    CorpusPoint,
    FingerprintDigests,
    ImageFacts,
    Matches,
    MatchText,
    ModelRef,
    PixelSize,
    Ref,
)
from ledger.record.predicates.kind import Kind
from ledger.record.values import (
    Count,
    DecimalTable,
    Digest,
    Id,
    Label,
    MediaType,
    Model,
    Name,
    Origin,
    SortedKeys,
    Time,
)

Guard = Literal["allow", "warn", "regenerated", "block"]

Seed = Annotated[str, Field(pattern="^(?:0|[1-9][0-9]{0,19})$")]
"""An unsigned integer as text: samplers use 64 bits, JSON numbers hold 53."""
UNKNOWN: Final = "unknown"
"""Replaces a seed, a prompt's commitment or a sampler that the record's maker does not know."""
MAX_SETTINGS = 32
"""Largest number of settings of a sampler."""


class Verification(Model):
    """A picture compared with the registered works. Subject: the image's bytes.

    `calibration` is the digest of the calibration file; `refs` name the calibration's record and the registrations of
    the matched works.
    """

    kind: ClassVar[Kind] = "verification"
    artist_reference: ArtistReference | None
    attribution: AttributionText
    calibration: Digest
    corpus: CorpusPoint
    fingerprint: FingerprintDigests
    generated_at: Time
    image: ImageFacts
    matches: Matches
    origin: Origin
    record_id: Id
    refs: tuple[Ref, ...]
    verdict: Verdict


class Generation(Model):
    """A generated picture compared with the registered works. Subject: the digest of its canonical pixels.

    `policy` is the digest of the file that decided `guard`. A reported picture was delivered elsewhere, so nothing is
    decided about it here: its `policy` is null and its `guard` is `allow`. `prompt` is a commitment; `prompt`, `seed`
    and `sampler` are `unknown` if they are not known or not disclosed. `settings`: the sampler's settings, with the
    names that its pipeline uses.
    """

    kind: ClassVar[Kind] = "generation"
    artist_reference: ArtistReference | None
    attribution: AttributionText
    calibration: Digest
    corpus: CorpusPoint
    fingerprint: FingerprintDigests
    generated_at: Time
    guard: Guard
    image: ImageFacts
    matches: Matches
    model: ModelRef
    origin: Origin
    origin_of_image: Literal["service", "reported"]
    policy: Digest | None
    prompt: Digest | Literal["unknown"]
    record_id: Id
    refs: tuple[Ref, ...]
    sampler: Label
    seed: Seed | Literal["unknown"]
    settings: Annotated[DecimalTable, Field(max_length=MAX_SETTINGS)]
    size: PixelSize
    verdict: Verdict

    @model_validator(mode="after")
    def _decided_where_made(self) -> Self:
        reported = self.origin_of_image == "reported"
        if reported != (self.policy is None):
            raise ValueError("a picture made here names the policy it was decided by, a reported one names none")
        if not reported and self.image.sha256 != self.image.pixel_sha256:
            raise ValueError("a picture made here has no file yet: its sha256 is its pixel_sha256")
        if (self.size.width, self.size.height) != (self.image.width, self.image.height):
            raise ValueError("the size is that of the picture")
        if reported and self.guard != "allow":
            raise ValueError("nothing is decided here about a reported picture: its guard is allow")
        return self


def verified_copies(record: Verification | Generation) -> tuple[MatchText, ...]:
    """The matches that are copies, proven or verified, with p <= alpha."""
    alpha = Decimal(record.attribution.alpha)
    return tuple(
        match for match in record.matches if match.relation in COPY_RELATIONS and Decimal(match.p_value) <= alpha
    )


class Asset(Model):
    """The delivered file of a generation. Subject: its bytes; `refs`: only the generation."""

    kind: ClassVar[Kind] = "asset"
    c2pa_manifest_sha256: Digest
    generated_at: Time
    media_type: MediaType
    origin: Origin
    record_id: Id
    refs: Annotated[tuple[Ref, ...], Field(min_length=1, max_length=1)]


class Finding(Model):
    """A model reproduces a work. Subject: the generated picture's pixels. `work`: a work id; `multiplicity`: how often
    the work is in the training set; `settings`: those of the audit."""

    kind: ClassVar[Kind] = "finding"
    distances: DecimalTable
    generated_at: Time
    model: ModelRef
    multiplicity: Count
    origin: Origin
    record_id: Id
    refs: tuple[Ref, ...]
    settings: Annotated[dict[Name, Label], SortedKeys]
    work: Id
