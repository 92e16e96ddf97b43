"""Who is let in as the machine's owner, on a real service: nobody by an address, by a name or by a header."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.cli.commands import Commands
from tests.cli.test_serve import DEADLINE, answer, document, serving
from tests.conftest import DatabaseUrl, copied

ACCOUNT = json.dumps({"role": "artist", "name": "Mallory"}).encode()
WEIGHTS = "ab" * 32
FORM = (
    b'--x\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n\r\n'
    b"no picture\r\n--x--\r\n"
)  # fmt: skip
FORWARDING = [
    ("X-Forwarded-For", "127.0.0.1"), ("x-real-ip", "127.0.0.1"), ("Forwarded", 'for="[::1]"'),
    ("X-FORWARDED-HOST", "localhost"), ("Via", "1.1 nginx"),
]  # fmt: skip


class OverUnixSocket(http.client.HTTPConnection):
    """HTTP to a path."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=DEADLINE)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(DEADLINE)
        self.sock.connect(str(self._path))


def over_tcp(url: str) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(urlsplit(url).netloc, timeout=DEADLINE)


def asked(connection: http.client.HTTPConnection, path: str, body: bytes, *headers: tuple[str, str]) -> tuple[int, Any]:
    """Status, and the problem's code. The connection is opened for this and closed afterwards."""
    form = "multipart/form-data; boundary=x" if body is FORM else "application/json"
    with closing(connection):
        connection.request("POST", path, body, {"Content-Type": form, **dict(headers)})
        response = connection.getresponse()
        return response.status, json.loads(response.read()).get("code")


def raw(url: str, request: bytes) -> tuple[int, bytes]:
    """Status and body of what is answered to these bytes."""
    target = urlsplit(url)
    with socket.create_connection((target.hostname, target.port), DEADLINE) as connection:
        connection.sendall(request)
        received = b"".join(iter(lambda: connection.recv(65_536), b""))
    head, _, body = received.partition(b"\r\n\r\n")
    return int(head.split(b" ", 2)[1]), body


@dataclass(frozen=True)
class Service:
    """As `artledger serve` starts it."""

    process: subprocess.Popen[str]
    url: str
    socket: Path

    def stop(self) -> str:
        """What it said on stderr."""
        self.process.send_signal(signal.SIGINT)
        return self.process.communicate(timeout=DEADLINE)[1]


@contextmanager
def service(database_server: DatabaseUrl, template: str, folder: Path, *options: str) -> Iterator[Service]:
    path = folder / "owner.sock"
    with (
        pytest.MonkeyPatch.context() as environment,
        copied(database_server, template) as database_url,
        socket.socket(socket.AF_UNIX) as dead,
    ):
        environment.setenv("ARTLEDGER_LIMIT_PER_ADDRESS", "6/hour")
        dead.bind(str(path))  # as a service that was killed leaves it
        arguments = ("--json", "--owner-socket", str(path), *options)
        with serving(folder / "data", database_url, *arguments) as process:
            port = urlsplit(document(process)["url"]).port
            started = Service(process, f"http://127.0.0.1:{port}", path)
            answer(started.url + "/healthz", 3 * DEADLINE)
            yield started


