"""Works and artists as the public sees them, and figures of the corpus."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ledger.answers.artists import ArtistPage, ListedArtist
from ledger.answers.file_terms import file_term_answer
from ledger.answers.notes import EMPTY_CORPUS, outgrown
from ledger.answers.works import ArtistAnswer, ContestReport, CorpusStats, FoundCopy, SearchAnswer, WorkAnswer, WorkPage
from ledger.corpus.work import Artist, CorpusState, Work
from ledger.errors import InputError, NotFoundError
from ledger.flows.records.record_answers import preview_path
from ledger.flows.records.records import MAX_PAGE
from ledger.record.ids import parse_id
from ledger.storage.log.entries import PostgresEntryStore
from ledger.storage.log.records import RecordStore
from ledger.storage.search.calibrations import CalibrationStore
from ledger.storage.works.browse import BrowseFilter, WorkBrowser
from ledger.storage.works.works import WorkReader
from ledger.text import clean_text

SAMPLE = 24
SHORTEST_SEARCH = 2
MOST_FOUND = 48
"""Works, and artists, that a search shows."""
LARGEST = 20


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Only reads."""

    reader: WorkReader
    browser: WorkBrowser
    entries: PostgresEntryStore
    store: RecordStore
    calibrations: CalibrationStore
    spec: str

    def work(self, work_id: str) -> WorkAnswer:
        """Raises NotFoundError (`work-not-found`), InputError (`bad-id`)."""
        found = self.reader.works([parse_id(work_id)])
        if work_id not in found:
            raise NotFoundError(f"there is no work {work_id}", code="work-not-found")
        return self._answers([found[work_id]])[0]

    def artist(self, artist_id: str) -> ArtistAnswer:
        """Raises NotFoundError (`artist-not-found`), InputError (`bad-id`)."""
        artist = self._artist(artist_id)
        return ArtistAnswer(
            artist_id=artist_id,
            name=artist.name,
            works=self.reader.count_works(artist_id),
            sample=self.works(artist_id, limit=SAMPLE).works,
            links={
                "self": f"/v1/artists/{artist_id}",
                "works": f"/v1/artists/{artist_id}/works",
                "uses": f"/v1/artists/{artist_id}/uses",
                "page": f"/artists/{artist_id}",
            },
        )

    def artists(self, *, after: str | None = None, limit: int = 50) -> ArtistPage:
        """Artists in the order of their names, after the name `after`. Raises InputError (`bad-limit`)."""
        _require_limit(limit)
        found = self.reader.artists(after=after, limit=limit + 1)
        listed = tuple(ListedArtist(artist.artist_id, artist.name, works) for artist, works in found[:limit])
        return ArtistPage(listed, listed[-1].name if len(found) > limit else None)

    def _artist(self, artist_id: str) -> Artist:
        artist = self.reader.artist(parse_id(artist_id))
        if artist is None:
            raise NotFoundError(f"there is no artist {artist_id}", code="artist-not-found")
        return artist

    def works(self, artist_id: str, *, after: int = -1, limit: int = 50) -> WorkPage:
        """An artist's works in the order of registration, after log entry `after`.

        Raises InputError (`bad-limit`, `bad-id`), NotFoundError (`artist-not-found`).
        """
        _require_limit(limit)
        self._artist(artist_id)
        found = self.reader.works_of(artist_id, after=after, limit=limit + 1)
        page = found[:limit]
        next_after = page[-1].registration_index if len(found) > limit else None
        return WorkPage(works=self._answers(page), next_after=next_after)

    def listed(self, chosen: BrowseFilter, *, after: int = -1, limit: int = 50) -> WorkPage:
        """Works of all artists in the order of registration, after log entry `after`. Raises InputError
        (`bad-limit`)."""
        _require_limit(limit)
        found = self._by_ids(self.browser.listed(chosen, after=after, limit=limit + 1))
        page = found[:limit]
        return WorkPage(
            works=self._answers(page), next_after=page[-1].registration_index if len(found) > limit else None
        )

    def search(self, words: str) -> SearchAnswer:
        """Works and artists whose title or name contains the words. Raises InputError (`bad-search`)."""
        plain = " ".join(clean_text(words).split())
        if len(plain) < SHORTEST_SEARCH:
            raise InputError(
                f"{plain!r} is too short to search for",
                code="bad-search",
                hint=f"Write at least {SHORTEST_SEARCH} letters of a title or a name, a SHA-256, or a record id.",
            )
        works = self._by_ids(self.browser.titled(plain, MOST_FOUND))
        artists = self.browser.named(plain, MOST_FOUND)
        return SearchAnswer(
            words=plain,
            works=self._answers(works),
            artists=tuple(ListedArtist(artist.artist_id, artist.name, count) for artist, count in artists),
        )

    def copied(self, limit: int) -> tuple[FoundCopy, ...]:
        """The works of which copies were found last, each with that record."""
        found = self.browser.copied(limit)
        works = self.reader.works({work_id for _, work_id in found})
        return tuple(
            FoundCopy(
                record_id=record_id, title=works[work_id].title, artist=works[work_id].artist,
                preview=preview_path(works[work_id]),
            )
            for record_id, work_id in found
            if work_id in works
        )  # fmt: skip

    def _by_ids(self, work_ids: Sequence[str]) -> list[Work]:
        found = self.reader.works(work_ids)
        return [found[work_id] for work_id in work_ids if work_id in found]

    def _answers(self, works: Sequence[Work]) -> tuple[WorkAnswer, ...]:
        """The works, each with other artists' registrations of the same work. All names come from one query."""
        contests = self.reader.contests([work.work_id for work in works])
        others = self.reader.works({other for each in contests.values() for other in each})
        return tuple(
            _work_answer(
                work,
                tuple(_contest(others[other], relation) for other, relation in contests.get(work.work_id, {}).items()),
            )
            for work in works
        )

    def preview(self, work_id: str) -> bytes | None:
        """A small WebP picture of the work; None where there is none or the work is withdrawn."""
        return self.reader.preview_file(parse_id(work_id))

    def stats(self) -> CorpusStats:
        state = self.reader.state()
        newest = self.calibrations.newest(self.spec)
        return CorpusStats(
            works=state.works,
            artists=self.reader.count_artists(),
            through=state.through,
            tree_size=self.entries.head().size,
            records=self.store.count_by_kind(),
            licences=self.reader.count_by_licence(),
            largest_artists=self.reader.largest_artists(LARGEST),
            spec=self.spec,
            calibration=None if newest is None else newest.digest,
            calibration_works=None if newest is None else newest.corpus.works,
            notes=_notes(state, None if newest is None else newest.corpus),
        )


