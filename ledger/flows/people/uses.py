"""What artists can read about their works: the records in which they were matched."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ledger.answers.uses import UsePage, UseRow
from ledger.corpus.work import Work
from ledger.errors import InputError, NotFoundError
from ledger.flows.records.records import MAX_PAGE
from ledger.log.entry import Entry
from ledger.record.ids import parse_id
from ledger.record.predicates import Generation, Verification
from ledger.record.usage import EVERYTHING, Use, UseFilter, use_in
from ledger.storage.log.records import RecordStore
from ledger.storage.works.works import WorkReader

Compared = Verification | Generation


@dataclass(frozen=True, slots=True)
class Uses:
    """Only reads. Uses are as public as the records. They belong to an id, which remains when a person is erased."""

    store: RecordStore
    works: WorkReader

    def page(
        self, artist_id: str, wanted: UseFilter = EVERYTHING, *, after: int = -1, limit: int = MAX_PAGE
    ) -> UsePage:
        """Records in the order of the log, after entry `after`.

        Raises InputError (`bad-id`, `bad-limit`), NotFoundError (`artist-not-found`).
        """
        if not 1 <= limit <= MAX_PAGE:
            raise InputError(f"limit is {limit}; it must be 1 to {MAX_PAGE}", code="bad-limit")
        self.require_artist(artist_id)
        found = self.store.uses(artist_id, wanted, after=after, limit=limit + 1)
        page = found[:limit]
        uses = [
            (entry, compared, use, use.match.work_of(artist_id) or use.match.work_id)
            for entry, compared in map(_opened, page)
            if (use := use_in(compared, artist_id, wanted)) is not None
        ]
        works = self.works.works({work_id for _, _, _, work_id in uses})
        rows = tuple(_row(*each, works.get(each[3])) for each in uses)
        following = page[-1].leaf_index if len(found) > limit else None
        return UsePage(artist_id=artist_id, uses=rows, next_after=following)

    def pages(self, artist_id: str, wanted: UseFilter = EVERYTHING, *, after: int = -1) -> Iterator[UsePage]:
        """All pages, at least one. Raises as `page` does."""
        following: int | None = after
        while following is not None:
            page = self.page(artist_id, wanted, after=following)
            yield page
            following = page.next_after

    def records(self, artist_id: str, wanted: UseFilter = EVERYTHING) -> Iterator[tuple[Entry, Compared]]:
        """All records that `page` makes rows from."""
        after = -1
        while found := self.store.uses(artist_id, wanted, after=after, limit=MAX_PAGE):
            yield from map(_opened, found)
            after = found[-1].leaf_index

    def require_artist(self, artist_id: str) -> None:
        """Checks that the artist is known by name, or by works on the log, which remain when the name is erased.

        Raises InputError (`bad-id`), NotFoundError (`artist-not-found`).
        """
        if self.works.artist(parse_id(artist_id)) is None and not self.works.count_works(artist_id):
            raise NotFoundError(f"there is no artist {artist_id}", code="artist-not-found")


def _opened(entry: Entry) -> tuple[Entry, Compared]:
    predicate = entry.statement.predicate
    assert isinstance(predicate, Compared)  # noqa: S101 - found by its matches
    return entry, predicate


def _row(entry: Entry, predicate: Compared, use: Use, work_id: str, work: Work | None) -> UseRow:
    match = use.match
    return UseRow(
        leaf_index=entry.leaf_index,
        record_id=entry.record_id,
        kind=predicate.kind,
        generated_at=predicate.generated_at,
        verdict=predicate.verdict,
        generator_id=use.generator_id,
        origin_of_image=use.origin_of_image,
        guard=use.guard,
        work_id=work_id,
        title=work.title if work else "",
        withdrawn=work.withdrawn if work else False,
        relation=match.relation,
        score=match.score,
        p_value=match.p_value,
        n_null=match.n_null,
        works=use.works,
        share=use.share,
        contested_share=use.contested_share,
        counted=use.counted,
    )
