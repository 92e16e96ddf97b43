"""The embedded server: one per folder, shared by processes, gone with its last user however that ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from ledger.errors import ConflictError, IntegrityError, MissingPackageError, PushbackError
from ledger.storage.embedded import EmbeddedServer, binaries, server
from ledger.storage.embedded.cluster import Home
from ledger.storage.embedded.throwaway import wait_until_stopped
from tests.storage.embedded_folders import ROOT, USE, answer, first_line, refusal


@pytest.fixture
def user(folder: Path) -> Iterator[Callable[[], subprocess.Popen[str]]]:
    """Starts processes that use the folder's server until their standard input ends."""
    started: list[subprocess.Popen[str]] = []

    def start() -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", USE, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_a_server_is_private_and_keeps_data(folder: Path) -> None:
    with EmbeddedServer(folder) as first:
        home, url = Home(folder / "postgres"), first.url()
        assert answer(url, "SHOW listen_addresses") == ""
        assert answer(url, "SELECT datlocprovider::text || datlocale FROM pg_database LIMIT 1") == "bC.UTF-8"
        assert answer(url, "SHOW password_encryption") == "scram-sha-256"
        assert home.password.stat().st_mode & 0o777 == 0o600
        assert home.service_password.stat().st_mode & 0o777 == 0o600
        sockets = Path(home.socket_note.read_text())
        assert sockets.stat().st_mode & 0o777 == 0o700
        assert folder not in sockets.parents
        with psycopg.connect(url.replace("+psycopg", "")) as connection:
            connection.execute("CREATE TABLE kept (x int)")
            connection.execute("INSERT INTO kept VALUES (42)")
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(host=str(sockets), user="artledger", dbname="artledger", password="guess")
    wait_until_stopped(home)
    assert not sockets.exists()
    with EmbeddedServer(folder) as again:
        assert answer(again.url(), "SELECT x FROM kept") == 42


def test_processes_at_once_share_one_server(folder: Path, user: Callable[[], subprocess.Popen[str]]) -> None:
    processes = [user() for _ in range(3)]
    urls = {first_line(process) for process in processes}
    assert len(urls) == 1
    (url,) = urls
    processes[0].communicate("")
    processes[1].kill()
    processes[1].wait()
    assert answer(url) == 1, "a user is left"
    processes[2].communicate("")
    wait_until_stopped(Home(folder / "postgres"))
    with pytest.raises(psycopg.OperationalError):
        answer(url)


def test_sigkill_of_the_last_user_stops_the_server(folder: Path, user: Callable[[], subprocess.Popen[str]]) -> None:
    process = user()
    url = first_line(process)
    process.kill()
    process.wait()
    wait_until_stopped(Home(folder / "postgres"))
    with pytest.raises(psycopg.OperationalError):
        answer(url)


def test_who_comes_while_it_stops_gets_a_new_one(folder: Path) -> None:
    for _ in range(3):
        with EmbeddedServer(folder) as one:
            assert answer(one.url()) == 1


def test_the_keepers_death_takes_the_server_along(folder: Path) -> None:
    home = Home(folder / "postgres")
    with EmbeddedServer(folder):
        postmaster = int((home.cluster / "postmaster.pid").read_text().splitlines()[0])
        supervisor = int(Path(f"/proc/{postmaster}/stat").read_text().rsplit(")", 1)[1].split()[1])
        os.kill(supervisor, signal.SIGKILL)
        wait_until_stopped(home)
        with EmbeddedServer(folder) as next_one:
            assert answer(next_one.url()) == 1


def test_a_crashed_server_recovers_despite_its_stale_pid_file(folder: Path) -> None:
    home = Home(folder / "postgres")
    with EmbeddedServer(folder) as one:
        with psycopg.connect(one.url().replace("+psycopg", "")) as connection:
            connection.execute("CREATE TABLE kept (x int)")
        postmaster = int((home.cluster / "postmaster.pid").read_text().splitlines()[0])
        os.kill(postmaster, signal.SIGKILL)
        wait_until_stopped(home)
        # Another process has the number by now, as after a restart of the machine: PostgreSQL alone would refuse.
        lines = (home.cluster / "postmaster.pid").read_text().splitlines()
        (home.cluster / "postmaster.pid").write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    with EmbeddedServer(folder) as again:
        assert answer(again.url(), "SELECT count(*) FROM kept") == 0


def test_a_half_made_cluster_is_made_anew(empty_folder: Path) -> None:
    folder = empty_folder
    half = folder / "postgres" / "cluster.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    with EmbeddedServer(folder) as one:
        assert answer(one.url()) == 1
    assert not half.exists()


def test_a_cluster_of_another_version_is_left_alone(folder: Path) -> None:
    home = Home(folder / "postgres")
    (home.cluster / "PG_VERSION").write_text("15\n")
    error = refusal(folder)
    assert isinstance(error, ConflictError)
    assert error.code == "database-version"
    assert "PostgreSQL 15" in error.message
    (home.cluster / "PG_VERSION").unlink()
    assert refusal(folder).code == "database-damaged"


def test_a_server_that_cannot_start_says_why(folder: Path) -> None:
    home = Home(folder / "postgres")
    (home.cluster / "postgresql.conf").write_text("shared_buffers = 'nonsense'\n")
    error = refusal(folder)
    assert isinstance(error, IntegrityError)
    assert error.code == "database-start"
    assert "nonsense" in error.message


def test_a_full_disk_is_named(empty_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = empty_folder
    programs = folder / "programs"
    programs.mkdir()
    programs.chmod(0o755)
    initdb = programs / "initdb"
    initdb.write_text("#!/bin/sh\necho 'could not write: No space left on device' >&2\nexit 1\n")
    initdb.chmod(0o755)
    monkeypatch.setattr(server, "find_programs", lambda _account: programs)
    error = refusal(folder)
    assert isinstance(error, PushbackError)
    assert error.code == "disk-full"
    assert not (folder / "postgres" / "cluster").exists()


def test_an_unusable_folder_is_named(folder: Path) -> None:
    (folder / "file").write_text("")
    error = refusal(folder / "file")
    assert error.code == "data-folder"
    assert "--data" in str(error.hint)


def test_a_missing_package_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "_package", lambda: None)
    error = refusal(folder)
    assert isinstance(error, MissingPackageError)
    assert error.code == "embedded-missing"
    assert "'.[database]'" in str(error.hint)
    assert "ARTLEDGER_DATABASE_URL" in str(error.hint)


def test_a_long_path_for_temporary_files_does_not_lengthen_the_sockets(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = folder / ("d" * 120)
    long.mkdir(mode=0o711)
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    with EmbeddedServer(folder) as one:
        path = Path(Home(folder / "postgres").socket_note.read_text()) / server.SOCKET_NAME
        assert len(str(path)) <= server.MAX_SOCKET_PATH
        with socket.socket(socket.AF_UNIX) as probe:
            probe.connect(str(path))
        assert answer(one.url()) == 1
