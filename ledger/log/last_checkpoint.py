"""The last signed checkpoint, stored outside the database so that a restored backup cannot fork the log."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from ledger.errors import IntegrityError, PushbackError, VerificationError
from ledger.files import read_regular
from ledger.log.checkpoint import SignedCheckpoint, open_checkpoint
from ledger.log.note import MAX_NOTE_BYTES
from ledger.log.vkey import VerifierKey


class LastCheckpoint:
    """One checkpoint in one file, replaced only by a larger one. Processes of one machine may share it."""

    def __init__(self, path: Path, log_key: VerifierKey) -> None:
        self._path = path
        self._key = log_key

    def load(self) -> SignedCheckpoint | None:
        """The stored checkpoint, or None before the first.

        Raises IntegrityError (`last-checkpoint-damaged`) when the file is not a checkpoint by this log's key, and
        PushbackError (`last-checkpoint-unreadable`).
        """
        try:
            data = read_regular(self._path, MAX_NOTE_BYTES + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unusable("read", error) from error
        try:
            return open_checkpoint(data, self._key)
        except VerificationError as error:
            raise IntegrityError(
                f"{self._path} is not a checkpoint signed by {self._key}: {error.message}",
                code="last-checkpoint-damaged",
                hint="It protects against signing a fork. Replace it with the newest checkpoint that anybody holds "
                "(the served one, or a witness's), never by nothing.",
            ) from error

    def advance(self, signed: SignedCheckpoint) -> None:
        """Stores a checkpoint before it leaves the process; it is flushed to disk on return.

        Raises IntegrityError (`stale-checkpoint`, `forked`) when a larger checkpoint, or another one of the same size,
        is already stored; PushbackError when the file cannot be written (`last-checkpoint-unwritable`).
        """
        with self._locked():
            known = self.load()
            if known is not None:
                require_not_behind(signed, known)
            if known is None or known.data != signed.data:
                try:
                    _write_durably(self._path, signed.data)
                except OSError as error:
                    raise self._unusable("write", error) from error

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._path.with_name(f"{self._path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise self._unusable("write", error) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _unusable(self, verb: str, error: OSError) -> PushbackError:
        return PushbackError(
            f"cannot {verb} the last signed checkpoint {self._path}: {error.strerror or error}",
            code=f"last-checkpoint-un{'readable' if verb == 'read' else 'writable'}",
            hint="Nothing is signed without this file. Make its folder writable, or free disk space.",
            retry_after=10.0,
        )


def require_not_behind(signed: SignedCheckpoint, known: SignedCheckpoint) -> None:
    """Raises IntegrityError: `stale-checkpoint` when `known` is larger; `forked` for two roots of one size."""
    if known.size > signed.size:
        raise IntegrityError(
            f"a checkpoint of size {known.size} was signed before; one of size {signed.size} would go back",
            code="stale-checkpoint",
        )
    if known.size == signed.size and known.root != signed.root:
        raise IntegrityError(
            f"two checkpoints of size {signed.size}: roots {known.root.hex()} and {signed.root.hex()}",
            code="forked",
            hint="Keep both checkpoints as evidence. Find out which database belongs to the log before you sign again.",
        )


def _write_durably(path: Path, data: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
