"""Pictures and the flows, each with the parts that it walks through."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ledger.bootstrap.log import LogParts
from ledger.image.limits import DecodeLimits

if TYPE_CHECKING:
    from ledger.answers.claims import ClaimAnswer
    from ledger.corpus.work import Source
    from ledger.fingerprint.fingerprinter import Fingerprinter
    from ledger.flows.people.usage import UsageStatements
    from ledger.flows.people.uses import Uses
    from ledger.flows.pictures.credentials import Credentials
    from ledger.flows.pictures.headlines import Headlines
    from ledger.flows.pictures.lookup import Lookup
    from ledger.flows.pictures.recognise import SeenPictures
    from ledger.flows.pictures.recompute import LocalRecompute
    from ledger.flows.pictures.verify import Verification
    from ledger.flows.records.models import Models
    from ledger.flows.records.records import Records
    from ledger.flows.upkeep.administration import Administration
    from ledger.flows.upkeep.background import BackgroundCalibration
    from ledger.flows.upkeep.calibrate import Calibrations
    from ledger.flows.upkeep.refresh import Refreshing
    from ledger.flows.works.catalogue import Catalogue
    from ledger.flows.works.duplicates import Deduplication
    from ledger.flows.works.duplicates_report import DedupReport
    from ledger.flows.works.ingest import Ingestion
    from ledger.generate.guard_policy import Policy
    from ledger.image.pool import DecodePool
    from ledger.match.style_null import StyleNull
    from ledger.storage.log.projections import Report


class FlowParts(LogParts):
    """Pictures, models and the use cases over everything before."""

    @cached_property
    def images(self) -> DecodePool:
        from ledger.image.pool import DecodePool

        limits = DecodeLimits(max_bytes=self.settings.max_image_bytes)
        return self._stack.enter_context(DecodePool(self.settings.decode_workers, limits))

    @cached_property
    def fingerprinter(self) -> Fingerprinter:
        from ledger.fingerprint.copy_encoder import load_copy_encoder
        from ledger.fingerprint.fingerprinter import Fingerprinter

        if self.style_models is None:
            return Fingerprinter([load_copy_encoder()], self.spec)
        from ledger.fingerprint.clip_encoder import load_clip_encoder
        from ledger.fingerprint.vae_encoder import load_vae_encoder

        models = self.style_models
        style = (load_clip_encoder(models), load_vae_encoder(models))
        return Fingerprinter((load_copy_encoder(), *style), self.spec)

    @cached_property
    def style_null(self) -> StyleNull | None:
        """Strangers of the models that style is compared by; None, and it is not compared, where there are none."""
        from ledger.match.style_null import shipped_style_null, style_null_in

        if self.style_models is None:
            return None
        folder = self.settings.style_models
        found = shipped_style_null() if folder is None else style_null_in(folder)
        return found if found is not None and found.spec == self.spec.style_part else None

    def open_source(self, spec: str, labels: Path | None = None) -> Source:
        from ledger.corpus.source_spec import open_source

        return open_source(spec, labels, self.images.rasterise)

    @cached_property
    def verification(self) -> Verification:
        from ledger.flows.pictures.verify import Verification

        return Verification(
            images=self.images,
            fingerprinter=self.fingerprinter,
            index=self.index,
            calibrations=self.recalibration,
            sequencer=self.sequencer,
            records=self.records,
            credentials=self.credentials,
            headlines=self.headlines,
        )

    @cached_property
    def headlines(self) -> Headlines:
        from ledger.flows.pictures.headlines import Headlines
        from ledger.storage.people.accounts import AccountStore

        return Headlines(
            records=self.records,
            seen=self.seen_store,
            documents=self.documents,
            accounts=AccountStore(self.database),
            claims=self._claims_about,
        )

    @abstractmethod
    def _claims_about(self, sha256: str) -> Sequence[ClaimAnswer]:
        """The first claims about a file: claims are wired later (ClaimParts)."""

    @cached_property
    def lookups(self) -> Lookup:
        from ledger.flows.pictures.lookup import Lookup

        return Lookup(
            records=self.records,
            seen=self.seen,
            credentials=self.credentials,
            headlines=self.headlines,
            verification=lambda: self.verification,
        )

    @cached_property
    def credentials(self) -> Credentials:
        from ledger.flows.pictures.credentials import Credentials

        return Credentials(self.images, self.records, lambda: self.credential_keys.roots())  # noqa: PLW0108 - made late

    @cached_property
    def seen(self) -> SeenPictures:
        from ledger.flows.pictures.recognise import SeenPictures

        return SeenPictures(self.seen_store, self.records)

    @cached_property
    def records(self) -> Records:
        from ledger.flows.records.records import Records
        from ledger.storage.people.accounts import AccountStore

        return Records(
            entries=self.entries,
            store=self.record_store,
            works=self.works,
            calibrations=self.calibration_store,
            objects=self.objects,
            tiles=self.tiles,
            log_key=self.log_signer.key,
            people=AccountStore(self.database).names,
        )

    @cached_property
    def catalogue(self) -> Catalogue:
        from ledger.flows.works.catalogue import Catalogue

        return Catalogue(
            reader=self.works,
            entries=self.entries,
            store=self.record_store,
            calibrations=self.calibration_store,
            spec=self.spec.digest,
        )

    @cached_property
    def uses(self) -> Uses:
        from ledger.flows.people.uses import Uses

        return Uses(self.record_store, self.works)

    @cached_property
    def usage(self) -> UsageStatements:
        from ledger.flows.people.usage import UsageStatements

        return UsageStatements(
            uses=self.uses,
            records=self.records,
            documents=self.documents,
            sequencer=lambda: self.sequencer,
            origin=self.origin,
        )

    @cached_property
    def policy(self) -> Policy:
        """What the guard decides by; kept, so that records that name it can be understood after it was replaced."""
        from ledger.generate.guard_policy import default_policy, load_policy

        path = self.settings.guard_policy
        policy = default_policy() if path is None else load_policy(path)
        self.documents.put("policy", policy.digest, policy.to_bytes())
        return policy

    @cached_property
    def models(self) -> Models:
        from ledger.flows.records.models import Models

        return Models(store=self.record_store, documents=self.documents, sequencer=lambda: self.sequencer)

    @cached_property
    def recalibration(self) -> Calibrations:
        from ledger.flows.upkeep.calibrate import Calibrations
        from ledger.storage.locks import CALIBRATION, ProcessLock

        return Calibrations(
            corpus=self.corpus,
            files=self.calibration_store,
            sequencer=self.sequencer,
            spec=self.spec,
            style=self.style_null,
            alone=ProcessLock(self.database, CALIBRATION),
        )

    @cached_property
    def background_calibration(self) -> BackgroundCalibration:
        from ledger.flows.upkeep.background import BackgroundCalibration

        return BackgroundCalibration(self.recalibration)

    @cached_property
    def deduplication(self) -> Deduplication:
        from ledger.flows.works.duplicates import Deduplication
        from ledger.storage.locks import DEDUPLICATION, ProcessLock

        return Deduplication(
            fingerprinter=self.fingerprinter,
            index=self.index,
            calibrations=self.recalibration,
            store=self.duplicates,
            lock=ProcessLock(self.database, DEDUPLICATION),
        )

    @cached_property
    def dedup_report(self) -> DedupReport:
        from ledger.flows.works.duplicates_report import DedupReport

        return DedupReport(self.works, self.index)

    @cached_property
    def ingestion(self) -> Ingestion:
        from ledger.flows.works.ingest import Ingestion

        return Ingestion(
            images=self.images,
            fingerprinter=self.fingerprinter,
            corpus=self.corpus,
            sequencer=self.sequencer,
            ensure_indexes=self._ensure_indexes,
            opt_outs=self.opt_outs,
        )

    def _ensure_indexes(self, report: Report) -> bool:
        from ledger.storage.search.vector_indexes import ensure_indexes

        return ensure_indexes(self.database, self.spec.digest, report)

    @cached_property
    def refreshing(self) -> Refreshing:
        from ledger.flows.upkeep.refresh import Refreshing

        return Refreshing(
            images=self.images,
            fingerprinter=self.fingerprinter,
            corpus=self.corpus,
            open_source=self.open_source,
            ensure_indexes=self._ensure_indexes,
            generated=lambda progress: self.seen.refresh(self.fingerprinter, progress),
        )

    @cached_property
    def recompute(self) -> LocalRecompute:
        from ledger.flows.pictures.recompute import LocalRecompute

        return LocalRecompute(
            images=self.images,
            fingerprinter=self.fingerprinter,
            index=lambda: self.index,
            calibrations=lambda: self.calibration_store,
            style=self.style_null,
        )

    @cached_property
    def administration(self) -> Administration:
        from ledger.flows.upkeep.administration import Administration

        return Administration(
            database=lambda: self.unchecked_database,
            entries=lambda: self.entries,
            projector=lambda: self.projector,
            checkpoint=lambda: self.records.signed_checkpoint(),  # noqa: PLW0108 - `records` opens the log, the lambda does not
        )
