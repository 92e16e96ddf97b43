"""The service stays up for everybody else: an attack of every kind at once, on `artledger serve` over real sockets."""

from __future__ import annotations

import json
import os
import resource
import shlex
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from ledger.app import open_application
from tests.api.sockets import BOUNDARY, PART, answer, connect, status, upload_head
from tests.applications import DRAWINGS, with_drawings
from tests.conftest import DatabaseUrl
from tests.image.bombs import slow_jpeg


@dataclass(frozen=True)
class Attack:
    """How many uploads of each kind come."""

    stalled: int
    slow: int
    parallel: int


SMALL = Attack(stalled=12, slow=1, parallel=16)
LARGE = Attack(stalled=30, slow=4, parallel=100)
HALF_SENT = 1_100
OPEN_FILES = 1_024
"""What a service is often given; half-sent heads alone would use it up."""
SECONDS, FACTOR = 5.0, 10.0
"""A token's look-up takes less, or than so many times what it takes an idle service on this machine."""
LOOKUPS = 5
PROCESS_STARTS = 120.0


@pytest.fixture(autouse=True)
def _open_files() -> Iterator[None]:
    """This process holds the attackers' ends of all connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(8_192, hard) if hard > 0 else 8_192, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@contextmanager
def service(data: Path, database_url: str, errors: Path) -> Iterator[str]:
    """The URL of `artledger serve`, which may open OPEN_FILES files; what it logs goes to `errors`."""
    command = [sys.executable, "-m", "cli.main", "serve", "--port", "0", "--json", "--quiet", "--data", str(data)]
    with errors.open("wb") as log:
        process = subprocess.Popen(
            ["sh", "-c", f"ulimit -n {OPEN_FILES}; exec {shlex.join(command)}"],
            stdout=subprocess.PIPE, stderr=log, text=True, env={**os.environ, "ARTLEDGER_DATABASE_URL": database_url},
        )  # fmt: skip
        try:
            assert process.stdout is not None
            url = json.loads("".join(iter(process.stdout.readline, "}\n")) + "}")["url"]
            give_up = time.monotonic() + PROCESS_STARTS
            while not is_up(url):
                assert process.poll() is None
                assert time.monotonic() < give_up
                time.sleep(0.1)
            yield url
            assert process.poll() is None, "the service ended under the attack"
        finally:
            process.kill()
            process.communicate()


def is_up(url: str) -> bool:
    try:
        return httpx2.get(f"{url}/healthz", timeout=10).status_code == 200
    except httpx2.HTTPError:
        return False


def picture(number: int) -> bytes:
    """A drawing as a file that nobody sent before."""
    return DRAWINGS[number % len(DRAWINGS)].read_bytes() + os.urandom(8)


def forwarded(source: str) -> str:
    """What an ordinary proxy adds: nobody is the machine's owner with it."""
    return f"X-Forwarded-For: {source}"


def look_up(url: str, token: str, number: int) -> float:
    """Seconds that a look-up takes, over a connection of its own."""
    start = time.monotonic()
    answered = httpx2.post(
        f"{url}/v1/lookups",
        files={"image": picture(number)},
        headers={"Authorization": f"Bearer {token}"},
        timeout=120,
    )
    assert answered.status_code == 200, answered.text
    return time.monotonic() - start


def upload(url: str, data: bytes, source: str) -> int:
    """The status of a stranger's verification; 0 where the connection was ended instead."""
    body = PART + data + b"\r\n--" + BOUNDARY + b"--\r\n"
    try:
        with connect(url, source) as connection:
            connection.settimeout(60)
            ahead = upload_head("/v1/verifications", len(body), forwarded(source), "Connection: close")
            connection.sendall(ahead + body)
            return status(answer(connection))
    except OSError:
        return 0


def stall(held: ExitStack, url: str, number: int) -> socket.socket:
    """An upload that sends a megabyte of sixty, and no more."""
    source = f"127.0.3.{1 + number % 6}"
    connection = held.enter_context(connect(url, source))
    connection.setblocking(False)
    try:
        connection.sendall(upload_head("/v1/lookups", 60_000_000, forwarded(source)) + PART)
        connection.sendall(bytes(2**20))
    except OSError:
        pass  # turned away, or as much as the service took
    return connection


@pytest.mark.parametrize("attack", [SMALL, pytest.param(LARGE, marks=pytest.mark.slow)], ids=["small", "large"])
def test_a_tokens_look_up_gets_through(
    database_server: DatabaseUrl, template: str, tmp_path: Path, attack: Attack
) -> None:
    data, errors = tmp_path / "data", tmp_path / "errors"
    with with_drawings(database_server, template, data) as url:
        attacked(data, url, errors, attack)


def attacked(data: Path, database_url: str, errors: Path, attack: Attack) -> None:
    with open_application(data_dir=data, database_url=database_url) as application:
        account = application.people.accounts.create("artist", "Ada").account_id
        token = application.people.accounts.issue_token(account, ["verifications"]).secret
    slow = slow_jpeg()
    with ExitStack() as held, service(data, database_url, errors) as url:
        threads = held.enter_context(ThreadPoolExecutor(attack.slow + attack.parallel))
        look_up(url, token, 0)  # loads what the others share
        idle = max(look_up(url, token, number) for number in range(3))
        stalled = [stall(held, url, number) for number in range(attack.stalled)]
        for number in range(HALF_SENT):
            half = held.enter_context(connect(url, f"127.0.4.{1 + number % 12}"))
            half.sendall(b"POST /v1/lookups HTTP/1.1\r\nHost: local")
        slow_ones = [
            threads.submit(upload, url, slow + bytes([number]), f"127.0.5.{1 + number}")
            for number in range(attack.slow)
        ]
        many = [
            threads.submit(upload, url, picture(number), f"127.0.6.{1 + number % 20}")
            for number in range(attack.parallel)
        ]
        taken = [look_up(url, token, number) for number in range(LOOKUPS)]
        went_on = sum(not each.done() for each in (*slow_ones, *many))
        statuses = Counter(each.result() for each in many)
        slow_statuses = Counter(each.result() for each in slow_ones)
        assert is_up(url)
    print(f"idle {idle:.2f} s; under attack {[round(each, 2) for each in taken]}, while {went_on} uploads went on")
    print(f"uploads {dict(statuses)}; slow pictures {dict(slow_statuses)}; {len(stalled)} stalled")
    assert went_on > 0, "the attack was over before the look-ups were"
    assert max(taken) < max(SECONDS, FACTOR * idle)
    assert set(statuses) <= {0, 201, 429, 503}
    assert statuses[201] > 0, "strangers are served as well"
    assert set(slow_statuses) <= {0, 201, 422, 429, 503}
    assert "Traceback" not in errors.read_text()
