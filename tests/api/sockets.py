"""HTTP by hand: what a well-behaved client library cannot send."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

BOUNDARY = b"frontier"
PART = b'--frontier\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n\r\n'
PATIENCE = 30.0
"""Seconds after which a test gives up."""


def connect(url: str, source: str = "") -> socket.socket:
    """A connection to the service, from an address of loopback of one's own where `source` names one."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    return socket.create_connection(
        (parts.hostname, parts.port or 80), timeout=PATIENCE, source_address=(source, 0) if source else None
    )


def head(line: str, *headers: str) -> bytes:
    """The head of a request, whole."""
    return "\r\n".join((line + " HTTP/1.1", "Host: localhost", *headers, "", "")).encode()


def upload_head(path: str = "/v1/lookups", length: int = 100_000, *headers: str) -> bytes:
    kind = f"Content-Type: multipart/form-data; boundary={BOUNDARY.decode()}"
    return head(f"POST {path}", kind, f"Content-Length: {length}", *headers)


def answer(connection: socket.socket) -> bytes:
    """Everything that comes until the service closes. Raises TimeoutError where it does not."""
    received = b""
    try:
        while chunk := connection.recv(65_536):
            received += chunk
    except ConnectionResetError:
        pass
    return received


def status(received: bytes) -> int:
    """Of the first answer; 0 where there is none."""
    return int(received.split(b" ", 2)[1]) if received.startswith(b"HTTP/1.1 ") else 0
