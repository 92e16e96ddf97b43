"""Works: registered, shown, consented to, withdrawn, compared with each other, opted out, erased."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ledger.app.log import Log
from ledger.app.people import People
from ledger.app.pictures import Pictures
from ledger.app.store import Store
from ledger.corpus.source_registry import open_source
from ledger.corpus.work import Source
from ledger.flows.people.erase import PersonErasure
from ledger.flows.people.erasing_oneself import ErasingOneself
from ledger.flows.progress import Progress
from ledger.flows.upkeep.passes import Passes
from ledger.flows.works.catalogue import Catalogue
from ledger.flows.works.consent import Consents
from ledger.flows.works.contest_limit import ContestLimit
from ledger.flows.works.duplicates import Deduplication
from ledger.flows.works.duplicates_report import DedupReport
from ledger.flows.works.ingest import Ingestion
from ledger.flows.works.opt_out import OptingOut, works_shown_in
from ledger.flows.works.register import Registering
from ledger.generate.guard import ANYBODY, Requester
from ledger.match.self_null.scores import WorkBlock
from ledger.storage.locks import DEDUPLICATION, ProcessLock
from ledger.storage.log.projections import Report
from ledger.storage.search.vector_indexes import ensure_indexes


@dataclass(frozen=True)
class Works:
    """All that artists and administrators do with works."""

    store: Store
    log: Log
    people: People
    pictures: Pictures

    @property
    def sheets(self) -> Path:
        """Folder of contact sheets."""
        return self.store.data_dir / "copies"

    def open_source(self, spec: str, labels: Path | None = None) -> Source:
        return open_source(spec, labels, self.pictures.images.rasterise)

    def ensure_indexes(self, report: Report) -> bool:
        return ensure_indexes(self.store.database, self.store.spec.digest, report)

    def all_works(self, stage: str, progress: Progress) -> Passes[WorkBlock]:
        """Fingerprints of all works that may be matched, in blocks that can be read twice."""
        return Passes(stage, self.store.null_queries.blocks, self.store.works.state().works, progress)

    @cached_property
    def catalogue(self) -> Catalogue:
        return Catalogue(
            reader=self.store.works,
            browser=self.store.browser,
            entries=self.store.entries,
            store=self.store.records,
            calibrations=self.store.calibrations,
            spec=self.store.spec.digest,
        )

    @cached_property
    def ingestion(self) -> Ingestion:
        return Ingestion(
            images=self.pictures.images,
            fingerprinter=self.pictures.fingerprinter,
            corpus=self.store.corpus,
            sequencer=self.log.sequencer,
            ensure_indexes=self.ensure_indexes,
            opt_outs=self.store.opt_outs,
            consents=self.consents,
        )

    @cached_property
    def registering(self) -> Registering:
        limit = ContestLimit(
            per_day=self.store.settings.contested_per_day,
            works=self.store.works,
            is_copy=lambda image, artist_id: self.duplicates.is_copy_of_others(image, artist_id),  # noqa: PLW0108 - made when it is needed
        )
        return Registering(
            images=self.pictures.images,
            fingerprinter=self.pictures.fingerprinter,
            corpus=self.store.corpus,
            opt_outs=self.store.opt_outs,
            keys=self.people.log_keys,
            cosigning=self.people.cosigning,
            ingestion=self.ingestion,
            records=self.log.records,
            catalogue=self.catalogue,
            contest_limit=limit,
            duplicates=lambda: self.duplicates,
        )

    @cached_property
    def consents(self) -> Consents:
        return Consents(
            works=self.store.works,
            records=self.log.records,
            keys=self.people.log_keys,
            cosigning=self.people.cosigning,
            erasure=self.store.erasure,
            sequencer=lambda: self.log.sequencer,
        )

    @cached_property
    def duplicates(self) -> Deduplication:
        return Deduplication(
            fingerprinter=self.pictures.fingerprinter,
            index=self.store.index,
            calibrations=self.pictures.calibrations,
            store=self.store.duplicates,
            lock=ProcessLock(self.store.database, DEDUPLICATION),
        )

    @cached_property
    def duplicates_report(self) -> DedupReport:
        return DedupReport(self.store.works, self.store.index)

    @cached_property
    def opting_out(self) -> OptingOut:
        return OptingOut(
            images=self.pictures.images,
            store=self.store.opt_outs,
            works=self.store.works,
            consents=self.consents,
            index=self.store.index,
            shown_in=lambda image: works_shown_in(image, self.pictures.fingerprinter, self.store.index),
        )

    @cached_property
    def person_erasure(self) -> PersonErasure:
        return PersonErasure(
            works=self.store.works,
            consents=self.consents,
            keys=self.people.log_keys,
            revoke=self.log.keys.revoke,
            opting_out=self.opting_out,
            erasure=self.store.erasure,
            forget=self.store.classifiers.forget,
            sheets=self.sheets,
        )

    @cached_property
    def erasing_oneself(self) -> ErasingOneself:
        return ErasingOneself(self.people.accounts, self.people.log_keys, lambda: self.person_erasure)

    def requester(self, artist_id: str | None) -> Requester:
        """Who requests a picture, on behalf of a registered artist if one is named. The caller guarantees that this is
        true.

        Raises NotFoundError (`artist-not-found`), InputError (`bad-id`).
        """
        return ANYBODY if artist_id is None else Requester(self.catalogue.artist(artist_id).artist_id)
