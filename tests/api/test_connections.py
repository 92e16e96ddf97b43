"""Connections that say nothing, never end, or never listen cost nobody else anything. Over real sockets."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack

import httpx2
import pytest

from api.app import create_app
from api.http import connections, deadlines
from api.http.context import Context
from ledger.app import Application
from tests.api.serving import served_app
from tests.api.sockets import PART, answer, connect, head, status, upload_head
from tests.applications import application_with
from tests.conftest import DatabaseUrl

HEAD_SECONDS, BODY_SECONDS, PER_ADDRESS = 1.0, 2.0, 6
SLACK = 10.0
"""Seconds that a loaded machine may be late."""


@pytest.fixture(scope="module")
def application(
    database_server: DatabaseUrl, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Application]:
    with application_with(
        database_server, template, tmp_path_factory.mktemp("connections") / "data",
        head_seconds=HEAD_SECONDS, body_seconds=BODY_SECONDS, connections_per_address=PER_ADDRESS, max_connections=16,
    ) as opened:  # fmt: skip
        yield opened


@pytest.fixture(scope="module")
def service(application: Application) -> Iterator[tuple[str, Context]]:
    app = create_app(application)
    with served_app(app) as url:
        yield url, app.state.context


@pytest.fixture
def url(service: tuple[str, Context]) -> str:
    return service[0]


def alive(url: str) -> int:
    return httpx2.get(f"{url}/healthz", timeout=30).status_code


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (b"", 0),
        (b"GET /healthz HTTP/1.1\r\nHost: local", 408),
        (head("GET /healthz"), 200),
        (head("GET /healthz") + b"GET /", 200),
        (head("GET /healthz", "Content-Length: 10") + b"12", 200),
    ],
    ids=["nothing", "half a head", "idle after an answer", "half a second head", "a body that nobody reads"],
)
def test_who_asks_nothing_is_not_waited_for(url: str, sent: bytes, expected: int) -> None:
    with connect(url) as connection:
        start = time.monotonic()
        connection.sendall(sent)
        assert status(answer(connection)) == expected
        assert time.monotonic() - start < 6 * HEAD_SECONDS + SLACK


def test_trickling_does_not_lengthen_the_deadline(url: str) -> None:
    with connect(url) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n")
        start = time.monotonic()
        with pytest.raises(OSError):  # noqa: PT012
            while time.monotonic() - start < HEAD_SECONDS + SLACK:
                connection.sendall(b"a: b\r\n")
                time.sleep(0.1)


def test_half_sent_heads_make_room_for_whoever_asks(url: str) -> None:
    """Of one address and of many: the connection that waited longest goes."""
    with ExitStack() as held:
        first = held.enter_context(connect(url))
        first.sendall(b"GET /")
        for _ in range(PER_ADDRESS - 1):
            held.enter_context(connect(url)).sendall(b"GET /")
        assert alive(url) == 200
        assert answer(first) == b"", "it was not answered, but ended"
        for number in range(30):
            held.enter_context(connect(url, f"127.0.1.{1 + number}")).sendall(b"GET /")
        assert alive(url) == 200


def test_where_all_are_being_answered_more_are_turned_away(url: str) -> None:
    with ExitStack() as held:
        for _ in range(PER_ADDRESS):
            held.enter_context(connect(url, "127.0.2.1")).sendall(upload_head() + PART)
        time.sleep(0.3)
        with connect(url, "127.0.2.1") as another:
            another.sendall(head("GET /healthz"))
            assert status(answer(another)) in (503, 0)
        assert alive(url) == 200, "another address is not held up"


@pytest.mark.parametrize(
    "sent",
    [
        upload_head() + PART,
        upload_head("/v1/lookups", 100_000, "Expect: 100-continue"),
        head("POST /v1/lookups", "Content-Type: application/json", "Content-Length: 99") + b"{",
        head("POST /v1/lookups", "Content-Type: application/json", "Transfer-Encoding: chunked") + b"1\r\n{\r\n",
    ],
    ids=["form", "100-continue", "JSON", "chunks"],
)
def test_a_body_that_does_not_come_is_given_up_with_what_it_held(service: tuple[str, Context], sent: bytes) -> None:
    url, context = service
    with connect(url) as connection:
        connection.sendall(sent)
        received = answer(connection).removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n")
    assert status(received) == 408
    assert b"too-slow" in received
    assert context.budget.held == 0


def test_a_body_comes_at_a_pace(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadlines, "GRACE_SECONDS", 0.3)
    with connect(url) as connection:
        connection.sendall(upload_head() + PART)
        connection.settimeout(0.05)
        start = time.monotonic()
        received = b""
        while not received and time.monotonic() - start < BODY_SECONDS + SLACK:
            connection.sendall(b"x")
            try:
                received = connection.recv(4096)
            except TimeoutError:
                continue
    assert status(received) == 408
    assert time.monotonic() - start < BODY_SECONDS


def chunked(*rest: bytes) -> bytes:
    start = head("POST /v1/lookups", "Content-Type: application/json", "Transfer-Encoding: chunked")
    return start + b"2\r\n{}\r\n" + b"".join(rest)


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (head("GET /healthz", *(f"A{number}: b" for number in range(101))), 400),
        (b"GET /healthz HTTP/1.1\r\nA: " + b"a" * 2**20, 431),
        (b"GET /" + b"a" * 2**20, 431),
        (chunked(b"1;" + b"a" * 2**20), 431),
        (chunked(b"0\r\n", b"A: b\r\n\r\n"), 400),
        (chunked(b"0\r\nA: ", b"a" * 2**20), 431),
        (head("GET /v1/openapi.json") * 200, 400),
    ],
    ids=["many headers", "long header", "long path", "long chunk header", "trailers", "long trailer", "pipeline"],
)
def test_what_has_no_bound_is_refused(url: str, sent: bytes, expected: int, capfd: pytest.CaptureFixture[str]) -> None:
    with connect(url) as connection:
        try:
            for start in range(0, len(sent), 65_536):
                connection.sendall(sent[start : start + 65_536])
        except OSError:
            pass
        received = answer(connection)
    # Where more was sent than read, the reset may overtake the answer.
    assert status(received) == expected or (not received and len(sent) > 65_536)
    assert alive(url) == 200
    assert "Traceback" not in capfd.readouterr().err


def test_there_are_no_websockets(url: str, caplog: pytest.LogCaptureFixture) -> None:
    wanted = ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: eA==")
    with connect(url) as connection:
        connection.sendall(head("GET /healthz", *wanted))
        assert status(answer(connection)) == 200


def test_who_never_takes_the_answer_is_not_waited_for(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "SEND_SECONDS", 1.0)
    with connect(url) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        start = time.monotonic()
        with pytest.raises(OSError):  # noqa: PT012
            while time.monotonic() - start < 60:
                connection.sendall(head("GET /v1/openapi.json") * 8)
                time.sleep(0.2)
    assert alive(url) == 200


def test_an_aborted_upload_logs_one_line(
    service: tuple[str, Context], caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    url, context = service
    with caplog.at_level(logging.DEBUG, "artledger"):
        with connect(url) as connection:
            connection.sendall(upload_head() + PART + b"half of it")
            time.sleep(0.5)
        give_up = time.monotonic() + SLACK
        while not caplog.records and time.monotonic() < give_up:
            time.sleep(0.05)
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("artledger")]
    assert lines == ["POST /v1/lookups: the client left while it was sending"]
    assert all(record.exc_info is None for record in caplog.records)
    assert "Traceback" not in capfd.readouterr().err
    assert context.budget.held == 0
