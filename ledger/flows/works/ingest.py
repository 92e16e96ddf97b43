"""Registers works: source -> pictures -> fingerprints -> registrations on the log, in batches.

Each batch is one transaction: the log entries, and beside them vectors, names and previews. So an interruption leaves
complete batches, and the next run continues with the works that are not registered yet.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from typing import Any, NamedTuple

from ledger.answers.corpus import ChangedWork, IngestSummary, NarrowedWork, Refusal
from ledger.answers.file_terms import file_term_answer
from ledger.corpus.file_terms.reading import SourceReader
from ledger.corpus.work import Source, SourceItem
from ledger.errors import InputError
from ledger.fingerprint.complexity import comparable
from ledger.fingerprint.fingerprinter import Fingerprinter
from ledger.flows.progress import Progress, silent
from ledger.flows.works.changed_terms import TermsUpdate
from ledger.flows.works.consent import Consents
from ledger.flows.works.known_items import KnownItems
from ledger.flows.works.registrable import RegistrableWork, known_work, opted_out, registrable_work
from ledger.image.canonical_image import CanonicalImage
from ledger.image.pool import DecodePool
from ledger.log.append import Sequencer
from ledger.log.entry import Alongside
from ledger.record.dsse import Signature
from ledger.storage.log.projections import Report
from ledger.storage.works.corpus import CorpusStore
from ledger.storage.works.opt_outs import KnownOptOuts, OptOutsChangedError, OptOutStore

MAX_LISTED = 1_200_000
"""Entries of a source that are kept in memory, about a kilobyte each."""
BATCH = 64
"""Works in one transaction: the most that an interruption loses, and the most that an encoder takes at once."""


@dataclass(frozen=True, slots=True)
class Registrant:
    """The artist who registers all works of a source."""

    artist_id: str
    sign: Callable[[bytes], tuple[Signature, ...]]
    """The artist's signatures over a payload; none where the artist has no key."""


_Decoded = tuple[SourceItem, CanonicalImage | InputError]


class _Registered(NamedTuple):
    """What became of a batch. Pictures beyond the wanted number are in none of these."""

    works: list[RegistrableWork]
    refused: list[Refusal]
    """Pictures that nobody may register."""
    known: int
    """Files of works that were registered before, or in this batch."""


@dataclass(slots=True)
class _Account:
    """What became of the works of a source so far."""

    already: int
    """Works that were registered before, and files of a work that was registered just now."""
    seen: int = 0
    registered: list[str] = field(default_factory=list)
    """Ids of works."""
    refused: list[Refusal] = field(default_factory=list)
    not_comparable: list[Refusal] = field(default_factory=list)
    narrowed: list[NarrowedWork] = field(default_factory=list)

    def add(self, batch: Sequence[_Decoded], became: _Registered) -> None:
        """Adds a batch. Those of its pictures that could not be decoded are refused."""
        self.refused += (_refusal(item, error) for item, error in batch if isinstance(error, InputError))
        self.refused += became.refused
        self.not_comparable.extend(_too_little(became.works))
        self.narrowed.extend(narrowed_work(work) for work in became.works if work.item.file_terms)
        self.registered.extend(work.row.work_id for work in became.works)
        self.already += became.known
        self.seen += len(batch)


