"""Stores an auditor's state between two audits: the last verified checkpoint, and the progress of a replay."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from ledger.audit.whole_log.record_state import RecordState
from ledger.errors import ConflictError, VerificationError
from ledger.files import read_regular
from ledger.log.checkpoint import Checkpoint, SignedCheckpoint, open_checkpoint, parse_checkpoint
from ledger.log.note import MAX_NOTE_BYTES
from ledger.log.vkey import VerifierKey


class AuditState:
    """The state of one log: files in the auditor's folder, named by the log's key."""

    def __init__(self, folder: Path, log_key: VerifierKey) -> None:
        name = hashlib.sha256(str(log_key).encode()).hexdigest()[:16]
        self._key = log_key
        self._checkpoint = folder / f"{name}.checkpoint"
        self._progress = folder / f"{name}.progress"
        self.records = RecordState(folder / f"{name}.records")

    def last_good(self) -> SignedCheckpoint | None:
        """The checkpoint of the last successful audit. Raises ConflictError (`audit-state`) when it is damaged."""
        data = self._read(self._checkpoint)
        if data is None:
            return None
        try:
            return open_checkpoint(data, self._key)
        except VerificationError as error:
            raise self._damaged(self._checkpoint, error) from error

    def progress(self) -> Checkpoint | None:
        """Size and root of the part of a log that an unfinished replay has verified."""
        data = self._read(self._progress)
        if data is None:
            return None
        try:
            return parse_checkpoint(data.decode())
        except (VerificationError, UnicodeDecodeError) as error:
            raise self._damaged(self._progress, error) from error

    def save_progress(self, size: int, root: bytes) -> None:
        """Stores progress. Raises ConflictError (`audit-state`) when the folder cannot be written."""
        self._write(self._progress, Checkpoint(self._key.name, size, root).text.encode())

    def save_good(self, signed: SignedCheckpoint) -> None:
        """Stores the checkpoint of a successful audit. Raises as `save_progress` does."""
        self._write(self._checkpoint, signed.data)
        self._progress.unlink(missing_ok=True)

    def _read(self, path: Path) -> bytes | None:
        try:
            return read_regular(path, MAX_NOTE_BYTES + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._damaged(path, error) from error

    def _write(self, path: Path, data: bytes) -> None:
        temporary = path.with_suffix(f"{path.suffix}.{os.getpid()}.tmp")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with temporary.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except OSError as error:
            raise ConflictError(f"cannot write {path}: {error.strerror or error}", code="audit-state") from error

    def _damaged(self, path: Path, error: Exception) -> ConflictError:
        return ConflictError(
            f"the auditor's own state {path} cannot be used: {error}",
            code="audit-state",
            hint="Remove it to make the next audit start from nothing. It then cannot compare with earlier audits.",
        )
