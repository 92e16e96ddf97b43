"""The inputs and results of matching. They state only what was measured: nearness, with p, n and bin."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from ledger.corpus.work import CorpusState
from ledger.fingerprint.fingerprint import Fingerprint, QueryFingerprint
from ledger.image.canonical_image import Pixels
from ledger.match.attribution import WHOLE, Attribution, Edges, Share, written
from ledger.match.lists import COPY_RELATIONS, IDENTICAL, MAX_MEMBERS, Relation, Verdict

__all__ = [
    "COPY_RELATIONS",
    "WORKS_PER_STYLE",
    "WORKS_PER_WINDOW",
    "Attribution",
    "Candidate",
    "CandidateIndex",
    "Evidence",
    "Group",
    "GroupMember",
    "Match",
    "MatchOutcome",
    "Query",
    "Region",
    "Relation",
    "Share",
    "Verdict",
    "WorkPicture",
    "copies_of",
]


@dataclass(frozen=True, slots=True)
class Query:
    """A picture to match."""

    sha256: str
    pixel_sha256: str
    fingerprint: QueryFingerprint
    working: Pixels
    not_comparable: str | None = None
    """Why its fingerprint cannot be compared (`fingerprint.complexity.comparable`); then only equal bytes match."""
    view: str = ""
    """Name of the view that this is of another query (query_pictures.py); empty for the picture itself."""
    others: tuple[Query, ...] = ()
    """Other pictures that it may be an altered form of, compared beside it."""
    negative: Callable[[], Query] | None = None
    """Makes its negative, which is compared where its hashes say so."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A registered work from the index, with the data for exact re-ranking."""

    work_id: str
    artist_id: str
    sha256: str
    pixel_sha256: str
    registration_record_id: str
    registration_leaf_hash: str
    fingerprint: Fingerprint
    duplicate_group: str | None = None
    """Group of works that are verified duplicates of each other; works with equal pixels need no group."""
    allows_style: bool = False
    """Whether the work's allowed uses include `style`; then its fingerprint has the spec's style embeddings."""
    second: Fingerprint | None = None
    """The fingerprint of its second view, over black, where it has one."""


@dataclass(frozen=True, slots=True)
class WorkPicture:
    """Stored data of a registered work for geometric verification."""

    preview: Pixels
    local: bytes
    """Its fingerprint's local features."""
    second: WorkPicture | None = None
    """The same of its second view, where it has one."""


@dataclass(frozen=True, slots=True)
class GroupMember:
    """One of several registrations of a picture."""

    artist_id: str
    work_id: str


@dataclass(frozen=True, slots=True)
class Group:
    """Works that are copies of each other."""

    first: str
    """Id of the first registered work."""
    members: tuple[GroupMember, ...]
    """The first work of each artist, in the order of the log, at most MAX_MEMBERS."""

    @classmethod
    def of(cls, works: Sequence[GroupMember]) -> Self:
        """The group of these works, given in the order of their registration."""
        first = {member.artist_id: member for member in reversed(works)}
        members = [first[artist_id] for artist_id in dict.fromkeys(member.artist_id for member in works)]
        return cls(works[0].work_id, tuple(members[:MAX_MEMBERS]))


WORKS_PER_WINDOW = 15
"""Works per window of a query. Each window has its own places, so that a blank window, which is near to many works,
takes none from another window."""

WORKS_PER_NEGATIVE = 5
"""Works by the hash of a query's negative, which is the complement of its own."""

WORKS_PER_STYLE = 30
"""Works per style embedding; enough that one artist's many works do not take all places."""


