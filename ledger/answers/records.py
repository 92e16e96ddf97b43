"""What the flows answer with, in the shapes that CLI and HTTP share (FORMAT.md, "Shapes that stay")."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ledger.answers.headline import Headline
from ledger.match.lists import Relation

_CLAIMED = frozenset({Relation.EXACT, Relation.SAME_PIXELS, Relation.UNVERIFIED, Relation.SIMILAR_STYLE})
"""Relations that are said of a work even where it is no verified copy: each has its own error rate, or none."""


@dataclass(frozen=True, slots=True)
class MatchReport:
    """A match with the names that the signed record leaves out; score, p-value and n are as signed."""

    rank: int
    work_id: str
    title: str
    artist_id: str
    artist: str
    licence: str
    source: str
    relation: str
    score: str
    """Calibrated probability that the picture is a copy of the work, a decimal string."""
    p_value: str
    n_null: int
    bin: str
    evidence: Mapping[str, Any] | None
    preview: str | None
    """Path of a small picture of the work, where one may be shown."""
    withdrawn: bool
    group: str | None
    """The first registered work of its duplicate group, None where it stands alone."""
    artist_ids: tuple[str, ...]
    """Every artist who registered the picture, in the order of the log."""
    names: tuple[str, ...]
    """Of these artists; empty texts where they were erased."""
    verified: bool
    """Whether it is a copy, proven or verified, at p <= alpha."""
    contested: bool = False
    """Whether another artist has registered the work too: who made it is a matter of claims."""

    @property
    def claims(self) -> bool:
        """Whether anything is claimed about the work; else it is near by rank only, and people see it folded."""
        return self.verified or self.relation in _CLAIMED


@dataclass(frozen=True, slots=True)
class ShareReport:
    """Of one artist, or of all who registered a contested work together."""

    artist_ids: tuple[str, ...]
    names: tuple[str, ...]
    """In the same order; empty texts where they were erased."""
    group: str | None
    """The contested work's id: the first registration."""
    share: str


@dataclass(frozen=True, slots=True)
class CalibrationReport:
    """What a record's error rates rest on."""

    digest: str
    works: int
    """Works that they were measured against; the record's own corpus may have more by now."""
    outdated: bool
    """Whether the record's corpus differs from that in size by more than a tenth."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a person wants to read: names resolved, nothing added to what was measured."""

    verdict: str
    comparable: bool
    works_compared: int
    alpha: str
    calibration: CalibrationReport | None
    """None where the record of the calibration is not here."""
    notes: tuple[str, ...]
    """What keeps the answer from meaning what it seems to: no works, an outgrown calibration, nothing to compare."""
    matches: tuple[MatchReport, ...]
    shares: tuple[ShareReport, ...]
    unattributed: str


@dataclass(frozen=True, slots=True)
class NamedRecord:
    """A record that a file's credentials lead to."""

    record_id: str
    kind: str
    reference: str
    picture: str
    """What its picture is to the file's: `same-file`, `same-pixels`, `similar` or `different` by the hashes of both, or
    `not-comparable`."""
    links: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CredentialsReport:
    """Content Credentials (C2PA) in a file that was sent in. Unsigned; texts are the file's own, cleaned."""

    state: str
    """`valid`, `untrusted` or `invalid`: intact by a trusted signer, intact by another, broken."""
    says: str
    """All of it in words."""
    issuer: str | None
    claim_generator: str | None
    digital_source_type: str | None
    manifest_sha256: str | None
    problems: tuple[str, ...]
    assertion: Mapping[str, Any] | None
    """`org.artledger.attribution` as it stands in the file (FORMAT.md)."""
    from_ingredient: bool
    """Whether the assertion is that of a picture which this one was made from."""
    record: NamedRecord | None
    """The record that the assertion names, where it is on this log."""


