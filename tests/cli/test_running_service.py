"""`verify` and `lookup` ask the service that runs on the same data folder."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.ui.service import LONGEST_PATH, SOCKET, socket_of
from ledger.settings import Settings
from tests.applications import DRAWINGS, with_drawings
from tests.cli.commands import Commands
from tests.cli.test_serve import DEADLINE, answer, document, serving
from tests.conftest import DatabaseUrl
from tests.people import changed

NOWHERE = "postgresql+psycopg://nobody@127.0.0.1:1/none"
"""With it, a command that opens the database itself fails."""


@pytest.fixture(scope="module")
def data(database_server: DatabaseUrl, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("running")
    with with_drawings(database_server, template, folder) as url, serving(folder, url, "--json") as process:
        answer(document(process)["url"] + "/healthz", 3 * DEADLINE)
        yield folder


@pytest.fixture
def elsewhere(artledger: Commands, monkeypatch: pytest.MonkeyPatch) -> Commands:
    monkeypatch.setenv("ARTLEDGER_DATABASE_URL", NOWHERE)
    return artledger


def test_the_service_answers(data: Path, elsewhere: Commands) -> None:
    assert (data / SOCKET).stat().st_mode & 0o777 == 0o600
    verified = elsewhere("verify", DRAWINGS[0], "--data", data, "--json")
    assert verified.code == 0, verified.stderr
    looked_up = elsewhere("lookup", DRAWINGS[0], "--data", data, "--json").json
    assert verified.json["record_id"] in [each["record_id"] for each in looked_up["records"]]
    assert verified.json["report"]["matches"][0]["relation"] == "exact"
    assert "Proof" in elsewhere("verify", DRAWINGS[0], "--data", data).stdout


def test_the_service_answers_about_an_edited_copy(data: Path, elsewhere: Commands, tmp_path: Path) -> None:
    """Its evidence, too, comes through: numbers in lists."""
    edited = tmp_path / "edited.jpg"
    edited.write_bytes(changed(DRAWINGS[3].read_bytes(), quality=70))
    looked_up = elsewhere("lookup", edited, "--data", data, "--json")
    assert looked_up.code == 0, looked_up.stderr
    assert len(looked_up.json["matches"][0]["evidence"]["transform"]) == 6


def test_a_picture_that_it_refuses(data: Path, elsewhere: Commands, tmp_path: Path) -> None:
    bad = tmp_path / "bad.png"
    bad.write_bytes(DRAWINGS[0].read_bytes()[:200])
    ended = elsewhere("verify", bad, DRAWINGS[0], "--data", data, "--json")
    assert ended.code == 2
    first, second = ended.json
    assert first["error"]["code"] in {"truncated", "damaged"}
    assert second["repeated"] in {True, False}


def test_without_a_service_the_command_answers_itself(elsewhere: Commands, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / SOCKET))  # as a service that was killed leaves it
        (tmp_path / SOCKET).chmod(0o600)
        ended = elsewhere("verify", DRAWINGS[0], "--data", tmp_path, "--json")
    assert ended.json["error"]["code"].startswith("database-")


def test_a_socket_that_others_may_open_is_not_asked(elsewhere: Commands, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as others:
        others.bind(str(tmp_path / SOCKET))
        (tmp_path / SOCKET).chmod(0o666)
        others.listen()
        ended = elsewhere("verify", DRAWINGS[0], "--data", tmp_path, "--json")
    assert ended.json["error"]["code"].startswith("database-")


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (b"", "service-lost"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", "service-version"),
        (b"HTTP/1.1 500 X\r\nContent-Length: 4\r\n\r\nnull", "service-lost"),
        (b"HTTP/1.1 503 X\r\nContent-Length: 28\r\n\r\n" + b'{"code":"closed","detail":1}', "closed"),
    ],
)
def test_a_service_that_fails_is_named(elsewhere: Commands, tmp_path: Path, said: bytes, code: str) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / SOCKET))
        (tmp_path / SOCKET).chmod(0o600)
        listener.listen()

        def serve() -> None:
            for _ in range(2):  # the first only looks whether anybody listens
                connection, _ = listener.accept()
                with connection:
                    if said:
                        connection.settimeout(DEADLINE)
                        received = b""
                        while not received.endswith(b"--\r\n") and (more := connection.recv(65_536)):
                            received += more
                        if received:
                            connection.sendall(said)

        thread = threading.Thread(target=serve)
        thread.start()
        ended = elsewhere("verify", DRAWINGS[0], "--data", tmp_path, "--json")
        thread.join(DEADLINE)
    assert ended.json["error"]["code"] == code


def test_a_path_that_is_too_long_has_no_socket(tmp_path: Path) -> None:
    assert socket_of(Settings(data_dir=tmp_path)) == tmp_path / SOCKET
    assert socket_of(Settings(data_dir=tmp_path / ("a" * LONGEST_PATH))) is None
