"""Erases withdrawn data from the disk: at once after a command, in batches while the service runs.

The bytes of a deleted row stay in the database's files until the space is reused, and in its write-ahead log. Rewriting
the tables blocks readers of a large corpus for seconds, so the service does it once an hour for all withdrawals.
"""

from __future__ import annotations

import logging
import threading
from pathlib import Path

from ledger.errors import LedgerError
from ledger.storage.works.erasure import Erasure
from ledger.storage.works.works import WorkReader

INTERVAL = 3600.0
"""Seconds between two checks for withdrawals."""
_log = logging.getLogger(__name__)


class DiskErasure:
    """The file `note` keeps the index of the last log entry whose withdrawal is gone from the disk. So the next service
    finishes what a stopped service left."""

    def __init__(self, works: WorkReader, erasure: Erasure, note: Path) -> None:
        self._works = works
        self._erasure = erasure
        self._note = note
        self._left: tuple[str, ...] = ()

    def due(self) -> bool:
        """Whether something was withdrawn since the last run. Raises PushbackError."""
        try:
            done = int(self._note.read_text())
        except (FileNotFoundError, ValueError):
            done = -1
        return self._works.newest_withdrawal() > done

    def now(self) -> tuple[str, ...]:
        """Erases now, and returns what could not be erased, in words. Raises PushbackError.

        What remains is tried once more by the next run, because a table may just have been in use.
        """
        newest = self._works.newest_withdrawal()
        left = self._erasure.from_disk()
        if left in ((), self._left):
            draft = self._note.with_name(f".{self._note.name}.{threading.get_ident()}")
            draft.write_text(f"{newest}\n")
            draft.replace(self._note)
        self._left = left
        return left

    def run(self, stop: threading.Event, *, interval: float = INTERVAL) -> None:
        """Runs until `stop` is set. Failures are logged and tried again."""
        while not stop.is_set():
            try:
                if self.due():
                    for left in self.now():
                        _log.warning("withdrawn, but not gone from the disk: %s", left)
            except LedgerError as error:
                _log.error("withdrawn, but not gone from the disk yet: %s", error.message)
            except Exception:  # noqa: BLE001
                # Otherwise a programming error would end the thread silently, and titles would stay on the disk.
                _log.exception("withdrawn, but not gone from the disk yet")
            stop.wait(interval)
