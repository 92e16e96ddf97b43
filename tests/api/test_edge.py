"""Who is the machine's owner, which address asks, and under which names the service answers."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.http.connections import Connections
from api.http.edge import Edge
from ledger.errors import InputError
from ledger.settings import Settings

Headers = list[tuple[str, str]]
PROXIES = "10.0.0.0/8, 127.0.0.1, ::1"
LISTED, STANDARD = "x-forwarded-for", "forwarded"


def edge(**settings: Any) -> Edge:
    return Edge.of(Settings(**settings))


def scope(client: str | None, headers: Headers = [], server: tuple[str, int | None] = ("127.0.0.1", 8000)) -> Any:  # noqa: B006
    """As an ASGI server tells it: names of headers in lower case."""
    raw = [(name.lower().encode(), value.encode()) for name, value in headers]
    peer = None if client is None else (client, 50_000)
    return {"type": "http", "client": peer, "server": server, "headers": raw, "scheme": "http"}


FORWARDING: list[Headers] = [
    [("Forwarded", 'for="[::1]"')],
    [("Forwarded", "for=127.0.0.1")],
    [("X-Forwarded-For", "127.0.0.1")],
    [("x-forwarded-for", "")],
    [("X-FORWARDED-HOST", "localhost")],
    [("X-Forwarded-Proto", "https")],
    [("X-Forwarded", "for=127.0.0.1")],
    [("X-Real-IP", "127.0.0.1")],
    [("X_Real_IP", "127.0.0.1")],
    [("Via", "1.1 proxy")],
    [("True-Client-IP", "127.0.0.1")],
    [("CF-Connecting-IP", "127.0.0.1")],
]


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"])
def test_loopback_is_the_owner_only_where_that_was_asked_for(peer: str) -> None:
    assert not edge().is_owner(scope(peer))
    assert edge(trust_loopback=True).is_owner(scope(peer))
    for headers in FORWARDING:
        assert not edge(trust_loopback=True).is_owner(scope(peer, headers)), headers
    assert not edge(trust_loopback=True, trusted_proxies=f"{PROXIES}, 127.0.0.0/8").is_owner(scope(peer))


@pytest.mark.parametrize("peer", ["203.0.113.7", "2001:db8::1", "::ffff:203.0.113.7", "testclient", "0.0.0.0", "::"])  # noqa: S104 - an address that asks
def test_others_are_never_the_owner(peer: str) -> None:
    assert not edge(trust_loopback=True).is_owner(scope(peer))
    for headers in FORWARDING:
        assert not edge(trust_loopback=True, trusted_proxies=peer if "::1" in peer else "").is_owner(
            scope(peer, headers)
        )


@pytest.fixture
def owners(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "owner"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        path.chmod(0o600)
        yield path


def test_the_owners_socket(owners: Path, tmp_path: Path) -> None:
    named = edge(owner_socket=owners)
    asked = scope(None, server=(str(owners), None))
    assert named.is_owner(asked)
    assert not edge().is_owner(asked), "a server's own Unix socket, of which nobody said whose it is"
    assert not edge(trust_loopback=True).is_owner(asked)
    assert not named.is_owner(scope("127.0.0.1"))
    assert not named.is_owner(scope(None, server=(str(tmp_path / "another"), None)))
    for headers in FORWARDING:
        assert not named.is_owner(scope(None, headers, (str(owners), None))), headers
    owners.chmod(0o660)
    assert not named.is_owner(asked), "others can open it"
    owners.unlink()
    assert not named.is_owner(asked)


@pytest.mark.parametrize(
    ("peer", "headers", "address"),
    [
        # Nobody believes a peer that is no proxy.
        ("203.0.113.7", [(LISTED, "198.51.100.1")], "203.0.113.7"),
        ("203.0.113.7", [(STANDARD, "for=198.51.100.1")], "203.0.113.7"),
        # The rightmost that is no proxy: what stands left of it is anybody's word.
        ("127.0.0.1", [], "127.0.0.1"),
        ("127.0.0.1", [(LISTED, "198.51.100.1")], "198.51.100.1"),
        ("::ffff:127.0.0.1", [(LISTED, "198.51.100.1")], "198.51.100.1"),
        ("127.0.0.1", [(LISTED, "6.6.6.6, 198.51.100.1")], "198.51.100.1"),
        ("127.0.0.1", [(LISTED, "6.6.6.6, 198.51.100.1, 10.1.2.3")], "198.51.100.1"),
        ("127.0.0.1", [(LISTED, "<script>, 127.0.0.1\x7f, 198.51.100.1")], "198.51.100.1"),
        ("127.0.0.1", [(LISTED, "6.6.6.6"), (LISTED, "198.51.100.1")], "198.51.100.1"),
        ("127.0.0.1", [(LISTED, "198.51.100.1:4711")], "198.51.100.1"),
        ("127.0.0.1", [(LISTED, "2001:db8::7")], "2001:db8::7"),
        ("127.0.0.1", [(LISTED, "[2001:db8::7]:4711")], "2001:db8::7"),
        ("127.0.0.1", [(LISTED, "::ffff:198.51.100.1")], "198.51.100.1"),
        ("127.0.0.1", [(LISTED, "::ffff:10.1.2.3")], "127.0.0.1"),
        ("127.0.0.1", [(LISTED, "127.0.0.1, 10.0.0.1")], "127.0.0.1"),
        ("127.0.0.1", [(STANDARD, "for=198.51.100.1;proto=https")], "198.51.100.1"),
        ("127.0.0.1", [(STANDARD, 'For="[2001:db8::7]:4711";by=10.0.0.1, for=10.0.0.2')], "2001:db8::7"),
        ("127.0.0.1", [(STANDARD, "for=6.6.6.6"), (STANDARD, 'by="_p";for="198.51.100.1:80"')], "198.51.100.1"),
        # Malformed, hidden or contradicting: the proxy's own.
        ("127.0.0.1", [(LISTED, "198.51.100.1, ")], "127.0.0.1"),
        ("127.0.0.1", [(LISTED, "198.51.100.1, unknown")], "127.0.0.1"),
        ("127.0.0.1", [(LISTED, "198.51.100.256")], "127.0.0.1"),
        ("127.0.0.1", [(LISTED, "")], "127.0.0.1"),
        ("127.0.0.1", [(STANDARD, "for=unknown")], "127.0.0.1"),
        ("127.0.0.1", [(STANDARD, "for=_hidden")], "127.0.0.1"),
        ("127.0.0.1", [(STANDARD, "proto=https")], "127.0.0.1"),
        ("127.0.0.1", [(STANDARD, 'for=6.6.6.6;x="'), (STANDARD, 'for="[2001:db8::7]"')], "127.0.0.1"),
        ("127.0.0.1", [(STANDARD, 'for="6.6.6.6'), (STANDARD, "for=198.51.100.1")], "127.0.0.1"),
        ("127.0.0.1", [(STANDARD, "for=6.6.6.6;for=198.51.100.1")], "127.0.0.1"),
        ("127.0.0.1", [(STANDARD, "for=6.6.6.6"), (LISTED, "198.51.100.1")], "127.0.0.1"),
        ("127.0.0.1", [("x-real-ip", "6.6.6.6")], "127.0.0.1"),
        (None, [(LISTED, "198.51.100.1")], None),
    ],
)
def test_the_address_that_is_counted(peer: str | None, headers: Headers, address: str | None) -> None:
    assert edge(trusted_proxies=PROXIES).address(scope(peer, headers)) == address
    assert edge().address(scope(peer, headers)) == peer, "without trusted proxies nothing that they say counts"


def test_a_trusted_proxy_speaks_for_many_on_its_connections() -> None:
    behind, plain = (Connections(9, 1, 1.0, edge(trusted_proxies=proxies).is_proxy) for proxies in (PROXIES, ""))
    assert behind.key_of("127.0.0.1") is None
    assert behind.key_of("203.0.113.7") == plain.key_of("203.0.113.7") == "203.0.113.7"
    assert plain.key_of("127.0.0.1") == "127.0.0.1"


def test_a_trusted_proxy_says_how_it_was_asked() -> None:
    told = [("x-forwarded-proto", "https")]
    assert edge(trusted_proxies=PROXIES).scheme(scope("127.0.0.1", told)) == "https"
    assert edge(trusted_proxies=PROXIES).scheme(scope("203.0.113.7", told)) == "http"
    assert edge(trusted_proxies=PROXIES).scheme(scope("127.0.0.1", [(told[0][0], "javascript")])) == "http"
    assert edge().scheme(scope("127.0.0.1", told)) == "http"


def refusal(settings: dict[str, str], *hosts: str, server: str = "192.0.2.7") -> tuple[int, str] | None:
    problem = edge(**settings).refusal(scope("203.0.113.7", [("host", host) for host in hosts], (server, 8000)))
    return None if problem is None else (problem.status, problem.code)


@pytest.mark.parametrize(
    "host",
    ["localhost", "LocalHost:8000", "localhost.", "127.0.0.1:1", "[::1]", "[0:0::1]:8000", "192.0.2.7", "192.0.2.7:80"],
)
def test_names_that_are_always_answered(host: str) -> None:
    assert refusal({}, host) is None


@pytest.mark.parametrize(
    "host",
    ["rebound.example", "rebound.example:8000", "localhost.rebound.example", "127.0.0.1.rebound.example", "0.0.0.0",  # noqa: S104
     "192.0.2.8", "[2001:db8::1]", "2130706433", "127.1"],
)  # fmt: skip
def test_foreign_names_are_refused(host: str) -> None:
    assert refusal({}, host) == (421, "unknown-host")
    assert refusal({"allowed_hosts": "ledger.example.org"}, host) == (421, "unknown-host")


@pytest.mark.parametrize(
    "hosts",
    [(), ("",), ("localhost", "localhost"), ("rebound.example", "localhost"), ("localhost, rebound.example",),
     ("localhost:", ), ("localhost:x",), ("user@localhost",), ("localhost/x",), ("[::1",), ("::1",), ("[localhost]",),
     ("http://localhost",), ("localhost\t",  "x"), (".",), ("a" * 300,)],
)  # fmt: skip
def test_no_name_and_names_that_are_none(hosts: tuple[str, ...]) -> None:
    assert refusal({}, *hosts) == (400, "bad-host")


def test_the_operator_names_hosts() -> None:
    settings = {"allowed_hosts": " Ledger.Example.org., 198.51.100.9 ,, [2001:db8::9]:8000, 2001:db8::8"}
    for host in ("ledger.example.org:443", "LEDGER.example.org", "198.51.100.9", "[2001:db8::9]", "[2001:DB8::8]"):
        assert refusal(settings, host) is None
    assert refusal(settings, "x.ledger.example.org") == (421, "unknown-host")
    assert refusal({}, "[2001:db8::5]", server="2001:db8::5") is None, "the address that was reached"
    assert refusal({}, "192.0.2.9", server="::ffff:192.0.2.9") is None


@pytest.mark.parametrize(
    "settings",
    [{"allowed_hosts": "a b"}, {"allowed_hosts": "https://x"}, {"allowed_hosts": "*"}, {"trusted_proxies": "nginx"},
     {"trusted_proxies": "10.0.0.1/8"}],
)  # fmt: skip
def test_settings_that_say_nothing(settings: dict[str, str]) -> None:
    with pytest.raises(InputError) as caught:
        edge(**settings)
    assert caught.value.code == "settings"
    assert next(iter(settings)).upper() in caught.value.message
