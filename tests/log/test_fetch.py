"""Reading a log over http from a server that misbehaves, and from a folder."""

from __future__ import annotations

import contextlib
import gzip
import http.server
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ledger.errors import InputError, PushbackError, VerificationError
from ledger.log.fetch import FolderLog, HttpLog, max_bytes, open_log

TILE = bytes(range(32)) * 4
PATH = "tile/0/000.p/4"
Answer = Callable[[http.server.BaseHTTPRequestHandler], None]


def plain(handler: http.server.BaseHTTPRequestHandler, status: int = 200, body: bytes = TILE, **headers: str) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def absent(handler: http.server.BaseHTTPRequestHandler) -> None:
    plain(handler, 404, b"")


class Server:
    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.connections = 0
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                outer.connections += 1
                super().setup()

            def do_GET(self) -> None:
                answer: Answer = outer.answers.get(self.path, absent)
                answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_port}"


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    thread = threading.Thread(target=server.http.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.http.shutdown()
    thread.join()
    server.http.server_close()


@pytest.fixture
def log(server: Server) -> Iterator[HttpLog]:
    with closing(HttpLog(f"{server.url}/prefix/", timeout=10)) as log:
        yield log


def test_reads_over_one_kept_connection(server: Server, log: HttpLog) -> None:
    server.answers[f"/prefix/{PATH}"] = plain
    assert [log.get(PATH) for _ in range(5)] == [TILE] * 5
    assert log.get("tile/0/001") is None
    assert log.get("checkpoint") is None
    assert server.connections == 1


def test_gone_is_absent(server: Server, log: HttpLog) -> None:
    server.answers[f"/prefix/{PATH}"] = lambda handler: plain(handler, 410)
    assert log.get(PATH) is None


@pytest.mark.parametrize("status", [204, 206, 403, 429, 500, 503])
def test_other_answers_are_not_refutations(server: Server, log: HttpLog, status: int) -> None:
    server.answers[f"/prefix/{PATH}"] = lambda handler: plain(handler, status, b"" if status == 204 else TILE)
    with pytest.raises(PushbackError, match=str(status)) as error:
        log.get(PATH)
    assert error.value.code == "log-unreachable"


@pytest.mark.parametrize("location", ["/elsewhere", "../../../elsewhere"])
def test_redirects_within_the_host(server: Server, log: HttpLog, location: str) -> None:
    server.answers[f"/prefix/{PATH}"] = lambda handler: plain(handler, 302, b"", Location=location)
    server.answers["/elsewhere"] = plain
    server.answers["/prefix/elsewhere"] = plain
    assert log.get(PATH) == TILE


@pytest.mark.parametrize("location", ["http://198.51.100.1/x", "//198.51.100.1/x", f"/prefix/{PATH}", ""])
def test_other_redirects_are_refused(server: Server, log: HttpLog, location: str) -> None:
    server.answers[f"/prefix/{PATH}"] = lambda handler: plain(handler, 301, b"", Location=location)
    with pytest.raises(PushbackError, match="redirects"):
        log.get(PATH)


def test_gzip(server: Server, log: HttpLog) -> None:
    server.answers[f"/prefix/{PATH}"] = lambda handler: plain(
        handler, 200, gzip.compress(TILE), Content_Encoding="gzip"
    )
    assert log.get(PATH) == TILE
    server.answers[f"/prefix/{PATH}"] = lambda handler: plain(handler, 200, TILE, Content_Encoding="gzip")
    with pytest.raises(VerificationError) as error:
        log.get(PATH)
    assert error.value.code == "bad-encoding"


@pytest.mark.parametrize("compressed", [False, True])
def test_nothing_larger_than_its_kind_is_read(server: Server, log: HttpLog, compressed: bool) -> None:
    huge = bytes(50_000_000)
    body, headers = (gzip.compress(huge, 1), {"Content_Encoding": "gzip"}) if compressed else (huge, {})
    server.answers[f"/prefix/{PATH}"] = lambda handler: plain(handler, 200, body, **headers)
    with pytest.raises(VerificationError) as error:
        log.get(PATH)
    assert error.value.code in ("object-too-large", "bad-encoding")
    server.answers[f"/prefix/{PATH}"] = plain
    assert log.get(PATH) == TILE


def test_an_answer_that_breaks_off(server: Server, log: HttpLog) -> None:
    def break_off(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        handler.wfile.write(TILE)
        handler.close_connection = True

    server.answers[f"/prefix/{PATH}"] = break_off
    with pytest.raises(PushbackError):
        log.get(PATH)


@pytest.mark.parametrize("part", ["headers", "body", "body without length"])
def test_an_answer_that_trickles_is_cut_off(server: Server, part: str) -> None:
    """Every byte comes long before the timeout of a silent server; the whole would take hours."""

    def trickle(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        if part != "headers":
            length = b"Content-Length: 100000\r\n" if part == "body" else b""
            handler.wfile.write(length + b"Connection: close\r\n\r\n")
        with contextlib.suppress(OSError):
            while True:
                handler.wfile.write(b"X")
                handler.wfile.flush()
                time.sleep(0.05)

    server.answers[f"/{PATH}"] = trickle
    start = time.monotonic()
    with closing(HttpLog(server.url, timeout=10, deadline=0.5)) as log, pytest.raises(PushbackError):
        log.get(PATH)
    assert time.monotonic() - start < 5


def test_an_idle_connection_that_was_closed_is_no_failure(server: Server, log: HttpLog) -> None:
    def close_silently(handler: http.server.BaseHTTPRequestHandler) -> None:
        plain(handler)
        handler.close_connection = True

    server.answers[f"/prefix/{PATH}"] = close_silently
    assert [log.get(PATH) for _ in range(3)] == [TILE] * 3


def test_rubbish_for_http(server: Server, log: HttpLog) -> None:
    def rubbish(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"rubbish\r\n\r\n")

    server.answers[f"/prefix/{PATH}"] = rubbish
    with pytest.raises(PushbackError):
        log.get(PATH)


@pytest.mark.parametrize("path", ["../secret", "tile/0/../../../secret", "/etc/passwd", "", "checkpoint.5"])
def test_only_a_logs_own_paths_are_asked_for(tmp_path: Path, path: str) -> None:
    (tmp_path / "secret").write_text("x")
    (tmp_path / "log").mkdir()
    with pytest.raises(VerificationError) as error:
        FolderLog(tmp_path / "log").get(path)
    assert error.value.code == "bad-tile-path"


def test_a_folder(tmp_path: Path) -> None:
    log = open_log(tmp_path.as_uri())
    assert isinstance(log, FolderLog)
    assert log.get(PATH) is None
    file = tmp_path / PATH
    file.parent.mkdir(parents=True)
    file.write_bytes(TILE)
    assert log.get(PATH) == TILE
    assert list(log.paths()) == [PATH]
    file.write_bytes(bytes(max_bytes(PATH) + 1))
    with pytest.raises(VerificationError) as error:
        log.get(PATH)
    assert error.value.code == "object-too-large"


@pytest.mark.parametrize("part", ["checkpoint", PATH])
def test_a_folder_with_a_pipe_in_it(tmp_path: Path, part: str) -> None:
    target = tmp_path / part
    target.parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(target)
    with pytest.raises(PushbackError, match="named pipe"):
        FolderLog(tmp_path).get(part)


@pytest.mark.parametrize(
    "url", ["http://", "https:///x", "http://u:p@h/", "http://h/?q", "http://h/#f", "http://h:99999/"]
)
def test_urls_that_are_no_prefix(url: str) -> None:
    with pytest.raises(InputError) as error:
        open_log(url)
    assert error.value.code == "bad-log-location"
    assert "p@" not in error.value.message
