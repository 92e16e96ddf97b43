"""Copies within the corpus: every work is compared like a new picture, and groups are cliques of copies.

Only previews of works are kept. So a work is compared by its preview (for views, windows and geometry) together with
the fingerprint of its file. Each batch of results is one transaction: after an interruption, only works that were not
compared under the calibration in force remain. In a larger corpus only new works are compared, until it is calibrated
again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from ledger.cores import cores
from ledger.errors import PushbackError
from ledger.fingerprint.fingerprint import Fingerprint
from ledger.fingerprint.fingerprinter import Fingerprinter
from ledger.flows.pictures.measurements import match_text
from ledger.flows.pictures.verify import query_of, query_with_views
from ledger.flows.progress import Progress, silent
from ledger.flows.upkeep.calibrate import Calibrations, PublishedCalibration
from ledger.flows.works.cliques import cliques, missing_pairs
from ledger.flows.works.subset import OthersWorks, TheseWorks
from ledger.image.canonical_image import CanonicalImage
from ledger.match.calibration import VERIFIED
from ledger.match.candidate import Candidate, CandidateIndex, Match, Query, WorkPicture
from ledger.match.copies.matcher import Matcher
from ledger.match.lists import COPY_RELATIONS, Relation
from ledger.match.null_set import shipped_null_set
from ledger.storage.search.candidates import PgVectorIndex
from ledger.storage.works.duplicates import DuplicateStore, Pair

BATCH = 32
"""Works in one transaction, compared in parallel."""
MATCHES = 50
"""How many copies one search may find. Further ones are found by comparing works that have a copy in common."""
ROUNDS = 10
"""How many rounds a new work is compared, each with the VERIFIED next nearest works of others, while copies are
found."""
_ABOUT_THE_WORK = {"rank", "work_id", "work_sha256", "work_pixel_sha256", "group", "members"}
"""Fields that a pair does not need, because it names both works itself."""
NO_PICTURE = "no picture of it is kept"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Groups:
    """The known copies within the corpus."""

    works: int
    asked: int
    """Works that were compared in this run. The others were compared under the same calibration before."""
    calibration: str
    groups: Mapping[str, tuple[str, ...]]
    """Group id (the id of its first registered work) -> works, in the order of registration."""
    pairs: tuple[Pair, ...]
    """Verified pairs, the most certain first: those within groups, those that link a group to others, and those that
    only share a drawn part."""
    not_comparable: Mapping[str, str]
    """Work id -> why its picture has too little detail to be compared. A file with the same bytes still is its copy."""


@dataclass(frozen=True, slots=True)
class Deduplication:
    """Run it again after an interruption, or after works were added."""

    fingerprinter: Fingerprinter
    index: PgVectorIndex
    calibrations: Calibrations
    store: DuplicateStore
    lock: Callable[[], AbstractContextManager[bool]]
    """Yields whether no other process does the same."""

    def run(self, progress: Progress = silent) -> Groups | None:
        """Finds and stores the groups; None where there is no work to compare.

        Raises PushbackError (`dedup-running`) while another process does the same, and as `Calibrations.current`.
        """
        with self.lock() as alone:
            if not alone:
                raise PushbackError(
                    "another process is looking for copies within this corpus",
                    code="dedup-running",
                    hint="Wait for it to end, then run the command again. Its results are kept.",
                    retry_after=60,
                )
            return self._run(progress)

    def compare(self, work_ids: Sequence[str], progress: Progress = silent) -> None:
        """Compares only new works, and stores which works of other artists they are verified copies of. Groups are
        updated by the next `run`.

        Searches for the next nearest works until a round finds no copy, so that each of many near-duplicates is marked.
        Raises as `Calibrations.current`.
        """
        if work_ids:
            calibrated, artists = self.calibrations.current(), self.store.artists(work_ids)
            for number, batch in enumerate(_chunks(work_ids, BATCH), 1):
                self._compare(calibrated, batch, artists)
                progress("looking for copies", min(number * BATCH, len(work_ids)), len(work_ids))

    def is_copy_of_others(self, image: CanonicalImage, artist_id: str) -> bool:
        """Whether a picture that is not registered is a verified copy of a work that somebody else registered.

        Raises as `Calibrations.current`.
        """
        calibrated = self.calibrations.current()
        query = query_with_views(image, self.fingerprinter)
        job = ("", query, OthersWorks(self.index, artist_id), VERIFIED)
        return any(pair.verified for pair in self._pairs(calibrated, [job]))

    def _compare(self, calibrated: PublishedCalibration, work_ids: Sequence[str], artists: Mapping[str, str]) -> None:
        queries = self._queries(work_ids)
        blank = _not_comparable(queries)
        seen: dict[str, set[str]] = {work_id: set() for work_id in queries}
        verified: list[Pair] = []
        going = list(queries)
        for _ in range(ROUNDS):
            jobs = [
                (work_id, query, OthersWorks(self.index, artists[work_id], frozenset(seen[work_id])), VERIFIED)
                for work_id in going
                for query in queries[work_id]
            ]
            found = list(self._pairs(calibrated, jobs))
            verified += (pair for pair in found if pair.verified)
            for pair in found:
                asked = str(pair.found["query"])
                seen[asked].add(pair.second if pair.first == asked else pair.first)
            going = [work_id for work_id in going if any(p.verified and p.found["query"] == work_id for p in found)]
            if not going:
                break
        # A work that was compared only with others' works must still be compared with its own artist's, by `run`.
        self.store.put(calibrated.digest, blank, verified, compared=work_ids)

    def _run(self, progress: Progress) -> Groups | None:
        members = self.store.members()
        if not members:
            return None
        calibrated = self.calibrations.current()
        done = self.store.begin(calibrated.digest)
        todo = [work_id for work_id in members if work_id not in done]
        progress("asking about works", len(members) - len(todo), len(members))
        for number, batch in enumerate(_chunks(todo, BATCH)):
            self._ask(calibrated, batch)
            progress(
                "asking about works", len(members) - len(todo) + min(len(todo), (number + 1) * BATCH), len(members)
            )
        self._compare_missing(calibrated, progress)
        verified = self._verified(self.store.pairs())
        copies = [pair for pair in verified if not pair.shares_a_part]
        groups = {works[0]: works for works in cliques(copies, members)}
        self.store.replace_groups(groups)
        known = set(members)
        return Groups(
            works=len(members),
            asked=len(todo),
            calibration=calibrated.digest,
            groups=groups,
            pairs=tuple(
                pair
                for pair in sorted(verified, key=lambda pair: (-pair.score, pair.first, pair.second))
                if {pair.first, pair.second} <= known
            ),
            not_comparable={key: why for key, why in self.store.not_comparable().items() if key in known},
        )

    def _ask(self, calibrated: PublishedCalibration, work_ids: Sequence[str]) -> None:
        """Compares a batch of works with the whole corpus, and stores the result."""
        queries = self._queries(work_ids)
        blank = _not_comparable(queries)
        asked = {work_id: blank.get(work_id) if work_id in queries else NO_PICTURE for work_id in work_ids}
        jobs = [(work_id, query, self.index, MATCHES) for work_id, views in queries.items() for query in views]
        pairs = [pair for pair in self._pairs(calibrated, jobs) if pair.verified]
        self.store.put(calibrated.digest, asked, pairs, compared=work_ids)

    def _compare_missing(self, calibrated: PublishedCalibration, progress: Progress) -> None:
        """Compares works that have a copy in common until no pair is missing. Pairs that are not copies are stored too,
        so that they are not compared again.
        """
        compared = self.store.pairs()
        while missing := missing_pairs(self._verified(compared), compared):
            total, done = sum(map(len, missing.values())), 0
            for batch in _chunks(list(missing.items()), BATCH):
                queries = self._queries([work_id for work_id, _ in batch])
                jobs = [
                    (work_id, query, TheseWorks(self.index, chunk, self.index.state()), len(chunk))
                    for work_id, others in batch
                    for query in queries.get(work_id, ())
                    for chunk in _chunks(others, VERIFIED)
                ]
                pairs = sorted(self._pairs(calibrated, jobs), key=lambda pair: (pair.verified, pair.score))
                found = {(pair.first, pair.second): pair for pair in pairs}
                for work_id, others in batch:
                    for other in others:
                        found.setdefault((work_id, other), _nothing(work_id, other))
                self.store.put(calibrated.digest, {}, found.values())
                done += sum(len(others) for _, others in batch)
                progress("comparing copies of one work", done, total)
            compared = self.store.pairs()

    def _verified(self, pairs: Sequence[Pair]) -> list[Pair]:
        """The pairs that are copies. A work that is not comparable is a copy of others only by its digests."""
        blank = self.store.not_comparable()
        return [
            pair
            for pair in pairs
            if pair.verified
            and (pair.found["relation"] == Relation.EXACT or not (pair.first in blank or pair.second in blank))
        ]

    def _queries(self, work_ids: Sequence[str]) -> dict[str, list[Query]]:
        """Queries for each view of works, the first view's first, by id, without works whose picture is not kept."""
        pictures = self.index.pictures(work_ids)
        views: list[tuple[str, Fingerprint, CanonicalImage]] = []
        for work in self.index.candidates(work_ids):
            kept = pictures.get(work.work_id)
            if kept is not None:
                views.append((work.work_id, work.fingerprint, _image_of(work, kept)))
                if work.second is not None and kept.second is not None:
                    views.append((work.work_id, work.second, _image_of(work, kept.second)))
        queries: dict[str, list[Query]] = {}
        described = self.fingerprinter.queries([image for _, _, image in views])
        for (work_id, known, image), fingerprint in zip(views, described, strict=True):
            queries.setdefault(work_id, []).append(query_of(image, replace(fingerprint, image=known)))
        return queries

    def _pairs(
        self, calibrated: PublishedCalibration, jobs: Sequence[tuple[str, Query, CandidateIndex, int]]
    ) -> Iterator[Pair]:
        """The works matched for each job (work, query, where to search, how many)."""
        null_set, calibration = shipped_null_set(), calibrated.calibration

        def matches(job: tuple[str, Query, CandidateIndex, int]) -> list[Pair]:
            work_id, query, index, limit = job
            near = Matcher(index, calibration, null_set).compare(query, limit)
            return [_pair(work_id, match, calibration.alpha) for match in near if match.work_id != work_id]

        with ThreadPoolExecutor(cores()) as threads:
            for found in threads.map(matches, jobs):
                yield from found


def _image_of(work: Candidate, kept: WorkPicture) -> CanonicalImage:
    height, width = kept.preview.shape[:2]
    return CanonicalImage(work.sha256, "image/webp", width, height, work.pixel_sha256, kept.preview)


def _not_comparable(queries: Mapping[str, Sequence[Query]]) -> dict[str, str]:
    """Why works cannot be compared, by id. A work with a second view can be."""
    return {work_id: views[0].not_comparable for work_id, views in queries.items() if views[0].not_comparable}


def _pair(work_id: str, match: Match, alpha: float) -> Pair:
    text = match_text(match)
    found: dict[str, Any] = {
        "query": work_id,
        **text.model_dump(
            mode="json", exclude={"rank", "work_id", "work_sha256", "work_pixel_sha256", "group", "members"}
        ),
    }
    verified = match.relation in COPY_RELATIONS and match.p_value <= alpha
    return Pair.of(work_id, match.work_id, verified=verified, score=match.score, found=found)


def _nothing(one: str, other: str) -> Pair:
    """A pair that was compared and is not near."""
    return Pair.of(one, other, verified=False, score=0.0, found={"query": one, "relation": Relation.NEAREST})


def _chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (items[start : start + size] for start in range(0, len(items), size))
