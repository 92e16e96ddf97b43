"""Registers works: source -> pictures -> fingerprints -> registrations on the log, in batches.

Each batch is one transaction: the log entries, and beside them vectors, names and previews. So an interruption leaves
complete batches, and the next run continues with the works that are not registered yet.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import Any

from ledger.answers.corpus import IngestSummary, Refusal
from ledger.corpus.work import Source, SourceItem
from ledger.errors import InputError
from ledger.fingerprint.complexity import comparable
from ledger.fingerprint.fingerprint import Fingerprint
from ledger.fingerprint.fingerprinter import Fingerprinter
from ledger.flows.pictures.measurements import fingerprint_digests
from ledger.flows.progress import Progress, silent
from ledger.image.canonical_image import CanonicalImage
from ledger.image.pool import DecodePool
from ledger.image.preview import make_preview
from ledger.log.append import Sequencer, Submission
from ledger.log.entry import Alongside
from ledger.record.commitment import commit
from ledger.record.dsse import Signature
from ledger.record.ids import new_id
from ledger.record.predicates import Registration
from ledger.record.statement import statement_payload
from ledger.record.times import now_text
from ledger.storage.log.projections import Report
from ledger.storage.works.corpus import CorpusStore, NewWork
from ledger.storage.works.opt_outs import KnownOptOuts, OptOutsChangedError, OptOutStore

BATCH = 64
"""Works in one transaction: the most that an interruption loses, and the most that an encoder takes at once."""


@dataclass(frozen=True, slots=True)
class Registrant:
    """The artist who registers all works of a source."""

    artist_id: str
    sign: Callable[[bytes], tuple[Signature, ...]]
    """The artist's signatures over a payload; none where the artist has no key."""


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

    def run(
        self,
        source: Source,
        progress: Progress = silent,
        *,
        at_most: int | None = None,
        registrant: Registrant | None = None,
    ) -> IngestSummary:
        """Registers works of the source until all of them, or `at_most` of them, are registered.

        Works on the opt-out list are refused. `registrant`: the artist of all works, whatever the source says. Raises
        InputError where the source as a whole cannot be read, and PushbackError when the database or the disk fails;
        then complete batches are registered, and the rest is not.
        """
        started = time.monotonic()
        progress("listing works", 0, None)
        listed = list(source.items())
        items = [item for item in listed if item.left_out is None]
        done = self.corpus.registered_keys(source.name)
        todo = [item for item in items if item.key not in done]
        tally = Counter({"already": len(items) - len(todo)})
        missing = len(items) if at_most is None else at_most - tally["already"]
        refused: list[Refusal] = []
        blank: list[Refusal] = []
        ids: list[str] = []
        for batch in _batches(self._decoded(source, todo if missing > 0 else []), BATCH):
            pictures = [(item, picture) for item, picture in batch if isinstance(picture, CanonicalImage)]
            refused.extend(_refusal(item, error) for item, error in batch if isinstance(error, InputError))
            registered, unwanted = self._register(source.name, pictures, missing - tally["registered"], registrant)
            refused.extend(unwanted)
            blank.extend(_too_little(registered))
            ids.extend(work.row.work_id for work in registered)
            tally["registered"] += len(registered)
            tally["already"] += len(pictures) - len(registered) - len(unwanted)
            tally["seen"] += len(batch)
            progress("registering works", tally["seen"], min(len(todo), missing))
            if tally["registered"] >= missing:
                break
        if tally["registered"]:
            self.ensure_indexes(partial(progress, "indexing works"))
        return IngestSummary(
            source=source.name,
            found=len(items),
            registered=tally["registered"],
            already_registered=tally["already"],
            refused=tuple(refused),
            not_comparable=tuple(blank),
            seconds=round(time.monotonic() - started, 3),
            registered_ids=tuple(ids),
            left_out=tuple(_refusal(item, item.left_out) for item in listed if item.left_out is not None),
        )

    def _decoded(
        self, source: Source, items: Iterable[SourceItem]
    ) -> Iterator[tuple[SourceItem, CanonicalImage | InputError]]:
        return self.images.decode_all((item, partial(source.read, item)) for item in items)

    def _register(
        self,
        source: str,
        pictures: Sequence[tuple[SourceItem, CanonicalImage]],
        at_most: int,
        registrant: Registrant | None,
    ) -> tuple[list[RegistrableWork], list[Refusal]]:
        """Of these pictures, the new ones that may be registered now, and those that nobody may register."""
        names = sorted({item.artist for item, _ in pictures})
        artists = (
            self.corpus.ensure_artists(names) if registrant is None else dict.fromkeys(names, registrant.artist_id)
        )
        known = self.corpus.registered_files((image.sha256, artists[item.artist]) for item, image in pictures)
        fresh: list[tuple[SourceItem, CanonicalImage]] = []
        for item, image in pictures:
            identity = (image.sha256, artists[item.artist])
            if identity not in known:
                known.add(identity)
                fresh.append((item, image))
        del fresh[max(at_most, 0) :]
        if not fresh:
            return [], []
        fingerprints = self.fingerprinter.works([image for _, image in fresh])
        works = [
            registrable_work(source, item, artists[item.artist], image, fingerprint, origin=self.sequencer.origin)
            for (item, image), fingerprint in zip(fresh, fingerprints, strict=True)
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


@dataclass(frozen=True, slots=True)
class RegistrableWork:
    """A work that can be registered: its statement, and what is stored beside it."""

    item: SourceItem
    image: CanonicalImage
    submission: Submission
    row: NewWork


def registrable_work(
    source: str, item: SourceItem, artist_id: str, image: CanonicalImage, fingerprint: Fingerprint, *, origin: str
) -> RegistrableWork:
    """The registration of a picture under new ids, with a commitment to its names under a new key.

    `origin`: the name of the log that it is meant for.
    """
    details = {
        "artist": item.artist,
        "credit_line": item.credit.line,
        "labels": dict(item.labels),
        "link": item.credit.link,
        "source": item.source,
        "terms": item.credit.terms,
        "title": item.title,
    }
    commitment = commit(details)
    predicate = Registration(
        allowed_uses=item.allowed_uses,
        artist_id=artist_id,
        fingerprint=fingerprint_digests(fingerprint),
        generated_at=now_text(),
        licence=item.licence,
        metadata=commitment.digest,
        origin=origin,
        pixel_sha256=image.pixel_sha256,
        record_id=new_id(),
        work_id=new_id(),
    )
    row = NewWork(
        work_id=predicate.work_id,
        artist_id=artist_id,
        source_name=source,
        source_key=item.key,
        title=item.title,
        source=item.source,
        labels=dict(item.labels),
        metadata_key=commitment.key,
        metadata=details,
        fingerprint=fingerprint,
        preview=make_preview(image.working),
        credit=item.credit,
    )
    return RegistrableWork(
        item, image, Submission(predicate.record_id, statement_payload("work", image.sha256, predicate)), row
    )


def opted_out(listed: KnownOptOuts, work: RegistrableWork) -> str | None:
    """Why a work may not be registered; None where it may. A picture with too little detail is compared by digests
    only."""
    fingerprint, image = work.row.fingerprint, work.image
    hashes = fingerprint if comparable(image, fingerprint.complexity) is None else None
    return listed.entries.reason(image.sha256, image.pixel_sha256, hashes=hashes)


def _batches(
    pairs: Iterator[tuple[SourceItem, CanonicalImage | InputError]], size: int
) -> Iterator[list[tuple[SourceItem, CanonicalImage | InputError]]]:
    while batch := list(islice(pairs, size)):
        yield batch


def _too_little(works: Iterable[RegistrableWork]) -> Iterator[Refusal]:
    for work in works:
        reason = comparable(work.image, work.row.fingerprint.complexity)
        if reason is not None:
            yield Refusal(key=work.item.key, code="not-comparable", reason=reason)


def _refusal(item: SourceItem, error: InputError) -> Refusal:
    return Refusal(key=item.key, code=error.code, reason=error.message, hint=error.hint)
