"""`artledger serve` as a process of its own: says where it is, serves, and stops when asked."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.commands import Commands, run_process

DEADLINE = 60.0
"""Seconds after which a service that does not answer counts as broken."""


@contextmanager
def serving(data: Path, database_url: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "cli.main", "serve", "--port", "0", "--data", str(data), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "ARTLEDGER_DATABASE_URL": database_url},
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def answer(url: str, patience: float = DEADLINE) -> bytes:
    """The body, as soon as the service answers."""
    give_up = time.monotonic() + patience
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as response:  # noqa: S310  (our own service)
                body: bytes = response.read()
                return body
        except OSError:
            if time.monotonic() > give_up:
                raise
            time.sleep(0.05)


def document(process: subprocess.Popen[str]) -> dict[str, str]:
    """The one JSON document on stdout."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line == "}\n":
            break
    found: dict[str, str] = json.loads("".join(lines))
    return found


def test_serve_says_where_serves_and_stops(tmp_path: Path, database_url: str) -> None:
    with serving(tmp_path, database_url, "--json") as process:
        said = document(process)
        assert set(said) == {"url", "origin", "log_vkey"}
        assert said["url"].startswith("http://127.0.0.1:")
        checkpoint = answer(said["url"] + "/checkpoint")
        assert checkpoint.decode().partition("\n")[0] == said["origin"]
        assert run_process("audit", "log", said["url"], "--key", said["log_vkey"]).code == 0
        assert json.loads(answer(said["url"] + "/.well-known/artledger.json"))["log_vkey"] == said["log_vkey"]
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=DEADLINE)
    assert process.returncode == 0
    assert errors.rstrip().endswith("Stopped.")
    assert "Traceback" not in errors


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put back afterwards: `serve` says there what its options say."""
    for name in ("ALLOWED_HOSTS", "METRICS_PORT", "OWNER_SOCKET"):
        monkeypatch.setenv(f"ARTLEDGER_{name}", "")
        monkeypatch.delenv(f"ARTLEDGER_{name}")


@pytest.mark.parametrize("option", ["--port", "--metrics-port"])
def test_a_port_in_use_exits_2(
    artledger: Commands, database_url: str, monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    monkeypatch.setenv("ARTLEDGER_DATABASE_URL", database_url)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ended = artledger("serve", option, str(taken.getsockname()[1]), "--json")
    assert ended.code == 2
    assert ended.json["error"]["code"] == "cannot-listen"


def test_an_address_that_is_none_exits_2(
    artledger: Commands, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARTLEDGER_DATABASE_URL", database_url)
    assert artledger("serve", "--host", "256.0.0.1").code == 2
