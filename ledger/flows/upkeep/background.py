"""Keeps error rates up to date with a growing corpus while the service runs: one thread in one process."""

from __future__ import annotations

import logging
import threading
from typing import Literal

from ledger.answers.corpus import CalibrationState
from ledger.answers.outgrown import is_outdated
from ledger.corpus.work import CorpusState
from ledger.errors import LedgerError
from ledger.flows.upkeep.calibrate import Calibrations

INTERVAL = 5.0
"""Seconds between two checks of the corpus' size."""
_log = logging.getLogger(__name__)


class _StoppedError(Exception):
    """The service stopped during a calibration."""


class BackgroundCalibration:
    """Makes the first calibration of a corpus with works, and a new one whenever the corpus has changed by a tenth."""

    def __init__(self, calibrations: Calibrations) -> None:
        self._calibrations = calibrations
        self._running = False
        self._error: LedgerError | None = None

    def run(self, stop: threading.Event, *, interval: float = INTERVAL) -> None:
        """Runs until `stop` is set; a calibration ends within the time that a few thousand works take.

        A failure is shown in `state` and tried again. Meanwhile requests are answered with the calibration in force.
        """
        self._calibrations.deferred = True
        try:
            while not stop.is_set():
                self._round(stop)
                stop.wait(interval)
        finally:
            self._calibrations.deferred = False

    def state(self) -> CalibrationState:
        """Raises PushbackError when the database cannot be reached."""
        now, found = self._calibrations.corpus.state(), self._calibrations.in_force()
        made_for = None if found is None else found.calibration.corpus
        return CalibrationState(
            state=self._said(made_for, now),
            digest=None if found is None else found.digest,
            works=None if made_for is None else made_for.works,
            corpus_works=now.works,
            detail=None if self._error is None else f"{self._error.code}: {self._error.message}",
        )

    def _said(
        self, made_for: CorpusState | None, now: CorpusState
    ) -> Literal["none", "current", "behind", "running", "failed"]:
        if self._running:
            return "running"
        if self._error is not None:
            return "failed"
        if made_for is None:
            return "none"
        return "behind" if is_outdated(made_for, now) else "current"

    def _round(self, stop: threading.Event) -> None:
        def progress(stage: str, done: int, total: int | None) -> None:  # noqa: ARG001
            self._running = True
            if stop.is_set():
                raise _StoppedError

        try:
            self._calibrations.keep_up(progress)
            self._error = None
        except _StoppedError:
            _log.info("calibration stopped: the service ends")
        except LedgerError as error:
            self._fail(error)
        except Exception as error:  # noqa: BLE001
            # Otherwise a programming error would end the thread silently, and error rates would no longer be updated.
            _log.exception("not calibrated")
            self._fail(LedgerError(f"calibrating failed: {type(error).__name__}: {error}", code="unexpected"))
        finally:
            self._running = False

    def _fail(self, error: LedgerError) -> None:
        if self._error is None or self._error.code != error.code:
            _log.error("not calibrated: %s", error.message)
        self._error = error
