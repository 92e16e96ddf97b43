"""The private key that signs records. Its file may be replaced while the service runs."""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
from collections.abc import Iterator
from pathlib import Path

from ledger.errors import ConflictError
from ledger.record.keys import Signer, load_or_create_signer


class KeyFile:
    """The key in `path`, created on first use. Threads may share it; another process may replace the file.

    The next key is prepared in the same folder (`record-next.pem` for `record.pem`). The replaced key is kept as
    `record-<first 8 digits of its key id>.pem`.
    """

    def __init__(self, path: Path, passphrase: bytes | None = None) -> None:
        self.path = path
        self._passphrase = passphrase
        self._lock = threading.Lock()
        self._loaded_state: tuple[int, int] | None = None
        self._signer: Signer | None = None

    def signer(self) -> Signer:
        """The key that is in the file now. Raises as `load_or_create_signer` does."""
        with self._lock:
            state = self._file_state()
            if self._signer is None or state != self._loaded_state:
                self._signer = load_or_create_signer(self.path, self._passphrase)
                # `state` was read before loading, so that a file replaced meanwhile is noticed the next time.
                self._loaded_state = state or self._file_state()
            return self._signer

    def _file_state(self) -> tuple[int, int] | None:
        try:
            status = self.path.stat()
        except FileNotFoundError:
            return None
        return status.st_ino, status.st_mtime_ns

    @contextlib.contextmanager
    def replacing(self) -> Iterator[Signer]:
        """Yields the next key, already durable. It replaces the file when the block ends without an error.

        After an error or a crash, the same next key is used again, so that an announced key is never lost. One process
        at a time; others wait. Raises as `signer` does.
        """
        current = self.signer()
        prepared = self.path.with_name(f"{self.path.stem}-next{self.path.suffix}")
        kept = self.path.with_name(f"{self.path.stem}-{current.keyid[:8]}{self.path.suffix}")
        folder = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            if self.signer().keyid != current.keyid:
                raise ConflictError(
                    f"another process has just replaced the key in {self.path}",
                    code="key-replaced",
                    hint="See which key is in use: artledger keys show",
                )
            yield load_or_create_signer(prepared, self._passphrase)
            with contextlib.suppress(FileExistsError):
                os.link(self.path, kept)
            prepared.replace(self.path)
            os.fsync(folder)
        finally:
            os.close(folder)
