"""SIGKILL at any moment of an ingest, and the next run ends with the corpus of an undisturbed one."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.applications import ART, DRAWINGS, application_with, query
from tests.cli.commands import run_process
from tests.conftest import DatabaseUrl
from tests.e2e.corpora import assert_same, corpus_of

SMALL_BATCHES = "import ledger.flows.works.ingest\nledger.flows.works.ingest.BATCH = 4\n"
"""Thirty drawings in eight transactions."""
PROGRAM = f"{SMALL_BATCHES}from cli.main import main\nmain()\n"
KILL_FROM = [(12,), pytest.param((0, 4, 12, 20), marks=pytest.mark.slow)]
"""Works that are registered when the clock of each random kill starts."""


def start_ingest(data: Path, database_url: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "corpus", "ingest", str(ART), "--data", str(data), "--quiet"],
        env={**os.environ, "ARTLEDGER_DATABASE_URL": database_url},
        start_new_session=True,
    )


def wait_for_works(running: subprocess.Popen[bytes], database_url: str, least: int) -> None:
    """Until the log is created (`least` 0), or so many works are registered."""
    statement = "SELECT count(*) FROM entry" if least == 0 else "SELECT count(*) FROM work_detail"
    while query(database_url, statement)[0][0] < max(least, 1):
        assert running.poll() is None, "the ingest ended before it could be killed"
        time.sleep(0.005)


def living(group: int) -> list[int]:
    """Processes of a process group that still run."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, process_group = stat.read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue
        if int(process_group) == group and state != "Z":
            found.append(int(stat.parent.name))
    return found


@pytest.mark.parametrize("kill_from", KILL_FROM, ids=str)
def test_a_killed_ingest_goes_on_and_ends_with_the_same_corpus(
    database_server: DatabaseUrl, template: str, database_url: str, tmp_path: Path, kill_from: Sequence[int]
) -> None:
    chance = random.Random()
    seed = int(os.environ.get("ARTLEDGER_TEST_SEED", chance.randrange(2**32)))
    print(f"ARTLEDGER_TEST_SEED={seed}")
    chance.seed(seed)
    data, environment = tmp_path / "data", {"ARTLEDGER_DATABASE_URL": database_url}
    for least in kill_from:
        running = start_ingest(data, database_url)
        wait_for_works(running, database_url, least)
        time.sleep(chance.uniform(0, 0.2))
        os.kill(running.pid, signal.SIGKILL)
        running.wait()
        (registered,) = query(database_url, "SELECT count(*) FROM work_detail")[0]
        assert registered % 4 == 0 or registered == len(DRAWINGS), "part of a batch was kept"
        patience = time.monotonic() + 30
        while left := living(running.pid):  # decoding workers notice that nobody listens any more
            assert time.monotonic() < patience, f"left running: {left}"
            time.sleep(0.01)
    finished = run_process("corpus", "ingest", ART, "--data", data, "--json", env=environment, prelude=SMALL_BATCHES)
    assert finished.code == 0, finished.stderr
    assert finished.json["registered"] + finished.json["already_registered"] == len(DRAWINGS)
    assert finished.json["already_registered"] >= kill_from[-1]
    checked = run_process("db", "check", "--data", data, "--json", env=environment)
    assert (checked.code, checked.json["verdict"]) == (0, "verified"), checked.stdout
    with application_with(database_server, template, tmp_path / "undisturbed", [ART]) as undisturbed:
        url = undisturbed.settings.database_url
        assert url is not None
        spec = undisturbed.store.spec.digest
        assert_same(corpus_of(database_url, spec), corpus_of(url.get_secret_value(), spec))
        kinds = undisturbed.works.catalogue.stats().records
    counted = query(database_url, "SELECT kind, count(*) FROM record GROUP BY kind")
    assert dict(counted) == dict(kinds), "the log has the same leaves"