def _require_limit(limit: int) -> None:
    if not 1 <= limit <= MAX_PAGE:
        raise InputError(f"limit is {limit}; it must be 1 to {MAX_PAGE}", code="bad-limit")


def _notes(corpus: CorpusState, calibrated: CorpusState | None) -> tuple[str, ...]:
    if not corpus.works:
        return (EMPTY_CORPUS,)
    return () if calibrated is None else outgrown(calibrated, corpus)


def _contest(other: Work, relation: str) -> ContestReport:
    return ContestReport(
        work_id=other.work_id,
        artist_id=other.artist_id,
        artist=other.artist,
        relation=relation,
        registration_record_id=other.registration_record_id,
        registration_index=other.registration_index,
    )


def _work_answer(work: Work, contested: tuple[ContestReport, ...]) -> WorkAnswer:
    return WorkAnswer(
        work_id=work.work_id,
        title=work.title,
        artist_id=work.artist_id,
        artist=work.artist,
        licence=work.licence,
        allowed_uses=work.allowed_uses,
        source=work.source,
        sha256=work.sha256,
        pixel_sha256=work.pixel_sha256,
        registration_record_id=work.registration_record_id,
        registration_index=work.registration_index,
        withdrawn=work.withdrawn,
        preview=preview_path(work),
        links={
            "self": f"/v1/works/{work.work_id}",
            "page": f"/works/{work.work_id}",
            "registration": f"/v1/records/{work.registration_record_id}",
        },
        credit_line=work.credit.line,
        link=work.credit.link,
        terms=work.credit.terms,
        file_terms=tuple(map(file_term_answer, work.file_terms)),
        contested=contested,
    )
