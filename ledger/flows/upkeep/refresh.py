"""Fingerprints registered works again under another spec, from their sources. Earlier records keep their spec."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain, groupby, islice
from pathlib import Path

from ledger.answers.corpus import RefreshSummary, Refusal
from ledger.corpus.work import Source, SourceItem, key_in_source
from ledger.errors import InputError, LedgerError, NotFoundError
from ledger.fingerprint.fingerprinter import Fingerprinter
from ledger.flows.progress import Progress, silent
from ledger.flows.works.ingest import BATCH
from ledger.flows.works.registrable import second_view
from ledger.image.canonical_image import CanonicalImage
from ledger.image.pool import DecodePool
from ledger.storage.log.projections import Report
from ledger.storage.works.corpus import CorpusStore, StoredWork

Decoded = tuple[StoredWork, CanonicalImage]


@dataclass(frozen=True, slots=True)
class Refreshing:
    """Resumable: processes only works that have no fingerprint under the spec."""

    images: DecodePool
    fingerprinter: Fingerprinter
    corpus: CorpusStore
    open_source: Callable[[str, Path | None], Source]
    ensure_indexes: Callable[[Report], bool]
    generated: Callable[[Progress], int]
    """Does the same for generated pictures that must be recognised."""

    def run(self, spec: str, progress: Progress = silent) -> RefreshSummary:
        """`spec`: `default`, or the digest of the spec this installation makes fingerprints under.

        Raises NotFoundError (`spec-not-found`) for any other.
        """
        digest = self.fingerprinter.spec.digest
        if spec not in ("default", digest):
            raise NotFoundError(
                f"this installation cannot make fingerprints of spec {spec}",
                code="spec-not-found",
                hint=f"It makes fingerprints of spec {digest}: artledger corpus refresh --spec default",
            )
        lacking = sorted(self.corpus.works_lacking(digest), key=lambda work: work.source_name)
        refused: list[Refusal] = []
        seen = 0
        for name, group in groupby(lacking, key=lambda work: work.source_name):
            works: dict[str, list[StoredWork]] = {}
            for work in group:
                works.setdefault(key_in_source(work.source_key, work.sha256) or work.work_id, []).append(work)
            for batch, failures in self._batches(name, works):
                self._put(batch)
                refused.extend(failures)
                seen += len(batch) + len(failures)
                progress("fingerprinting works", seen, len(lacking))
        if lacking or self.corpus.state().works:
            self.ensure_indexes(partial(progress, "indexing works"))
        self.generated(progress)
        return RefreshSummary(
            spec=digest, works=len(lacking), refreshed=len(lacking) - len(refused), refused=tuple(refused)
        )

    def _put(self, batch: Sequence[Decoded]) -> None:
        ids, images = [work.work_id for work, _ in batch], [image for _, image in batch]
        firsts, found = self.fingerprinter.works(images, hands=True), self.fingerprinter.second_views(images)
        seconds = map(second_view, images, found)
        self.corpus.put_fingerprints(
            dict(zip(ids, firsts, strict=True)),
            {work_id: each for work_id, each in zip(ids, seconds, strict=True) if each is not None},
        )

    def _batches(
        self, name: str, works: Mapping[str, Sequence[StoredWork]]
    ) -> Iterator[tuple[list[Decoded], list[Refusal]]]:
        if not name:
            what = "the source of this work's file is unknown, because the database was restored from the published log"
            yield [], [Refusal(key=work.work_id, code="source-unknown", reason=what) for work in chain(*works.values())]
            return
        try:
            source = self.open_source(name, None)
            items = [item for item in source.items() if item.key in works and item.left_out is None]
        except LedgerError as error:
            keys = [work.source_key for work in chain(*works.values())]
            yield [], [Refusal(key=key, code=error.code, reason=error.message) for key in keys]
            return
        missing = set(works) - {item.key for item in items}
        gone = f"{name} no longer has this work"
        yield [], [Refusal(key=key, code="source-item-gone", reason=gone) for key in sorted(missing)]
        decoded = self.images.decode_all(((item, partial(source.read, item)) for item in items), second=True)
        while chunk := list(islice(decoded, BATCH)):
            yield _sorted_out(chunk, works)


def _sorted_out(
    chunk: Sequence[tuple[SourceItem, CanonicalImage | InputError]], works: Mapping[str, Sequence[StoredWork]]
) -> tuple[list[Decoded], list[Refusal]]:
    good: list[Decoded] = []
    bad: list[Refusal] = []
    for item, picture in chunk:
        for work in works[item.key]:
            if isinstance(picture, InputError):
                bad.append(Refusal(key=work.source_key, code=picture.code, reason=picture.message, hint=picture.hint))
            elif picture.sha256 != work.sha256:
                changed = "the file in the source has changed since it was registered"
                bad.append(Refusal(key=work.source_key, code="source-item-changed", reason=changed))
            else:
                good.append((work, picture))
    return good, bad
