"""Whose connection a request comes over: the machine's owner, a proxy or anybody; and under which name it asks.

An address makes nobody the machine's owner: an ordinary proxy on the same machine connects from 127.0.0.1, too.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

from starlette.types import Scope

from api.http.forwarded import Address, forwarded_chain, is_forwarded, parse_address, parse_node, values_of
from api.http.problems import Problem
from ledger.errors import InputError
from ledger.settings import Settings

Network = IPv4Network | IPv6Network

LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
"""Names by which the service always answers. No page of another site has one of them."""
_HOST = re.compile(r"(?:\[([0-9A-Fa-f:.]{2,45})\]|([A-Za-z0-9._-]{1,253}))(?::[0-9]{1,5})?")
_SCHEMES = frozenset({"http", "https"})


@dataclass(frozen=True, slots=True)
class Edge:
    """What the operator said about names, proxies and the machine's owner."""

    hosts: frozenset[str]
    """Names of this service, in lower case."""
    proxies: tuple[Network, ...]
    """Peers whose `X-Forwarded-For` or `Forwarded` tells the address of the asker."""
    trust_loopback: bool
    """Whether every connection from a loopback address is the machine's owner."""
    owner_socket: str | None
    """Path of the Unix socket that only the machine's owner can open."""

    @classmethod
    def of(cls, settings: Settings) -> Edge:
        """Raises InputError (`settings`) for a name that cannot stand in a Host header, or for no network."""
        return cls(
            LOOPBACK_HOSTS | {_named(text) for text in _listed(settings.allowed_hosts)},
            tuple(_network(text) for text in _listed(settings.trusted_proxies)),
            settings.trust_loopback,
            None if settings.owner_socket is None else str(settings.owner_socket.expanduser().absolute()),
        )

    def is_owner(self, scope: Scope) -> bool:
        """Whether the machine's owner asks: over the owner's socket, or from loopback where that is trusted.

        What a proxy passed on comes from elsewhere, whatever the proxy says of it.
        """
        if is_forwarded(scope):
            return False
        client = scope.get("client")
        if client is None:
            return self.owner_socket is not None and _server(scope) == self.owner_socket and _is_private(_server(scope))
        peer = parse_address(str(client[0]))
        return self.trust_loopback and peer is not None and peer.is_loopback and not self._is_proxy(peer)

    def address(self, scope: Scope) -> str | None:
        """The asker's, for limits: the peer's; of a trusted proxy, the rightmost address it names that is no proxy.

        Where the header is malformed, or two kinds of it contradict each other, the peer's.
        """
        client = scope.get("client")
        if client is None:
            return None
        peer = parse_address(str(client[0]))
        if peer is None or not self._is_proxy(peer):
            return str(client[0])
        for node in reversed(forwarded_chain(scope)):
            told = parse_node(node)
            if told is None:
                break
            if not self._is_proxy(told):
                return str(told)
        return str(peer)

    def scheme(self, scope: Scope) -> str:
        """`http` or `https`, as the asker sees it: a trusted proxy may say so in `X-Forwarded-Proto`."""
        client = scope.get("client")
        peer = None if client is None else parse_address(str(client[0]))
        told = values_of(scope, b"x-forwarded-proto")
        trusted = peer is not None and self._is_proxy(peer) and len(told) == 1 and told[0] in _SCHEMES
        return told[0] if trusted else str(scope["scheme"])

    def refusal(self, scope: Scope) -> Problem | None:
        """Why a request is not answered under the name in its Host header. Raises nothing.

        A page of another site whose name its owner points at this machine (DNS rebinding) gets no further.
        """
        told = values_of(scope, b"host")
        name = _host_name(told[0]) if len(told) == 1 else None
        if name is None:
            hint = f"for example: Host: {min(LOOPBACK_HOSTS)}"
            return Problem(400, "bad-host", "a request needs exactly one Host header with a name or an address", hint)
        # The address that the connection reached is no other site's name.
        if name in self.hosts or name == _host_name(_server(scope)) or name == _bare(_server(scope)):
            return None
        hint = "if it is a name of this service, whoever runs it adds it to ARTLEDGER_ALLOWED_HOSTS"
        return Problem(421, "unknown-host", f"this service does not answer under the name {name}", hint)

    def is_proxy(self, peer: str) -> bool:
        """Whether a connection from this address is a trusted proxy's: many people share it."""
        address = parse_address(peer)
        return address is not None and self._is_proxy(address)

    def _is_proxy(self, address: Address) -> bool:
        return any(address in network for network in self.proxies)


def _server(scope: Scope) -> str:
    """The address or the path of the socket at which the request arrived; empty where the server does not tell."""
    server = scope.get("server")
    return str(server[0]) if server else ""


def _is_private(path: str) -> bool:
    """Whether it is a socket that only this process's user can open."""
    try:
        found = Path(path).stat()
    except OSError:
        return False
    return stat.S_ISSOCK(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o077


def _bare(text: str) -> str | None:
    """An address as Host headers are compared: IPv6 without brackets, shortened; IPv4-mapped as IPv4."""
    address = parse_address(text)
    return None if address is None else str(address)


def _host_name(text: str) -> str | None:
    """The name in a Host header, without port, brackets and final dot, in lower case. None where it is malformed."""
    match = _HOST.fullmatch(text)
    if match is None:
        return None
    if match[1] is not None:
        return _bare(match[1])
    name = match[2].lower().removesuffix(".")
    return _bare(name) or name or None


def _named(text: str) -> str:
    name = _host_name(text) or _bare(text)
    if name is None:
        raise InputError(
            f"ARTLEDGER_ALLOWED_HOSTS: {text!r} is not a host name",
            code="settings",
            hint="Write names and addresses, separated by commas: ledger.example.org, 192.0.2.7",
        )
    return name


def _network(text: str) -> Network:
    try:
        return ip_network(text)
    except ValueError as error:
        raise InputError(
            f"ARTLEDGER_TRUSTED_PROXIES: {text!r} is not an address or network",
            code="settings",
            hint="Write addresses and networks, separated by commas: 127.0.0.1, 10.0.0.0/8",
        ) from error


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
