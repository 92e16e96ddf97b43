"""SIGKILL of the service under load, again and again: everything acknowledged is found, and the log replays."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import threading
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest

from ledger.app import open_application
from ledger.audit.checks import AuditVerdict
from ledger.audit.entries import EntryChecker
from ledger.audit.whole_log.replay import replay_log
from ledger.log.vkey import parse_vkey
from tests.applications import DRAWINGS, labelled, register

CALLERS = 3
SECONDS = 60.0
"""Without an answer for so long, the service counts as broken."""


@dataclass
class Load:
    """Verifies pictures that nobody sent before, and notes what was acknowledged: record id to leaf index."""

    url: str
    acknowledged: dict[str, int] = field(default_factory=dict)
    over: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        with httpx2.Client(base_url=self.url, timeout=SECONDS) as client:
            while not self.over.is_set():
                # What follows a PNG's last chunk is not decoded: other bytes, and so another question, each time.
                picture = DRAWINGS[0].read_bytes() + uuid.uuid4().bytes
                try:
                    answer = client.post("/v1/verifications", files={"image": ("a.png", picture)})
                except httpx2.ConnectError:  # it does not listen yet
                    time.sleep(0.02)
                    continue
                except httpx2.HTTPError:
                    return
                if answer.status_code == 201:
                    body: dict[str, Any] = answer.json()
                    self.acknowledged[body["record_id"]] = body["leaf_index"]


def kill_once(data: Path, environment: dict[str, str], chance: random.Random) -> dict[str, int]:
    """One life of the service: what it acknowledged before it was killed at some moment under load."""
    service = subprocess.Popen(
        [sys.executable, "-m", "cli.main", "serve", "--port", "0", "--json", "--quiet", "--data", str(data),
         "--trust-loopback"],
        stdout=subprocess.PIPE, text=True, env=environment,
    )  # fmt: skip
    try:
        assert service.stdout is not None
        document = "".join(iter(service.stdout.readline, "}\n")) + "}"
        load = Load(json.loads(document)["url"])
        callers = [threading.Thread(target=load.run) for _ in range(CALLERS)]
        for caller in callers:
            caller.start()
        give_up = time.monotonic() + SECONDS
        while not load.acknowledged:
            assert service.poll() is None, "the service ended by itself"
            assert time.monotonic() < give_up, "nothing was acknowledged"
            time.sleep(0.005)
        time.sleep(chance.uniform(0, 0.5))
    finally:
        service.kill()
        service.communicate()
    load.over.set()
    for caller in callers:
        caller.join()
    return load.acknowledged


@pytest.mark.parametrize("times", [1, pytest.param(50, marks=pytest.mark.slow)])
def test_nothing_acknowledged_is_lost(times: int, database_url: str, tmp_path: Path) -> None:
    chance = random.Random()
    seed = int(os.environ.get("ARTLEDGER_TEST_SEED", chance.randrange(2**32)))
    print(f"ARTLEDGER_TEST_SEED={seed}")
    chance.seed(seed)
    data, few = tmp_path / "data", tmp_path / "few"
    few.mkdir()
    for drawing in DRAWINGS[:2]:
        shutil.copy(drawing, few)
    labelled(few, [(drawing.name, drawing.stem, "Ada") for drawing in DRAWINGS[:2]])
    with open_application(data_dir=data, database_url=database_url) as application:
        register(application, few)
    environment = {**os.environ, "ARTLEDGER_DATABASE_URL": database_url}
    acknowledged: dict[str, int] = {}
    for _ in range(times):
        acknowledged |= kill_once(data, environment, chance)
    assert len(set(acknowledged.values())) == len(acknowledged) >= times
    with open_application(data_dir=data, database_url=database_url) as application:
        application.log.settle()
        for record_id, leaf_index in acknowledged.items():
            assert application.records.get(record_id).leaf_index == leaf_index
        assert application.upkeep.administration.check().verdict is AuditVerdict.VERIFIED
        vkey = parse_vkey(application.log.vkey)
    replayed = replay_log(str(data / "log"), vkey, checker=EntryChecker(vkey.name))
    assert replayed.audit.verdict is AuditVerdict.VERIFIED, replayed.audit
    assert replayed.entries > len(acknowledged)
