"""Requests to addresses that others name: nothing private is reached, whatever the name says a moment later."""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import dns.message
import dns.rrset
import pytest

from ledger import outbound
from ledger.errors import LedgerError
from ledger.outbound import Outbound, is_public, text_records

CLOSED = Outbound(private=True)


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        match self.path:
            case "/moved":
                self.send_response(302)
                self.send_header("Location", "http://127.0.0.1:1/secret")
                self.end_headers()
            case "/large":
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"x" * 1_000_000)
            case "/slow":
                self.send_response(200)
                self.end_headers()
                while True:
                    try:
                        self.wfile.write(b"x")
                        self.wfile.flush()
                    except OSError:
                        return
                    time.sleep(0.05)
            case _:
                self.send_response(200)
                self.end_headers()
                self.wfile.write(self.headers["Host"].encode())

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True), ("2606:4700::1111", True), ("64:ff9b::808:808", True), ("::ffff:8.8.8.8", True),
        ("127.0.0.1", False), ("10.1.2.3", False), ("172.16.0.1", False), ("192.168.1.1", False),
        ("169.254.169.254", False), ("100.64.0.1", False), ("0.0.0.0", False), ("224.0.0.1", False),  # noqa: S104
        ("255.255.255.255", False), ("::1", False), ("fe80::1", False), ("fc00::1", False), ("::", False),
        ("::ffff:127.0.0.1", False), ("64:ff9b::7f00:1", False), ("2002:7f00:1::", False), ("ff02::1", False),
        ("2001:0:4136:e378:8000:63bf:80ff:fffe", False),
    ],
)  # fmt: skip
def test_public_addresses(address: str, public: bool) -> None:
    assert is_public(ipaddress.ip_address(address)) == public


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://example.org/", "bad-address"), ("ftp://example.org/", "bad-address"),
        ("file:///etc/passwd", "bad-address"),
        ("https://", "bad-address"), ("https://user:secret@example.org/", "bad-address"),
        ("https://a/#b", "bad-address"),
        ("https://exa mple.org/", "bad-address"), ("https://example.org:99999/", "bad-address"),
        ("https://[::1", "bad-address"),
        ("https://bücher.example/", "bad-address"), ("https://example.org/" + "a" * 3000, "bad-address"),
        ("https://example.org/\r\nX: y", "bad-address"), ("https://127.0.0.1/", "private-address"),
        ("https://[::ffff:10.0.0.1]/", "private-address"), ("https://169.254.169.254/latest", "private-address"),
    ],
)  # fmt: skip
def test_addresses_that_are_never_asked(url: str, code: str) -> None:
    with pytest.raises(LedgerError) as caught:
        Outbound().require(url)
    assert caught.value.code == code


@pytest.mark.parametrize("host", ["localhost", "127.1", "0x7f000001", "2130706433"])
def test_a_name_for_a_private_address_is_refused_before_anything_is_sent(host: str) -> None:
    """Also the ways to write an address that only the resolver understands."""
    with pytest.raises(LedgerError) as caught:
        Outbound().send("GET", f"https://{host}/")
    assert caught.value.code in ("private-address", "unreachable")


def test_one_private_address_among_public_ones_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    def both(*_: Any, **__: Any) -> list[Any]:
        return [(2, 1, 6, "", ("8.8.8.8", 443)), (2, 1, 6, "", ("10.0.0.1", 443))]

    monkeypatch.setattr(socket, "getaddrinfo", both)
    with pytest.raises(LedgerError, match="private network"):
        Outbound().send("GET", "https://rebound.example/")


def test_the_checked_address_is_the_one_that_is_asked(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """The name is resolved once: what it says later does not matter."""
    asked: list[str] = []
    port = int(url.rpartition(":")[2])

    def resolve(host: str, *_: Any, **__: Any) -> list[Any]:
        asked.append(host)
        return [(2, 1, 6, "", ("127.0.0.1", port))]

    connect = socket.create_connection
    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(socket, "create_connection", lambda where, *rest: connect_to(connect, where, rest))
    answer = CLOSED.send("GET", f"http://ada.example:{port}/")
    assert answer.body == f"ada.example:{port}".encode()
    assert asked[0] == "ada.example"
    assert set(asked) <= {"ada.example", "127.0.0.1"}, "only an address is connected to"


def connect_to(connect: Any, where: tuple[str, int], rest: Any) -> Any:
    assert where[0] == "127.0.0.1"
    return connect(where, *rest)


def test_redirects_are_answers_and_answers_are_short(url: str) -> None:
    assert CLOSED.send("GET", f"{url}/moved").status == 302
    assert len(CLOSED.send("GET", f"{url}/large").body) == outbound.MOST_BYTES


def test_an_answer_that_trickles_ends(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbound, "SECONDS", 0.5)
    start = time.monotonic()
    answer = CLOSED.send("GET", f"{url}/slow")
    assert time.monotonic() - start < 10
    assert set(answer.body) <= {ord("x")}


def test_nobody_there() -> None:
    with pytest.raises(LedgerError) as caught:
        CLOSED.send("GET", "http://127.0.0.1:1/")
    assert caught.value.code == "unreachable"


def test_text_records() -> None:
    """A real name server on loopback; a long record comes in parts."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(10)

        def serve() -> None:
            for _ in range(2):
                data, where = server.recvfrom(4096)
                query = dns.message.from_wire(data)
                answer = dns.message.make_response(query)
                name = query.question[0].name
                if "known" in str(name):
                    answer.answer.append(dns.rrset.from_text(name, 60, "IN", "TXT", '"one" "two"', '"three"'))
                server.sendto(answer.to_wire(), where)

        thread = threading.Thread(target=serve)
        thread.start()
        port = server.getsockname()[1]
        assert sorted(text_records("known.example", ["127.0.0.1"], port)) == ["onetwo", "three"]
        assert text_records("nothing.example", ["127.0.0.1"], port) == ()
        thread.join()
