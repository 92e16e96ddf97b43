"""Data folders of embedded servers, and what tests ask of them."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from ledger.errors import LedgerError
from ledger.storage.embedded import EmbeddedServer
from ledger.storage.embedded.cluster import Home

ROOT = Path(__file__).parents[2]
USE = (
    "import sys\n"
    "from pathlib import Path\n"
    "from ledger.storage.embedded import EmbeddedServer\n"
    "with EmbeddedServer(Path(sys.argv[1])) as server:\n"
    "    print(server.url(), flush=True)\n"
    "    sys.stdin.read()\n"
)


@contextmanager
def new_folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="artledger-embedded-"))
    made.chmod(0o711)
    yield made
    wait_until_stopped(Home(made / "postgres"))
    shutil.rmtree(made)


def wait_until_stopped(home: Home) -> None:
    """Returns when no process of the server is left; waits for the lock that they hold."""
    if home.running_lock.exists():
        with home.running_lock.open("r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def answer(url: str, query: str = "SELECT 1") -> object:
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        row = connection.execute(query.encode()).fetchone()
    return None if row is None else row[0]


def refusal(folder: Path, run_as: str | None = None) -> LedgerError:
    with pytest.raises(LedgerError) as refused, EmbeddedServer(folder, run_as=run_as):
        pass
    return refused.value
