"""Figures for Prometheus: requests by route template (never by path, which would name records), and the work queue."""

from __future__ import annotations

import time

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.workers import Workers

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_KNOWN_METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS"})


class Metrics:
    """One registry per application, so that several in a process do not mix."""

    def __init__(self, workers: Workers) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "artledger_http_requests_total", "Requests.", ("method", "route", "status"), registry=self._registry
        )
        self._seconds = Histogram(
            "artledger_http_request_seconds", "Seconds until the answer began.", ("route",), registry=self._registry
        )
        queue = Gauge("artledger_pictures_in_work", "Pictures worked on or waiting.", registry=self._registry)
        queue.set_function(lambda: workers.admitted)

    def text(self) -> bytes:
        """Prometheus text format 0.0.4."""
        return generate_latest(self._registry)

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        self._requests.labels(method if method in _KNOWN_METHODS else "other", route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)


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
