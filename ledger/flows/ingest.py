"""Register works: source -> pictures -> fingerprints -> registration leaves, in batches that become durable as a whole.

Each batch is one transaction: the leaves, and beside them vectors, names and previews. So a kill at any moment leaves
whole batches, and the next run goes on with what is not registered yet.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import islice
from typing import Any

from ledger.corpus.types import Source, SourceItem
from ledger.errors import InputError
from ledger.fingerprint.complexity import comparable
from ledger.fingerprint.fingerprinter import Fingerprinter
from ledger.fingerprint.types import Fingerprint
from ledger.flows.predicates import fingerprint_digests
from ledger.flows.progress import Progress, silent
from ledger.image.pool import DecodePool
from ledger.image.preview import make_preview
from ledger.image.types import CanonicalImage
from ledger.log.append import Sequencer, Submission
from ledger.record.commitment import commit
from ledger.record.ids import new_id
from ledger.record.predicates import Registration
from ledger.record.statement import statement_payload
from ledger.record.times import now_text
from ledger.storage.corpus import CorpusStore, NewWork
from ledger.storage.projections import Report

BATCH = 64
"""Works per transaction: what a kill can cost, and what an encoder takes at once."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A work that was not registered, or cannot be compared, and why."""

    key: str
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class IngestSummary:
    source: str
    found: int
    registered: int
    already_registered: int
    """In this source before, or the same bytes by the same artist: registered once."""
    refused: tuple[Refusal, ...]
    not_comparable: tuple[Refusal, ...]
    """Works that are registered, but say too little to be compared: blank, tiny, extremely long. Only a file of the
    same bytes will match them."""
    seconds: float

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Ingestion:
    """Run it again after an interruption: what is registered is passed over."""

    images: DecodePool
    fingerprinter: Fingerprinter
    corpus: CorpusStore
    sequencer: Sequencer
    ensure_indexes: Callable[[Report], bool]
    """Makes the vector indexes once the corpus is large enough to need them."""

    def run(self, source: Source, progress: Progress = silent, *, at_most: int | None = None) -> IngestSummary:
        """Registers every work of the source that is not registered yet, or until `at_most` of its works are.

        Raises InputError where the source as a whole cannot be read, PushbackError when database or disk give way: then
        whole batches are registered, and the rest is not.
        """
        started = time.monotonic()
        progress("listing works", 0, None)
        items = list(source.items())
        done = self.corpus.registered_keys(source.name)
        todo = [item for item in items if item.key not in done]
        tally = Counter({"already": len(items) - len(todo)})
        missing = len(items) if at_most is None else at_most - tally["already"]
        refused: list[Refusal] = []
        blank: list[Refusal] = []
        for batch in _batches(self._decoded(source, todo if missing > 0 else []), BATCH):
            pictures = [(item, picture) for item, picture in batch if isinstance(picture, CanonicalImage)]
            refused.extend(_refusal(item, error) for item, error in batch if isinstance(error, InputError))
            registered = self._register(source.name, pictures, missing - tally["registered"])
            blank.extend(_too_little(registered))
            tally["registered"] += len(registered)
            tally["already"] += len(pictures) - len(registered)
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
        )

    def _decoded(
        self, source: Source, items: Iterable[SourceItem]
    ) -> Iterator[tuple[SourceItem, CanonicalImage | InputError]]:
        return self.images.decode_all((item, partial(source.read, item)) for item in items)

    def _register(
        self, source: str, pictures: Sequence[tuple[SourceItem, CanonicalImage]], at_most: int
    ) -> list[tuple[SourceItem, CanonicalImage, Fingerprint]]:
        """What is registered now: of these pictures those that are new."""
        artists = self.corpus.ensure_artists(sorted({item.artist for item, _ in pictures}))
        known = self.corpus.registered_files((image.sha256, artists[item.artist]) for item, image in pictures)
        fresh: list[tuple[SourceItem, CanonicalImage]] = []
        for item, image in pictures:
            identity = (image.sha256, artists[item.artist])
            if identity not in known:
                known.add(identity)
                fresh.append((item, image))
        del fresh[max(at_most, 0) :]
        if not fresh:
            return []
        fingerprints = self.fingerprinter.works([image for _, image in fresh])
        made = [(item, image, fingerprint) for (item, image), fingerprint in zip(fresh, fingerprints, strict=True)]
        works = [_registration(source, item, artists[item.artist], image, each) for item, image, each in made]
        self.sequencer.append_now(
            [submission for submission, _ in works], self.corpus.writer([row for _, row in works])
        )
        return made


def _registration(
    source: str, item: SourceItem, artist_id: str, image: CanonicalImage, fingerprint: Fingerprint
) -> tuple[Submission, NewWork]:
    details = {"artist": item.artist, "labels": dict(item.labels), "source": item.source, "title": item.title}
    commitment = commit(details)
    predicate = Registration(
        allowed_uses=item.allowed_uses,
        artist_id=artist_id,
        fingerprint=fingerprint_digests(fingerprint),
        generated_at=now_text(),
        licence=item.licence,
        metadata=commitment.digest,
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
    )
    return Submission(predicate.record_id, statement_payload("work", image.sha256, predicate)), row


def _batches(
    pairs: Iterator[tuple[SourceItem, CanonicalImage | InputError]], size: int
) -> Iterator[list[tuple[SourceItem, CanonicalImage | InputError]]]:
    while batch := list(islice(pairs, size)):
        yield batch


def _too_little(works: Iterable[tuple[SourceItem, CanonicalImage, Fingerprint]]) -> Iterator[Refusal]:
    for item, image, fingerprint in works:
        reason = comparable(image, fingerprint.complexity)
        if reason is not None:
            yield Refusal(item.key, "not-comparable", reason)


def _refusal(item: SourceItem, error: InputError) -> Refusal:
    return Refusal(item.key, error.code, error.message)
