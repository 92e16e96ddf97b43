"""`artledger serve`: runs the HTTP service and publishes the log."""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.ui.invocation import CommandGroup, Invocation
from cli.ui.output import Output
from cli.ui.owner_socket import owner_socket as private_socket
from cli.ui.service import socket_of
from ledger.errors import InputError
from ledger.settings import Settings

FACTORY = "api.main:create"
"""The ASGI application by name: `cli` never imports `api`."""
GUARDED: Mapping[str, Any] = {
    "http": "api.http.connections:GuardedProtocol",
    "ws": "none",
    "backlog": 256,
    "proxy_headers": False,
}
"""How uvicorn serves it: with deadlines and bounds for connections, without WebSockets. It believes no proxy's headers,
as it would whatever comes from 127.0.0.1: api/http/edge.py decides whom a proxy speaks for."""


OwnerSocketOption = Annotated[
    Path | None,
    typer.Option(
        "--owner-socket",
        metavar="PATH",
        help="Path of a Unix socket that only you can open. Requests on it need no token and have no limits, like you "
        "at the command line. Default: owner.sock in the data folder, which `verify` and `lookup` use.",
    ),
]
TrustLoopbackOption = Annotated[
    bool,
    typer.Option(
        "--trust-loopback",
        help="Treat every request from this machine as yours: no token, no limits. Never use it behind a proxy or "
        "on a machine that other people use.",
    ),
]

group = CommandGroup()


@group.add(
    "artledger serve",
    "artledger serve --host 0.0.0.0 --port 8080",
    "artledger serve --port 0",
    "artledger serve --owner-socket ~/.artledger.sock",
)
def serve(
    invocation: Invocation,
    *,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on. 0 chooses a free one.")] = 8000,
    owner_socket: OwnerSocketOption = None,
    trust_loopback: TrustLoopbackOption = False,
    metrics_port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Serve /metrics for Prometheus on this port of 127.0.0.1.")
    ] = None,
) -> None:
    """Serve the HTTP API, the web pages and the log, and publish new log entries, until Ctrl-C.

    Requests over the network are never treated as yours, unless --trust-loopback says so. On the owner socket they are.

    With --json, one object with the address and the log's key is printed before the first request.
    """
    out = invocation.out
    if invocation.data is not None:
        # The service reads its settings from the environment, as under any other ASGI server.
        os.environ["ARTLEDGER_DATA_DIR"] = str(invocation.data.expanduser().absolute())
    _set_environment(host, owner_socket, trust_loopback, metrics_port)
    with invocation.application() as application:
        origin, vkey, settings = application.log.origin, application.log.vkey, application.settings
    if settings.metrics_port is not None:
        # Else the service would fail after it has printed its address.
        _listen("127.0.0.1", settings.metrics_port).close()
    with _owners_listener(settings) as owners, _listen(host, port) as listener:
        url = _url(host, listener)
        out.document({"url": url, "origin": origin, "log_vkey": vkey})
        out.line(f"Artledger  {url}", "strong")
        out.line(f"Log        {origin}")
        out.line(f"Log key    {vkey}")
        out.line(f"Audit      artledger audit log {url} --key '{vkey}'", "quiet")
        out.line("Stop       Ctrl-C", "quiet")
        _warn(out, host, settings.trust_loopback)
        _run(invocation, [listener, *owners])


@contextmanager
def _owners_listener(settings: Settings) -> Iterator[list[socket.socket]]:
    """The owner's socket. One that nobody asked for is left out where it cannot be."""
    path = socket_of(settings)
    with ExitStack() as stack:
        try:
            listeners = stack.enter_context(private_socket(path))
        except InputError:
            if settings.owner_socket is not None:
                raise
            listeners = []
        if listeners:
            os.environ["ARTLEDGER_OWNER_SOCKET"] = str(path)
        yield listeners


def _run(invocation: Invocation, listeners: list[socket.socket]) -> None:
    import uvicorn

    config = uvicorn.Config(FACTORY, factory=True, log_level="warning" if invocation.out.quiet else "info", **GUARDED)
    with suppress(KeyboardInterrupt):  # uvicorn raises it again after it has stopped, most times
        uvicorn.Server(config).run(sockets=listeners)
    invocation.out.note("Stopped.")


def _warn(out: Output, host: str, trust_loopback: bool) -> None:
    """Says who else can send requests."""
    if not _is_loopback(host):
        out.note(
            f"{host} is open to the network: everybody there can read, and verify pictures. Requests that use a host "
            "name are answered only if ARTLEDGER_ALLOWED_HOSTS lists it.",
            None,
        )
    if trust_loopback:
        out.note("Every user and every program of this machine can administer this ledger (--trust-loopback).", None)


def _set_environment(host: str, path: Path | None, trust_loopback: bool, metrics_port: int | None) -> None:
    """Passes options on as the settings that the service reads."""
    said = {
        "OWNER_SOCKET": None if path is None else str(path.expanduser().absolute()),
        "TRUST_LOOPBACK": "true" if trust_loopback else None,
        "METRICS_PORT": None if metrics_port is None else str(metrics_port),
    }
    os.environ.update({f"ARTLEDGER_{name}": value for name, value in said.items() if value is not None})
    if not _is_address(host):
        names = os.environ.get("ARTLEDGER_ALLOWED_HOSTS", "")
        os.environ["ARTLEDGER_ALLOWED_HOSTS"] = f"{names},{host}"


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
            hint="Choose another port with --port. --port 0 chooses a free one.",
        ) from error
    return listener


def _url(host: str, listener: socket.socket) -> str:
    port = listener.getsockname()[1]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
