"""What lies where an auditor's command expects a file: a pipe without a writer, a device without an end, a socket, a
folder, a link to itself, ten gigabytes of nothing. Every command answers soon, in words, in bounded memory."""

from __future__ import annotations

import http.server
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from ledger.audit.whole_log.audit_state import AuditState
from ledger.record import dsse
from ledger.record.keyfile import KeyFile
from tests.audit.material import BUNDLE, LOG_VKEY, leaf_of
from tests.cli.commands import Commands
from tests.cli.test_audit import revealed
from tests.log.logs import Log
from tests.record.samples import GENERATION

SECONDS = 60
"""For all commands together; each answers in a fraction of one."""
MEMORY = 2**30
"""Bytes of address space beyond what a command has when it begins."""

PROGRAM = f"""
import json, os, resource, sys
from cli.command_line import run
import ledger.audit.verifier, ledger.audit.whole_log.replay, ledger.audit.usage, ledger.audit.claims.claim
import ledger.image.pool
used = int(open("/proc/self/statm").read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
resource.setrlimit(resource.RLIMIT_AS, (used + {MEMORY},) * 2)
sys.stdout.flush()
shown = os.dup(1)
os.dup2(2, 1)
codes = [run(arguments) for arguments in json.loads(sys.argv[1])]
os.write(shown, json.dumps(codes).encode())
"""


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _socket(path: Path) -> None:
    here = os.open(path.parent, os.O_RDONLY)  # a socket's name may have 107 bytes at most
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(f"/proc/self/fd/{here}/{path.name}")
    finally:
        os.close(here)


def _sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(10 * 10**9)


KINDS: dict[str, Callable[[Path], None]] = {
    "pipe": _pipe,
    "device": _device,
    "socket": _socket,
    "folder": Path.mkdir,
    "loop": lambda path: path.symlink_to(path.name),
    "sparse": _sparse,
}
ANSWERS = {
    "pipe": {2, 4},
    "device": {2, 4},
    "socket": {2, 4},
    "loop": {0, 2, 4},  # a journal that leads nowhere is none yet
    "folder": {1, 2, 3, 4},  # neither a checkpoint nor a tile: missing
    "sparse": {1, 2},  # too much of a thing refutes it
}
"""Kind -> exit codes that fit."""


def _log(folder: Path) -> Log:
    folder.mkdir()
    log = Log.at(folder)
    log.grow(300)
    return log


def _commands(folder: Path, place: Callable[[Path], None]) -> list[tuple[str, list[str]]]:
    """What is hostile, and a command that reads it; the rest of what the command reads is good."""
    hostile = folder / "hostile"
    place(hostile)
    bundle, reveal = revealed(folder)
    (folder / "good.json").write_bytes(BUNDLE)
    (folder / "payload").write_bytes(dsse.parse(leaf_of(GENERATION)).payload)
    good, key = str(folder / "good.json"), ["--key", LOG_VKEY]
    log = _log(folder / "whole")
    found = [
        ("bundle", ["audit", "bundle", str(hostile), *key]),
        ("policy", ["audit", "bundle", good, *key, "--policy", str(hostile)]),
        ("record", ["audit", "record", str(hostile), *key]),
        ("image", ["audit", "record", good, *key, "--image", str(hostile)]),
        ("revealed bundle", ["audit", "reveal", str(hostile), str(reveal)]),
        ("reveal", ["audit", "reveal", str(bundle), str(hostile)]),
        ("claim", ["audit", "claim", str(hostile), *key]),
        ("statement of use", ["audit", "usage", str(hostile), "--log", log.location]),
        ("payload", ["keys", "sign", str(hostile), "--key", str(_key(folder))]),
        ("private key", ["keys", "sign", str(folder / "payload"), "--key", str(hostile)]),
    ]
    for number, part in enumerate(("checkpoint", "tile/entries/000", "tile/entries/001.p/44", "tile/0/000")):
        changed = folder / f"log-{number}"
        shutil.copytree(log.location, changed)
        (changed / part).unlink()
        place(changed / part)
        found.append((f"log's {part}", ["audit", "log", str(changed), "--key", str(log.signer.key)]))
    for suffix in ("checkpoint", "progress", "records"):
        state = folder / f"state-{suffix}"
        state.mkdir()
        place(Path(str(AuditState(state, log.signer.key).records._path.with_suffix(f".{suffix}"))))
        command = ["audit", "log", log.location, "--key", str(log.signer.key), "--state", str(state)]
        found.append((f"auditor's own {suffix}", command))
    return found


def _key(folder: Path) -> Path:
    path = folder / "keys" / "own.pem"
    path.parent.mkdir(mode=0o700)
    KeyFile(path).signer()
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_every_auditors_command_answers(kind: str, tmp_path: Path) -> None:
    commands = _commands(tmp_path, KINDS[kind])
    arguments = json.dumps([command for _, command in commands])
    environment = {**os.environ, "ARTLEDGER_DATA_DIR": str(tmp_path / "data")}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, arguments],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=True,
        env=environment,
    )
    codes = dict(zip((name for name, _ in commands), json.loads(done.stdout), strict=True))
    assert 70 not in codes.values(), done.stderr
    assert set(codes.values()) <= ANSWERS[kind], codes
    if kind in ("pipe", "device", "socket"):
        assert codes["log's checkpoint"] == 4
        assert codes["bundle"] == 2
        assert "not a regular file" in done.stderr


def test_standard_input_is_read_where_it_is_asked_for() -> None:
    program = "import sys; from cli.main import main; main()"
    for data, code in ((BUNDLE, 0), (bytes(10_000_000), 1)):
        done = subprocess.run(
            [sys.executable, "-c", program, "audit", "bundle", "-", "--key", LOG_VKEY],
            input=data,
            capture_output=True,
            check=False,
            timeout=SECONDS,
        )
        assert done.returncode == code, done.stderr


def test_a_pipe_by_name_says_how_to_read_one(tmp_path: Path, artledger: Commands) -> None:
    os.mkfifo(tmp_path / "pipe")
    ended = artledger("audit", "bundle", tmp_path / "pipe", "--key", LOG_VKEY, "--json")
    assert ended.code == 2
    assert "give -" in ended.json["error"]["hint"]


def test_a_bundle_by_url_comes_from_that_host(artledger: Commands) -> None:
    """A server must not send an auditor's machine to others, or to its own files."""

    class Away(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(302)
            self.send_header("Location", "http://198.51.100.1/bundle.json")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Away)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        url = f"http://127.0.0.1:{server.server_port}/bundle.json"
        ended = artledger("audit", "record", url, "--key", LOG_VKEY, "--json")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert ended.code == 4
    assert "another host" in ended.json["error"]["message"]