class CandidateIndex(Protocol):
    """Finds works that are not withdrawn and whose allowed uses include `match`. Implemented with pgvector."""

    def state(self) -> CorpusState: ...

    def search(self, query: Query, *, limit: int) -> Sequence[Candidate]:
        """Works with equal digests; by their first views, and by their second ones, the `limit` nearest by each hash
        over all views of the query and by the embedding of the whole;
        WORKS_PER_WINDOW by each window; and, if the query has style embeddings, WORKS_PER_STYLE by each, of the works
        that allow `style`. Unordered, without duplicates; fingerprints lack local features."""

    def surroundings(self, query: Query, found: Sequence[Candidate]) -> NDArray[np.float16]:
        """`copy` embeddings, shape (m, dimension), among which are those of the LAST_RANK views of works of the whole
        corpus that are nearest to the query and to each of its windows, whatever works this index leaves out. `found`:
        what `search` returned for the query."""

    def groups(self, work_ids: Sequence[str]) -> Mapping[str, Group]:
        """The duplicate groups of works, by work id: verified copies of each other, and works with equal pixels. Works
        without a group are left out."""

    def pictures(self, work_ids: Sequence[str]) -> Mapping[str, WorkPicture]:
        """Stored data of works for geometric verification; works without it are left out."""


def copies_of(found: Sequence[Candidate]) -> NDArray[np.float16]:
    """The `copy` embeddings of the candidates' views: the `surroundings` of an index that leaves nothing out."""
    views = [view for each in found for view in (each.fingerprint, each.second) if view is not None]
    return np.stack([view.embeddings["copy"] for view in views])


@dataclass(frozen=True, slots=True)
class Region:
    """A rectangle in fractions of the picture's width and height, each in [0, 1]."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """Evidence of a verified relation, which a reader can check by looking at the pictures."""

    method: str
    query_region: Region
    work_region: Region
    transform: tuple[float, float, float, float, float, float]
    """Row-major 2x3 affine matrix from work to query, in pixels of the two working pictures' fractions."""
    inliers: int
    tile_distance: float
    """Largest root mean squared difference over the aligned pair's tiles, pixels in [0, 1] (Carlini et al. 2023)."""
    query_cover: float
    """Share of the query's content (without a border of one colour) that its region shows."""
    work_cover: float
    """The same for the work."""


@dataclass(frozen=True, slots=True)
class Match:
    rank: int
    work_id: str
    work_sha256: str
    work_pixel_sha256: str
    artist_id: str
    registration_record_id: str
    registration_leaf_hash: str
    relation: Relation
    score: float
    """Calibrated probability in [0, 1] that the picture is a copy of the work; comparable between queries."""
    p_value: float
    n_null: int
    bin: str
    raw: Mapping[str, float]
    evidence: Evidence | None
    group: Group | None = None
    """None if the work has no duplicates."""

    @property
    def artists(self) -> tuple[str, ...]:
        """Artists that registered the picture, in the order of the log; several if it is contested."""
        return (self.artist_id,) if self.group is None else tuple(each.artist_id for each in self.group.members)

    @property
    def works(self) -> tuple[str, ...]:
        """Ids of the work and of the named works of its group."""
        others = () if self.group is None else (each.work_id for each in self.group.members)
        return tuple(dict.fromkeys((self.work_id, *others)))

    @property
    def first_work(self) -> str:
        """The first work of its duplicate group; without a group, the work itself."""
        return self.work_id if self.group is None else self.group.first

    @property
    def written_p_value(self) -> Decimal:
        return written(self.p_value)

    @property
    def written_score(self) -> Decimal:
        return written(self.score)

    @property
    def place(self) -> Edges | None:
        """Where in the picture the work was found, as records write it; None if it was not located."""
        if self.evidence is None:
            return WHOLE if self.relation in IDENTICAL else None
        at = self.evidence.query_region
        return written(at.left), written(at.top), written(at.right), written(at.bottom)


@dataclass(frozen=True, slots=True)
class MatchOutcome:
    corpus: CorpusState
    calibration: str
    """Digest of the calibration file used."""
    matches: tuple[Match, ...]
    attribution: Attribution
    verdict: Verdict
    not_comparable: str | None = None
    """The reason for the verdict `not-comparable`."""
