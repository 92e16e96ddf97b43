"""Figures for Prometheus: requests by route template (never by path, which would name records), and the work queue."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.workers import Workers

_KNOWN_METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS"})


class Metrics:
    """One registry per application, so that several in a process do not mix."""

    def __init__(self, workers: Sequence[Workers]) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "artledger_http_requests_total", "Requests.", ("method", "route", "status"), registry=self.registry
        )
        self._seconds = Histogram(
            "artledger_http_request_seconds", "Seconds until the answer began.", ("route",), registry=self.registry
        )
        queue = Gauge("artledger_pictures_in_work", "Pictures worked on or waiting.", registry=self.registry)
        queue.set_function(lambda: sum(each.admitted for each in workers))

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        self._requests.labels(method if method in _KNOWN_METHODS else "other", route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)


@contextmanager
def serving_metrics(metrics: Metrics, port: int | None) -> Iterator[None]:
    """Serves them at `/metrics` of an address of their own, which only this machine reaches; not at all without a port.

    Raises OSError where the port is taken.
    """
    if port is None:
        yield
        return
    server, thread = start_http_server(port, "127.0.0.1", metrics.registry)
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class MeasureRequests:
    """ASGI middleware that counts and times."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start = time.monotonic()

        async def send_and_count(message: Message) -> None:
            if message["type"] == "http.response.start":
                route = getattr(scope.get("route"), "path", "none")
                self._metrics.observe(scope["method"], route, message["status"], time.monotonic() - start)
            await send(message)

        await self._app(scope, receive, send_and_count)
