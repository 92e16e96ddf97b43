"""Registered works and the artists who registered them, and the corpus in figures."""

from __future__ import annotations

from dataclasses import dataclass

from ledger.answers.answer import Answer, Links
from ledger.answers.artists import ListedArtist
from ledger.answers.file_terms import FileTermAnswer
from ledger.answers.records import RecordAnswer
from ledger.corpus.work import AllowedUse
from ledger.match.lists import Relation


class ContestReport(Answer):
    """Another artist's registration of the same work. The first to register is not therefore the first to make."""

    work_id: str
    artist_id: str
    artist: str
    relation: Relation
    """`exact`, `same-pixels`, `near-duplicate` or `partial-copy`."""
    registration_record_id: str
    registration_index: int


class WorkAnswer(Answer):
    """A registered work. Its terms are those of its latest registration or consent."""

    work_id: str
    title: str
    artist_id: str
    artist: str
    licence: str
    allowed_uses: tuple[AllowedUse, ...]
    source: str
    sha256: str
    pixel_sha256: str
    registration_record_id: str
    registration_index: int
    withdrawn: bool
    preview: str | None
    links: Links
    credit_line: str
    link: str
    terms: str
    """The artist's own, where the licence is `LicenseRef-terms-...`."""
    file_terms: tuple[FileTermAnswer, ...]
    """What the work's own file, or a file beside it, took away from the uses when it was registered."""
    contested: tuple[ContestReport, ...]
    """Registrations of the same work by others, in the order of the log."""


class WorkPage(Answer):
    """Works in the order of their registration."""

    works: tuple[WorkAnswer, ...]
    next_after: int | None
    """Goes on (`after=`); null at the end."""


@dataclass(frozen=True, slots=True)
class SearchAnswer:
    """What a page shows for words: the best first, not all where there are many."""

    words: str
    works: tuple[WorkAnswer, ...]
    artists: tuple[ListedArtist, ...]


@dataclass(frozen=True, slots=True)
class FoundCopy:
    """A record of a copy, with the work that it is a copy of."""

    record_id: str
    title: str
    artist: str
    preview: str | None


class RegisteredWork(Answer):
    """The registration's record, and the work as it stands."""

    record: RecordAnswer
    """`repeated` where the artist had registered these bytes before."""
    work: WorkAnswer


class ArtistAnswer(Answer):
    """An artist with the first of the registered works."""

    artist_id: str
    name: str
    works: int
    sample: tuple[WorkAnswer, ...]
    """The first works in the order of the log, at most 24."""
    links: Links


class CorpusStats(Answer):
    works: int
    artists: int
    through: int
    """Leaf index of the last registration, consent or withdrawal (-1: none)."""
    tree_size: int
    records: dict[str, int]
    """Entries by kind."""
    licences: dict[str, int]
    largest_artists: tuple[tuple[str, int], ...]
    spec: str
    calibration: str | None
    calibration_works: int | None
    """Works that the newest calibration was made against."""
    notes: tuple[str, ...]
    """What to do about an empty corpus or an outgrown calibration."""