@dataclass(frozen=True, slots=True)
class Ingestion:
    """Run it again after an interruption: works that are registered are skipped."""

    images: DecodePool
    fingerprinter: Fingerprinter
    corpus: CorpusStore
    sequencer: Sequencer
    ensure_indexes: Callable[[Report], bool]
    """Makes the vector indexes once the corpus is large enough to need them."""
    opt_outs: OptOutStore
    consents: Consents

    def run(
        self,
        source: Source,
        progress: Progress = silent,
        *,
        at_most: int | None = None,
        registrant: Registrant | None = None,
        update_terms: bool = False,
    ) -> IngestSummary:
        """Registers works of the source until all of them, or `at_most` of them, are registered.

        Works on the opt-out list are refused. `registrant`: the artist of all works, whatever the source says.
        `update_terms`: records terms that the source states differently now. Raises InputError where the source as a
        whole cannot be read, and PushbackError when the database or the disk fails; then complete batches are
        registered, and the rest is not.
        """
        started = time.monotonic()
        progress("listing works", 0, None)
        listed = _listed(source)
        items = [item for item in listed if item.left_out is None]
        known = KnownItems(
            self.corpus,
            self.consents.terms_at_registration,
            source.name,
            None if registrant is None else registrant.artist_id,
        )
        reader = SourceReader(source, self.images)
        todo = known.unregistered(reader, items, progress)
        account = _Account(already=len(items) - len(todo))
        missing = len(items) if at_most is None else at_most - account.already
        for batch in _batches(self._decoded(reader, todo if missing > 0 else []), BATCH):
            pictures = [(item, picture) for item, picture in batch if isinstance(picture, CanonicalImage)]
            account.add(batch, self._register(known, pictures, missing - len(account.registered), registrant))
            progress("registering works", account.seen, min(len(todo), missing))
            if len(account.registered) >= missing:
                break
        if account.registered:
            self.ensure_indexes(partial(progress, "indexing works"))
        return IngestSummary(
            source=source.name,
            found=len(items),
            registered=len(account.registered),
            already_registered=account.already,
            refused=tuple(account.refused),
            not_comparable=tuple(account.not_comparable),
            seconds=round(time.monotonic() - started, 3),
            registered_ids=tuple(account.registered),
            narrowed=tuple(account.narrowed),
            left_out=tuple(_refusal(item, item.left_out) for item in listed if item.left_out is not None),
            changed=self._changed(known, registrant, progress if update_terms else None),
            registered_before=tuple(known.before),
        )

    def _changed(
        self, known: KnownItems, registrant: Registrant | None, progress: Progress | None
    ) -> tuple[ChangedWork, ...]:
        """What has changed in the source. With `progress`, new terms are recorded."""
        if progress is None or not known.terms:
            return tuple(known.changed)
        update = TermsUpdate(self.consents)
        recorded = {}
        for number, changed in enumerate(known.terms, 1):
            told = update.record(changed, None if registrant is None else registrant.sign)
            recorded[id(changed.told)] = told
            progress("recording terms", number, len(known.terms))
        return tuple(recorded.get(id(each), each) for each in known.changed)

    def _decoded(self, reader: SourceReader, items: Iterable[SourceItem]) -> Iterator[_Decoded]:
        files = ((item, partial(reader.read, item)) for item in items)
        for item, picture in self.images.decode_all(files, second=True):
            yield reader.narrowed(item), picture

    def _register(
        self,
        known: KnownItems,
        pictures: Sequence[tuple[SourceItem, CanonicalImage]],
        at_most: int,
        registrant: Registrant | None,
    ) -> _Registered:
        """Registers the new ones of these pictures, at most so many."""
        names = sorted({item.artist for item, _ in pictures})
        artists = (
            self.corpus.ensure_artists(names) if registrant is None else dict.fromkeys(names, registrant.artist_id)
        )
        before = known.of_files((item, image.sha256, artists[item.artist]) for item, image in pictures)
        count = 0
        fresh: dict[tuple[str, str], tuple[SourceItem, CanonicalImage]] = {}
        twins: list[tuple[SourceItem, tuple[str, str]]] = []
        for item, image in pictures:
            identity = (image.sha256, artists[item.artist])
            if identity in before:
                known.note_known(item, before[identity])
                count += 1
            elif identity in fresh:
                twins.append((item, identity))
            else:
                fresh[identity] = (item, image)
        chosen = list(fresh.values())[: max(at_most, 0)]
        allowed, refused = self._append_allowed(known, chosen, artists, registrant)
        registered = {(work.image.sha256, work.row.artist_id): known_work(work) for work in allowed}
        why = {each.key: each for each in refused}
        for item, identity in twins:
            if identity in registered:
                known.note_known(item, registered[identity])
                count += 1
            elif (same := why.get(fresh[identity][0].key)) is not None:
                refused.append(same.model_copy(update={"key": item.key}))
        return _Registered(allowed, refused, count)

    def _append_allowed(
        self,
        known: KnownItems,
        fresh: Sequence[tuple[SourceItem, CanonicalImage]],
        artists: Mapping[str, str],
        registrant: Registrant | None,
    ) -> tuple[list[RegistrableWork], list[Refusal]]:
        if not fresh:
            return [], []
        images = [image for _, image in fresh]
        fingerprints = zip(
            self.fingerprinter.works(images, hands=True), self.fingerprinter.second_views(images), strict=True
        )
        works = [
            registrable_work(known.source_name, item, artists[item.artist], image, both, origin=self.sequencer.origin)
            for (item, image), both in zip(fresh, fingerprints, strict=True)
        ]
        works = [
            replace(
                work,
                row=replace(
                    work.row,
                    source_key=known.stored_key(work.item, work.image.sha256),
                    uncompared=registrant is not None,
                ),
            )
            for work in works
        ]
        while True:
            listed = self.opt_outs.current()
            refused = [(work, opted_out(listed, work)) for work in works]
            allowed = [work for work, why in refused if why is None]
            try:
                self._append(allowed, listed, registrant)
            except OptOutsChangedError:
                continue
            return allowed, [
                Refusal(key=work.item.key, code="opted-out", reason=why) for work, why in refused if why is not None
            ]

    def _append(self, works: Sequence[RegistrableWork], listed: KnownOptOuts, registrant: Registrant | None) -> None:
        submissions = [
            work.submission
            if registrant is None
            else replace(work.submission, signatures=registrant.sign(work.submission.payload))
            for work in works
        ]
        if submissions:
            self.sequencer.append_now(submissions, self.alongside(works, listed))

    def alongside(self, works: Sequence[RegistrableWork], listed: KnownOptOuts) -> Alongside:
        """What is written beside the entries of works that `listed` does not name. Raises OptOutsChangedError where the
        list has changed since."""
        write, unchanged = self.corpus.writer([work.row for work in works]), self.opt_outs.unchanged(listed)

        def write_unless_changed(connection: Any) -> None:
            unchanged(connection)
            write(connection)

        return write_unless_changed


def _listed(source: Source) -> list[SourceItem]:
    listed = list(islice(source.items(), MAX_LISTED + 1))
    if len(listed) > MAX_LISTED:
        raise InputError(
            f"{source.name} has more than {MAX_LISTED:,} entries",
            code="source-too-large",
            hint="Divide it, and register the parts one after the other.",
        )
    return listed


def _batches(pairs: Iterator[_Decoded], size: int) -> Iterator[list[_Decoded]]:
    while batch := list(islice(pairs, size)):
        yield batch


def _too_little(works: Iterable[RegistrableWork]) -> Iterator[Refusal]:
    for work in works:
        reason = comparable(work.image, work.row.fingerprint.complexity)
        if reason is not None:
            yield Refusal(key=work.item.key, code="not-comparable", reason=reason)


def narrowed_work(work: RegistrableWork) -> NarrowedWork:
    """What the summary of a source says of a work with statements of its own."""
    return NarrowedWork(
        key=work.item.key,
        work_id=work.row.work_id,
        allowed_uses=work.item.allowed_uses,
        file_terms=tuple(map(file_term_answer, work.item.file_terms)),
    )


def _refusal(item: SourceItem, error: InputError) -> Refusal:
    return Refusal(key=item.key, code=error.code, reason=error.message, hint=error.hint)
