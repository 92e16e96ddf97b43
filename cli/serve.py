"""`artledger serve`: the HTTP service, and the publisher of the log."""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from cli.invocation import CommandGroup, Invocation
from ledger.errors import InputError

FACTORY = "api.main:create"
"""The ASGI application by name: `cli` never imports `api`."""
GUARDED: Mapping[str, Any] = {"http": "api.connections:GuardedProtocol", "ws": "none", "backlog": 256}
"""How uvicorn serves it: with deadlines and bounds for connections, without WebSockets."""


def serve(
    invocation: Invocation,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")] = 8000,
) -> None:
    """Serve the API, the pages for people and the log, and publish what is recorded, until Ctrl-C.

    With --json, one object with the address and the log's key before the first request.
    """
    import uvicorn

    out = invocation.out
    if invocation.data is not None:
        # The service reads its settings from the environment, as under any other ASGI server.
        os.environ["ARTLEDGER_DATA_DIR"] = str(invocation.data.expanduser().absolute())
    with invocation.application() as application:
        origin, vkey = application.origin, application.log_vkey
    listener = _listen(host, port)
    url = _url(host, listener)
    config = uvicorn.Config(FACTORY, factory=True, log_level="warning" if invocation.quiet else "info", **GUARDED)
    if out.json:
        out.document({"url": url, "origin": origin, "log_vkey": vkey})
    out.line(f"Artledger  {url}", "strong")
    out.line(f"Log        {origin}")
    out.line(f"Log key    {vkey}")
    out.line(f"Audit it   artledger audit log {url} --key '{vkey}'", "quiet")
    out.line("Stop       Ctrl-C", "quiet")
    if not _is_loopback(host):
        out.note(f"{host} is open to the network: everybody there may read, and verify pictures.", None)
    try:
        uvicorn.Server(config).run(sockets=[listener])
    except KeyboardInterrupt:
        out.note("stopped")


def _listen(host: str, port: int) -> socket.socket:
    """Raises InputError (`cannot-listen`)."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
        except BaseException:
            listener.close()
            raise
    except OSError as error:
        raise InputError(
            f"cannot listen on {host} port {port}: {error.strerror or error}",
            code="cannot-listen",
            hint="--port takes another one, and --port 0 a free one",
        ) from error
    return listener


def _url(host: str, listener: socket.socket) -> str:
    port = listener.getsockname()[1]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def register(app: CommandGroup) -> None:
    app.add(
        serve, examples=["artledger serve", "artledger serve --host 0.0.0.0 --port 8080", "artledger serve --port 0"]
    )
