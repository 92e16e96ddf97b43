"""A temporary ledger that really registers, generates, reports, files and judges what constructed claims are about."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

from ledger import canonical
from ledger.app import Application
from ledger.claim.pictures import is_copy
from ledger.corpus.work import Source
from ledger.flows.claims.file import Claims
from ledger.flows.claims.statements import ClaimOrder
from ledger.flows.claims.submission import SentStatement
from ledger.flows.people.accounts import Accounts
from ledger.flows.people.principal import LOCAL
from ledger.flows.pictures.report import Operator, Reports
from ledger.flows.pictures.verify import Verifying
from ledger.flows.records.models import Models
from ledger.flows.works.ingest import Ingestion
from ledger.flows.works.subset import TheseWorks
from ledger.generate.picture import Attributor, ModelFacts, PipelinePicture
from ledger.image.canonical_image import Pixels
from ledger.lab.evaluate.claims.plan import Filing, PlannedWork, Sighting, encoded
from ledger.record import dsse, predicates
from ledger.record.predicates import ClaimVerdict, Registration
from ledger.record.statement import parse_payload
from ledger.storage.log.records import RecordStore
from ledger.storage.search.candidates import PgVectorIndex
from ledger.storage.works.works import WorkReader


@dataclass(frozen=True, slots=True)
class ThrowawayLedger:
    """A `ClaimLedger` on a temporary installation. It uses the same functions as users do.

    One difference: artists sign nothing, because the person at the machine acts for all of them.
    """

    folder: Path
    """Folder for files of works and for manifests."""
    open_source: Callable[[str, Path], Source]
    ingestion: Ingestion
    attributor: Attributor
    reports: Reports
    models: Models
    accounts: Accounts
    claims: Claims
    verification: Verifying
    index: PgVectorIndex
    compare: Callable[[Sequence[str]], None]
    """Searches for copies of new works, as happens after every registration by an artist."""
    works: WorkReader
    records: RecordStore
    _by_file: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Work id and digest by file name."""
    _artists: dict[str, str] = field(default_factory=dict)
    """Artist id by name."""
    _model_ids: dict[str, str] = field(default_factory=dict)
    _operators: dict[str, str] = field(default_factory=dict)
    """Account id by name of the reported model."""

    @classmethod
    def on(cls, application: Application, folder: Path) -> Self:
        """A ledger on a temporary installation; `folder` receives the files of works."""
        return cls(
            folder=folder,
            open_source=application.works.open_source,
            ingestion=application.works.ingestion,
            attributor=application.pictures.attributor,
            reports=application.pictures.reports,
            models=application.log.models,
            accounts=application.people.accounts,
            claims=application.claims,
            verification=application.pictures.verification,
            index=application.store.index,
            compare=application.works.duplicates.compare,
            works=application.store.works,
            records=application.store.records,
        )

    def register(self, works: Sequence[PlannedWork]) -> None:
        if not works:
            return
        folder = self.folder / f"works-{len(self._by_file)}"
        folder.mkdir(parents=True)
        labels = folder / "labels.csv"
        with labels.open("w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(("file", "title", "artist"))
            rows.writerows((work.file, work.file, work.artist) for work in works)
        for work in works:
            (folder / work.file).write_bytes(work.data)
        self.compare(self.ingestion.run(self.open_source(str(folder), labels)).registered_ids)
        for work in works:
            self._find(work)

    def generate(self, picture: Pixels, model: str) -> bytes:
        """A picture that the guard holds back is on the log too; its pixels are then returned as the file."""
        facts = _facts(model, None)
        made = self.attributor(PipelinePicture(picture, facts, None, None, None, None, {}))
        self._model_ids[model] = self.models.register(facts).in_record.model_id
        return made.file or encoded(picture)

    def report(self, data: bytes, model: str) -> None:
        if model not in self._operators:
            self._operators[model] = self.accounts.create("generator", f"operator of {model}").account_id
        self.reports.report(data, model, Operator(self._operators[model]))

    def disclose(self, model: str, files: Sequence[str]) -> None:
        manifest = self.folder / f"{model}.manifest"
        manifest.write_text("".join(f"{digest}\n" for digest in sorted({self._by_file[each][1] for each in files})))
        self._model_ids[model] = self.models.register(_facts(model, manifest)).in_record.model_id

    def judge(self, filing: Filing) -> ClaimVerdict:
        works = tuple(self._by_file[file][0] for file in filing.works)
        model_id = None if filing.model is None else self._model_ids[filing.model]
        order = ClaimOrder(filing.claim_type, works, model_id)
        draft = self.claims.draft(order, self._artist(filing.claimant), filing.picture, LOCAL)
        verdict = self.claims.file(SentStatement(payload=draft.payload), filing.picture, LOCAL).verdict
        assert verdict is not None  # noqa: S101 - filing makes a verdict
        return verdict.verdict

    def compare_with(self, picture: bytes, file: str) -> Sighting:
        work_id, _ = self._by_file[file]
        flow, answer = self.verification, self.verification.verify(picture)
        record = parse_payload(dsse.parse(canonical.dumps(answer.envelope)).payload).predicate
        assert isinstance(record, predicates.Verification)  # noqa: S101 - verifying makes this kind
        named = any(work_id in match.works and is_copy(record, match) for match in record.matches)
        alone = replace(flow, index=TheseWorks(self.index, [work_id], self.index.state()))
        found = alone.examine(picture).predicate
        return Sighting(aligned=any(is_copy(found, match) for match in found.matches), named=named)

    def _artist(self, name: str) -> str:
        """The artist's id; creates an account for somebody who registered nothing yet."""
        if name not in self._artists:
            self._artists[name] = self.accounts.create("artist", name).account_id
        return self._artists[name]

    def _find(self, work: PlannedWork) -> None:
        sha256 = hashlib.sha256(work.data).hexdigest()
        for entry in self.records.find(sha256=sha256, kind="registration"):
            registration = parse_payload(dsse.parse(entry.envelope).payload).predicate
            assert isinstance(registration, Registration)  # noqa: S101 - found by its kind
            found = self.works.works([registration.work_id])[registration.work_id]
            if found.artist == work.artist:
                self._by_file[work.file] = (found.work_id, found.sha256)
                self._artists[work.artist] = found.artist_id


def _facts(model: str, manifest: Path | None) -> ModelFacts:
    digest = hashlib.sha256(model.encode()).hexdigest()
    return ModelFacts(model, "trial/Model", None, {"weights": digest}, canonical.dumps({"name": model}), manifest)
