"""Maintenance of an installation: schema, projections, error rates, erasure from the disk, readiness."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ledger.app.log import Log
from ledger.app.pictures import Pictures
from ledger.app.store import Store
from ledger.app.works import Works
from ledger.errors import LedgerError
from ledger.flows.upkeep.administration import Administration
from ledger.flows.upkeep.background import BackgroundCalibration
from ledger.flows.upkeep.disk import DiskErasure
from ledger.flows.upkeep.refresh import Refreshing

ERASE_EVERY = 60.0
"""Seconds between two searches for pictures that nobody confirmed in time."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Upkeep:
    """Maintenance tasks of an operator and of the running service."""

    store: Store
    log: Log
    pictures: Pictures
    works: Works

    @cached_property
    def administration(self) -> Administration:
        return Administration(
            database=lambda: self.store.unchecked_database,
            entries=lambda: self.store.entries,
            projector=lambda: self.store.projector,
            checkpoint=lambda: self.log.records.signed_checkpoint(),  # noqa: PLW0108 - `records` opens the log, the lambda does not
        )

    @cached_property
    def background_calibration(self) -> BackgroundCalibration:
        return BackgroundCalibration(self.pictures.calibrations)

    @cached_property
    def refreshing(self) -> Refreshing:
        return Refreshing(
            images=self.pictures.images,
            fingerprinter=self.pictures.fingerprinter,
            corpus=self.store.corpus,
            open_source=self.works.open_source,
            ensure_indexes=self.works.ensure_indexes,
            generated=lambda progress: self.pictures.recognition.refresh(self.pictures.fingerprinter, progress),
        )

    @cached_property
    def disk_erasure(self) -> DiskErasure:
        return DiskErasure(self.store.works, self.store.erasure, self.store.data_dir / "erased-through")

    def erase_unconfirmed(self, stop: threading.Event) -> None:
        """Erases pictures that nobody confirmed in time, until `stop` is set. Needs no requests."""
        while not stop.wait(ERASE_EVERY):
            try:
                self.pictures.pending_images.erase_expired()
            except LedgerError as error:
                _log.warning("unconfirmed pictures are not erased yet: %s", error.message)

    def readiness(self) -> dict[str, Any]:
        """The answer of `/readyz`: for each part `ok` or the problem, and the progress of publishing and witnesses.

        A missing quorum does not make the service unready: records are accepted, and their bundles wait. Neither does
        an outdated calibration: a new one is being made, and records name the one that they used.
        """
        checks = {"database": self._database_state(), "publisher": self._publisher_state()}
        database_works = checks["database"] == "ok"
        return {
            "ready": all(state == "ok" for state in checks.values()),
            "checks": checks,
            "log": self.log.state() if database_works else None,
            "calibration": self._calibration_state() if database_works else None,
            "witnesses": self.log.witness_state(),
        }

    def _calibration_state(self) -> dict[str, Any]:
        try:
            return self.background_calibration.state().to_json()
        except LedgerError as error:
            return {"state": "failed", "detail": f"{error.code}: {error.message}"}

    def _database_state(self) -> str:
        try:
            self.store.entries.head()
        except LedgerError as error:
            return f"{error.code}: {error.message}"
        return "ok"

    def _publisher_state(self) -> str:
        error = self.log.publisher.status.error
        return "ok" if error is None else f"{error.code}: {error.message}"