@pytest.fixture(scope="module")
def public(database_server: DatabaseUrl, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with service(database_server, template, tmp_path_factory.mktemp("public")) as started:
        yield started


def test_a_connection_from_this_machine_is_anybodys(public: Service) -> None:
    """As behind an ordinary proxy: it connects from 127.0.0.1, and may pass on whatever header the asker chose."""
    url, connection = public.url, over_tcp(public.url)
    for headers in ([], *([each] for each in FORWARDING)):
        assert asked(connection, "/v1/accounts", ACCOUNT, *headers) == (401, "token-required")
    for headers in ([], *([each] for each in FORWARDING)):
        # Nothing is reported without a token; and each of these requests counts for one and the same address.
        refused = asked(connection, f"/v1/generations?weights_sha256={WEIGHTS}", FORM, *headers)
        assert refused == (401, "token-required")
    for path in ("/v1/verifications", "/v1/lookups", "/v1/generations", f"/v1/generations/{'A' * 43}/confirmations"):
        assert asked(connection, path, FORM, ("X-Forwarded-For", "198.51.100.7")) == (429, "rate-limited")
    records = json.loads(answer(url + "/v1/records"))["records"]
    assert {record["kind"] for record in records} <= {"key", "calibration"}


def test_a_name_that_somebody_else_points_here_gets_no_answer(public: Service) -> None:
    """DNS rebinding: for the browser the page and the service are one site, so only the name tells."""
    url = public.url
    lines = (
        b"Connection: close\r\nSec-Fetch-Site: same-origin\r\nOrigin: http://rebound.example\r\nContent-Length: 0\r\n"
    )
    for method, path in ((b"GET", b"/"), (b"POST", b"/v1/lookups"), (b"GET", b"/static/page.css"), (b"GET", b"/x")):
        for host in (b"rebound.example", b"rebound.example:8000", b"localhost.rebound.example", b"0.0.0.0"):
            status, body = raw(url, b"%s %s HTTP/1.1\r\nHost: %s\r\n%s\r\n" % (method, path, host, lines))
            assert (status, json.loads(body)["code"]) == (421, "unknown-host")
            assert "ARTLEDGER_ALLOWED_HOSTS" in json.loads(body)["hint"]
    # The target names the service, and the header another one: RFC 9112 lets servers believe either.
    target = b"GET http://localhost/healthz HTTP/1.1\r\nHost: rebound.example\r\nConnection: close\r\n\r\n"
    assert raw(url, target)[0] == 421
    for host in (b"", b"Host: \r\n", b"Host: localhost\r\nHost: rebound.example\r\n", b"Host: a@localhost\r\n"):
        assert raw(url, b"GET /healthz HTTP/1.1\r\n%sConnection: close\r\n\r\n" % host)[0] == 400
    assert raw(url, b"GET /healthz HTTP/1.0\r\n\r\n")[0] == 400
    for host in (b"localhost", b"LOCALHOST:1", b"[::1]:8000", b"127.0.0.1"):
        status, _ = raw(url, b"GET /healthz HTTP/1.1\r\nhOsT: %s\r\nConnection: close\r\n\r\n" % host)
        assert status == 200


def test_the_owners_socket_lets_its_owner_in(public: Service) -> None:
    path, url = public.socket, public.url
    assert path.stat().st_mode & 0o777 == 0o600
    owner = OverUnixSocket(path)
    assert asked(owner, "/v1/accounts", ACCOUNT)[0] == 201
    statuses = [asked(owner, "/v1/verifications", FORM)[0] for _ in range(8)]
    assert statuses == [422] * 8, "not counted, and no picture all the same"
    for header in FORWARDING:
        assert asked(owner, "/v1/accounts", ACCOUNT, header) == (401, "token-required"), "passed on by a proxy"
    reports = f"/v1/generations?weights_sha256={WEIGHTS}"
    assert asked(owner, reports, FORM) == (401, "token-required"), "a report is an account's word"
    assert asked(over_tcp(url), "/v1/accounts", ACCOUNT) == (401, "token-required")
    path.chmod(0o666)
    assert asked(owner, "/v1/accounts", ACCOUNT) == (401, "token-required"), "anybody may have opened it"
    path.chmod(0o600)
    assert asked(owner, "/v1/accounts", ACCOUNT) == (409, "name-taken")


def test_loopback_is_trusted_only_where_that_is_asked_for(
    database_server: DatabaseUrl, template: str, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        metrics_port = str(probe.getsockname()[1])
    options = ("--trust-loopback", "--host", "0.0.0.0", "--metrics-port", metrics_port)  # noqa: S104
    with service(database_server, template, tmp_path, *options) as trusting:
        connection = over_tcp(trusting.url)
        assert asked(connection, "/v1/accounts", ACCOUNT)[0] == 201
        for header in FORWARDING:
            assert asked(connection, "/v1/accounts", ACCOUNT, header) == (401, "token-required")
        crossed = asked(connection, "/v1/accounts", ACCOUNT, ("Origin", "http://elsewhere.example"))
        assert crossed == (403, "cross-origin")
        rebound = asked(connection, "/v1/accounts", ACCOUNT, ("Host", "rebound.example"))
        assert rebound == (421, "unknown-host")
        figures = answer(f"http://127.0.0.1:{metrics_port}/metrics").decode()
        assert 'artledger_http_requests_total{method="POST",route="/v1/accounts",status="201"} 1.0' in figures
        said = trusting.stop()
        assert "--trust-loopback" in said
        assert "ARTLEDGER_ALLOWED_HOSTS" in said
        assert not trusting.socket.exists()


@pytest.mark.parametrize("case", ["shared", "missing", "file", "taken", "long"])
def test_a_socket_that_would_not_be_the_owners_exits_2(
    artledger: Commands, tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    monkeypatch.setenv("ARTLEDGER_DATABASE_URL", database_url)
    monkeypatch.setenv("ARTLEDGER_OWNER_SOCKET", "")  # put back afterwards: `serve` sets it
    monkeypatch.delenv("ARTLEDGER_OWNER_SOCKET")
    path = tmp_path / "owner.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        match case:
            case "shared":
                tmp_path.chmod(0o777)
            case "missing":
                path = tmp_path / "nowhere" / "owner.sock"
            case "file":
                path.write_text("precious")
            case "taken":
                listener.bind(str(path))
                listener.listen()
            case _:
                path = tmp_path / ("a" * 120)
        ended = artledger("serve", "--port", "0", "--owner-socket", str(path), "--json")
    tmp_path.chmod(0o700)
    assert ended.code == 2
    assert "cannot listen on" in ended.stderr
    if case == "file":
        assert path.read_text() == "precious"
