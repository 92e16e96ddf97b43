"""A data folder for a while."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ledger.storage.embedded.cluster import Home, known_home


@contextmanager
def throwaway_folder(purpose: str) -> Iterator[Path]:
    """A new data folder whose name contains `purpose`. It is deleted at the end, with its database wherever that is.

    The server stops after its last user has gone and writes until then, so this waits for its end first.
    """
    folder = Path(tempfile.mkdtemp(prefix=f"artledger-{purpose}-"))
    folder.chmod(0o711)  # as root, the server's own account must get through
    try:
        yield folder
    finally:
        home = known_home(folder)
        wait_until_stopped(home)
        shutil.rmtree(home.folder, ignore_errors=True)
        shutil.rmtree(folder)


def wait_until_stopped(home: Home) -> None:
    """Returns when no process of the server is left: they all hold this lock."""
    if home.running_lock.exists():
        with home.running_lock.open("r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
