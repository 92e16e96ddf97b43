"""Data folders of embedded servers, and what tests ask of them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import psycopg
import pytest

from ledger.errors import LedgerError
from ledger.storage.embedded import EmbeddedServer

ROOT = Path(__file__).parents[2]
USE = (
    "import sys\n"
    "from pathlib import Path\n"
    "from ledger.storage.embedded import EmbeddedServer\n"
    "with EmbeddedServer(Path(sys.argv[1])) as server:\n"
    "    print(server.url(), flush=True)\n"
    "    sys.stdin.read()\n"
)


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