@dataclass(frozen=True, slots=True)
class RecordAnswer:
    """One record of the log, of any kind."""

    record_id: str
    kind: str
    leaf_index: int
    appended_at: str
    repeated: bool
    reference: str
    statement: Mapping[str, Any]
    envelope: Mapping[str, Any]
    report: Report | None
    """None for kinds without matches."""
    links: Mapping[str, str]
    """`self`, `bundle`, `page`: paths below the service's URL."""
    credentials: CredentialsReport | None = None
    """Of the file that was sent in; None where it has none (which is unknown), and where no file was sent."""
    headline: Headline | None = None
    """Of a picture's record; None in lists, for other kinds, and in the answer to whoever has just made a picture."""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class RecordPage:
    """Records in the order of their leaf index; `next_after` continues (`after=`), None at the end."""

    records: tuple[RecordAnswer, ...]
    next_after: int | None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class SimilarRecord:
    """The record of a generated picture that another picture shows; unsigned, found by what it looks like."""

    record: RecordAnswer
    relation: str
    """`near-duplicate` or `partial-copy`."""
    evidence: Mapping[str, Any] | None
    """Why it is verified, in the shape of a match's; None where hashes alone speak for it."""
    phash_distance: int
    """Bits of 256."""


@dataclass(frozen=True, slots=True)
class LookupAnswer:
    """What is known about a picture, without making a record: records of the very image, and unsigned matches."""

    sha256: str
    records: tuple[RecordAnswer, ...]
    matches: tuple[MatchReport, ...]
    reference: str
    notes: tuple[str, ...] = ()
    """As in a record's report."""
    similar_records: tuple[SimilarRecord, ...] = ()
    """Of generated pictures that this one is an edited copy of, the surest first."""
    credentials: CredentialsReport | None = None
    """As in a record's answer."""
    headline: Headline | None = None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class ContestReport:
    """Another artist's registration of the same work."""

    work_id: str
    artist_id: str
    artist: str
    relation: str
    """`exact`, `same-pixels`, `near-duplicate` or `partial-copy`."""
    registration_record_id: str
    registration_index: int


@dataclass(frozen=True, slots=True)
class WorkAnswer:
    work_id: str
    title: str
    artist_id: str
    artist: str
    licence: str
    allowed_uses: tuple[str, ...]
    source: str
    sha256: str
    pixel_sha256: str
    registration_record_id: str
    registration_index: int
    withdrawn: bool
    preview: str | None
    links: Mapping[str, str]
    credit_line: str
    link: str
    terms: str
    """The artist's own, where the licence is `LicenseRef-terms-...`."""
    contested: tuple[ContestReport, ...]
    """Registrations of the same work by others, in the order of the log. The first to register is not therefore the
    first to make."""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class ArtistAnswer:
    artist_id: str
    name: str
    works: int
    sample: tuple[WorkAnswer, ...]
    """The first works by leaf index, at most 24."""
    links: Mapping[str, str]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class WorkPage:
    """Works in the order of their registration; `next_after` continues (`after=`), None at the end."""

    works: tuple[WorkAnswer, ...]
    next_after: int | None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class CorpusStats:
    works: int
    artists: int
    through: int
    """Leaf index of the last registration, consent or withdrawal (-1: none)."""
    tree_size: int
    records: Mapping[str, int]
    """Entries by kind."""
    licences: Mapping[str, int]
    largest_artists: tuple[tuple[str, int], ...]
    spec: str
    calibration: str | None
    calibration_works: int | None
    """Works that the newest calibration was made against."""
    notes: tuple[str, ...]
    """What to do about an empty corpus or an outgrown calibration."""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class ModelAnswer:
    """A model as its newest record has it."""

    model_id: str
    format: str
    weights_sha256: str
    """SHA-256 over the sorted digests of its files."""
    spec: str
    """Digest of the description's RFC 8785 bytes."""
    description: Mapping[str, Any]
    manifest: Mapping[str, Any] | None
    """`root` and `size` of the works that it was trained on; None where that is undisclosed."""
    manifest_status: str
    record_id: str
    links: Mapping[str, str]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class ListedDigest:
    """A digest in a manifest, with its place and RFC 9162 inclusion path in lowercase hex."""

    sha256: str
    index: int
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MembershipAnswer:
    """Whether a file was among those that a model was trained on, with the proof (ledger/audit/manifest.py)."""

    model_id: str
    record_id: str
    """The `model` record, which has root and size."""
    sha256: str
    listed: bool
    root: str
    size: int
    proof: tuple[ListedDigest, ...]
    """The digest itself, or the neighbours between which it is missing."""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)
