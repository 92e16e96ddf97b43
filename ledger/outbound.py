"""Requests to addresses that other people name: only over https, only to public addresses, small, and not for long.

The name is resolved once, every address is checked, and the connection goes to a checked address: a name that
resolves to something else a moment later gains nothing. Redirects are answers, they are not followed.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
import urllib.parse
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from ledger.errors import InputError, PushbackError

SECONDS = 15.0
"""For a whole request, once its name is found: the system's resolver has its own limit."""
MOST_BYTES = 16_384
"""Of an answer; the rest is not read."""
LONGEST_URL = 2_000
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class OutboundAnswer:
    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Outbound:
    """Threads may share it."""

    private: bool = False
    """Also private addresses, and http to them: for closed networks and for tests."""

    def require(self, url: str) -> None:
        """Raises InputError (`bad-address`) for a URL that would never be asked, whatever its name resolves to."""
        self._target(url)

    def send(
        self, method: str, url: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> OutboundAnswer:
        """One request. Raises InputError (`bad-address`, `private-address`), PushbackError (`unreachable`)."""
        parts = self._target(url)
        opened: list[socket.socket] = []
        connection = _connection(parts, self._address(parts), opened)
        # A timeout is for each read alone: an answer that trickles is ended by shutting its socket.
        deadline = threading.Timer(SECONDS, _shut, (opened,))
        deadline.daemon = True
        deadline.start()
        target = urllib.parse.urlunsplit(("", "", parts.path or "/", parts.query, ""))
        try:
            connection.request(method, target, body or None, dict(headers or {}))
            answer = connection.getresponse()
            return OutboundAnswer(answer.status, answer.read(MOST_BYTES))
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise PushbackError(f"{parts.hostname} cannot be reached: {_reason(error)}", code="unreachable") from error
        finally:
            deadline.cancel()
            connection.close()
            for each in opened:
                each.close()

    def _target(self, url: str) -> urllib.parse.SplitResult:
        try:
            parts = urllib.parse.urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise _bad(url, "it cannot be read") from error
        if len(url) > LONGEST_URL or not url.isascii() or any(each.isspace() for each in url):
            raise _bad(url, f"expected at most {LONGEST_URL:,} ASCII characters without spaces")
        if parts.scheme != "https" and not (self.private and parts.scheme == "http"):
            raise _bad(url, "expected https://")
        if not parts.hostname or parts.username is not None or parts.fragment or port == 0:
            raise _bad(url, "expected a host, without a user's name and without a fragment")
        with suppress(ValueError):
            self._require_public(parts, ipaddress.ip_address(parts.hostname))
        return parts

    def _address(self, parts: urllib.parse.SplitResult) -> str:
        host, port = parts.hostname or "", _port(parts)
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise PushbackError(f"{host} cannot be found: {_reason(error)}", code="unreachable") from error
        addresses = [str(each[4][0]) for each in found]
        for address in addresses:
            self._require_public(parts, ipaddress.ip_address(address.partition("%")[0]))
        return addresses[0]

    def _require_public(
        self, parts: urllib.parse.SplitResult, address: ipaddress.IPv4Address | ipaddress.IPv6Address
    ) -> None:
        if not self.private and not is_public(address):
            raise InputError(
                f"{parts.hostname} is an address of a private network",
                code="private-address",
                hint="Name a host that the public internet reaches.",
            )


def text_records(name: str, servers: Sequence[str] = (), port: int = 53) -> Sequence[str]:
    """The TXT records of a DNS name, each as one text; none where it has none. `servers`: addresses of others than the
    system's. Raises PushbackError (`unreachable`)."""
    import dns.exception
    import dns.resolver

    resolver = dns.resolver.Resolver(configure=not servers)
    resolver.lifetime = SECONDS
    if servers:
        resolver.nameservers, resolver.port = list(servers), port
    try:
        found = resolver.resolve(name, "TXT")
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return ()
    except (dns.exception.DNSException, OSError) as error:
        raise PushbackError(f"{name} cannot be asked for: {type(error).__name__}", code="unreachable") from error
    return [b"".join(each.strings).decode(errors="replace") for each in found]


def is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether an address is one of the public internet, also where it carries an IPv4 address inside (RFC 4291, 6052,
    3056, 4380)."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
        inner += [ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)] if address in _NAT64 else []
        if any(each is not None and not is_public(each) for each in inner):
            return False
        if address.ipv4_mapped is not None or address in _NAT64:
            return True
    return address.is_global and not address.is_multicast and not address.is_reserved


def _port(parts: urllib.parse.SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)


def _connection(
    parts: urllib.parse.SplitResult, address: str, opened: list[socket.socket]
) -> http.client.HTTPConnection:
    """Connects to `address`, and speaks to the host that the URL names. `opened` gets a duplicate of the socket."""
    host, port = parts.hostname or "", _port(parts)
    if parts.scheme == "http":
        connection = http.client.HTTPConnection(host, port, timeout=SECONDS)
    else:
        connection = http.client.HTTPSConnection(host, port, timeout=SECONDS, context=ssl.create_default_context())

    def connect(*_: object) -> socket.socket:
        made = socket.create_connection((address, port), SECONDS)
        opened.append(made.dup())
        return made

    # http.client has no public place for it, and stubs do not know the private one.
    connection._create_connection = connect  # type: ignore[attr-defined]
    return connection


def _shut(opened: list[socket.socket]) -> None:
    for each in opened:
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)


def _reason(error: Exception) -> str:
    return (str(getattr(error, "strerror", None) or error) or type(error).__name__)[:120]


def _bad(url: str, why: str) -> InputError:
    return InputError(f"the address {url[:80]!r} cannot be used: {why}", code="bad-address")
