"""What proxies say in headers about whom they speak for: `Forwarded` (RFC 7239) and `X-Forwarded-For`.

Anybody can send these headers. Only api/http/edge.py decides whose are believed.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, ip_address

from starlette.types import Scope

Address = IPv4Address | IPv6Address

_NAMES = frozenset(
    {"forwarded", "via", "x-real-ip", "x-client-ip", "x-cluster-client-ip", "x-original-forwarded-for",
     "true-client-ip", "cf-connecting-ip", "fastly-client-ip"}
)  # fmt: skip
_PREFIX = "x-forwarded"
_PAIR = re.compile(r'[ \t]*([A-Za-z0-9-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s",;=\\]+))[ \t]*(;|,|\Z)')
_NODE = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+))(?::[0-9]{1,5})?")


def values_of(scope: Scope, name: bytes) -> list[str]:
    """All values of a header, in the order of its lines. ASGI gives names in lower case."""
    return [value.decode("latin-1").strip() for key, value in scope["headers"] if key == name]


def is_forwarded(scope: Scope) -> bool:
    """Whether any header says that a proxy passed the request on."""
    names = {key.decode("latin-1").lower().replace("_", "-") for key, _ in scope["headers"]}
    return any(name in _NAMES or name.startswith(_PREFIX) for name in names)


def forwarded_chain(scope: Scope) -> list[str]:
    """The nodes that the request came through, the nearest last: not parsed, since the far ones are anybody's words.

    Empty where nothing is told, where `Forwarded` is malformed, and where both kinds of header are there: a proxy
    writes one of them, and the other may be the asker's own.
    """
    listed, standard = values_of(scope, b"x-forwarded-for"), values_of(scope, b"forwarded")
    if listed and standard:
        return []
    if standard:
        return _standard_chain(", ".join(standard))
    return [node.strip() for line in listed for node in line.split(",")]


def _standard_chain(text: str) -> list[str]:
    """The `for` of each element; empty where one has none, or the syntax is broken (RFC 7239 section 4)."""
    chain: list[str] = []
    node: str | None = None
    place = 0
    while match := _PAIR.match(text, place):
        name, quoted, token, end = match.groups()
        if name.lower() == "for":
            if node is not None:
                return []
            node = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else token
        if end != ";":
            if node is None:
                return []
            chain.append(node)
            node = None
        if not end:
            return chain
        place = match.end()
    return []


def parse_node(text: str) -> Address | None:
    """The address of a node, with or without a port. None for `unknown`, an obfuscated one, or anything else."""
    match = _NODE.fullmatch(text)
    return parse_address(text if match is None else match[1] or match[2])


def parse_address(text: str) -> Address | None:
    """IPv4-mapped IPv6 as the IPv4 address that it is, without an interface. None where it is no address."""
    try:
        parsed = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (parsed.ipv4_mapped or parsed) if isinstance(parsed, IPv6Address) else parsed
