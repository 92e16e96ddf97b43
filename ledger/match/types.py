"""What matching takes and yields. Nothing here says more than was measured: `visually nearest`, with p, n and bin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from ledger.corpus.types import CorpusState
from ledger.fingerprint.types import Fingerprint, QueryFingerprint
from ledger.image.types import Pixels
from ledger.match.lists import COPY_RELATIONS, Relation, Verdict

__all__ = [
    "COPY_RELATIONS",
    "WORKS_PER_LOOK",
    "WORKS_PER_STYLE",
    "Attribution",
    "Candidate",
    "CandidateIndex",
    "Evidence",
    "Match",
    "MatchOutcome",
    "Query",
    "Region",
    "Relation",
    "Share",
    "Verdict",
    "WorkPicture",
]


@dataclass(frozen=True, slots=True)
class Query:
    """A picture to be matched."""

    sha256: str
    pixel_sha256: str
    fingerprint: QueryFingerprint
    working: Pixels
    not_comparable: str | None = None
    """Why its fingerprint says nothing (`ledger.fingerprint.complexity.comparable`); then only equal bytes match."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A registered work that the index offers, with what exact re-ranking needs."""

    work_id: str
    artist_id: str
    sha256: str
    pixel_sha256: str
    registration_record_id: str
    registration_leaf_hash: str
    fingerprint: Fingerprint
    duplicate_group: str | None = None
    """Shared by works that the index knows to be verified duplicates of each other; equal pixels need no such group."""
    allows_style: bool = False
    """Whether the work's allowed uses include `style`; then its fingerprint has the spec's embeddings of style."""


@dataclass(frozen=True, slots=True)
class WorkPicture:
    """What is kept of a registered work for geometric verification."""

    preview: Pixels
    local: bytes
    """Its fingerprint's local features."""


WORKS_PER_LOOK = 15
"""Offered for each of a query's looks: the right look of nine must not lose its place to a blank one, that is near to
many works."""

WORKS_PER_STYLE = 30
"""Offered for each embedding of style: an artist's many works must not be all that is offered."""


class CandidateIndex(Protocol):
    """Finds works; pgvector implements it. Only works whose allowed uses include `match` and that are not withdrawn."""

    def state(self) -> CorpusState: ...

    def search(self, query: Query, *, limit: int) -> Sequence[Candidate]:
        """Union of equal digests, of the `limit` works nearest by each hash over all views and by the whole's
        embedding, and of WORKS_PER_LOOK by each look; and, where the query has embeddings of style, of the
        WORKS_PER_STYLE nearest by each among the works that allow `style`. Unordered, no duplicates, fingerprints
        without local features."""

    def pictures(self, work_ids: Sequence[str]) -> Mapping[str, WorkPicture]:
        """What is kept of works for geometric verification; works of which nothing is kept are left out."""


@dataclass(frozen=True, slots=True)
class Region:
    """A rectangle in fractions of the picture's width and height, each in [0, 1]."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why a relation is called verified: what a reader can check by looking."""

    method: str
    query_region: Region
    work_region: Region
    transform: tuple[float, float, float, float, float, float]
    """Row-major 2x3 affine matrix from work to query, in pixels of the two working pictures' fractions."""
    inliers: int
    tile_distance: float
    """Largest root mean squared difference over the aligned pair's tiles, pixels in [0, 1] (Carlini et al. 2023)."""


@dataclass(frozen=True, slots=True)
class Match:
    rank: int
    work_id: str
    work_sha256: str
    artist_id: str
    registration_record_id: str
    registration_leaf_hash: str
    relation: Relation
    score: float
    """Calibrated probability, in [0, 1], that the picture is a copy of the work; comparable between queries."""
    p_value: float
    n_null: int
    bin: str
    raw: Mapping[str, float]
    evidence: Evidence | None


@dataclass(frozen=True, slots=True)
class Share:
    artist_id: str
    share: float


@dataclass(frozen=True, slots=True)
class Attribution:
    """FORMAT.md, Attribution: a stated rule, not influence."""

    alpha: float
    unattributed: float
    shares: tuple[Share, ...]


@dataclass(frozen=True, slots=True)
class MatchOutcome:
    corpus: CorpusState
    calibration: str
    """Digest of the calibration file used."""
    matches: tuple[Match, ...]
    attribution: Attribution
    verdict: Verdict
    not_comparable: str | None = None
    """With the verdict `not-comparable`: why."""
