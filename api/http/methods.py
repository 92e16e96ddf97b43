"""HEAD and OPTIONS at every address, `Allow` as it is, and which answers pages of other sites may read.

HEAD is GET without the body: it is let in, counted and refused as GET is. OPTIONS does no work and looks at no token.
"""

from __future__ import annotations

from collections.abc import Iterable
from re import Pattern
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.routing import compile_path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.access import ACCESS

_ORDER = ("GET", "HEAD", "POST", "OPTIONS")
_FOR_GET_ALONE = frozenset({b"range", b"if-range"})
"""RFC 9110 section 14.2: no other method has ranges."""
SHARED = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Accept-Ranges, Content-Range, Retry-After",
}
"""For everybody's pages. Never with credentials: these answers are the same for all."""
PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, HEAD",
    "Access-Control-Allow-Headers": "If-None-Match, If-Range, Range",
    "Access-Control-Max-Age": "86400",
}


class Methods:
    """ASGI middleware. `documents`: templates of what GET answers outside of the table of operations."""

    def __init__(self, app: ASGIApp, documents: Iterable[str]) -> None:
        self._app = app
        operations = [*ACCESS, *(("GET", template) for template in documents)]
        self._operations: list[tuple[Pattern[str], str, bool]] = [
            (compile_path(template)[0], method, (method, template) in ACCESS and ACCESS[method, template].shared)
            for method, template in operations
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        found = [(method, shared) for form, method, shared in self._operations if form.match(scope["path"])]
        headers = SHARED if any(shared for _, shared in found) else {}
        allowed = _allow({method for method, _ in found})
        if scope["method"] == "OPTIONS" and found:
            answer = Response(status_code=204, headers={"Allow": allowed, **headers, **(PREFLIGHT if headers else {})})
            await answer(scope, receive, send)
            return
        is_head = scope["method"] == "HEAD"
        inner = _as_get(scope) if is_head else scope

        async def send_on(message: Message) -> None:
            if message["type"] == "http.response.start":
                scope.update({name: inner[name] for name in ("route",) if name in inner})
                sent = MutableHeaders(scope=message)
                sent.update(headers)
                if message["status"] == 405:
                    sent["Allow"] = allowed
            elif is_head and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        await self._app(inner, receive, send_on)


def _as_get(scope: Scope) -> dict[str, Any]:
    """The same request with GET. The server keeps its own scope, by which it knows that no body follows."""
    headers = [(name, value) for name, value in scope["headers"] if name.lower() not in _FOR_GET_ALONE]
    return {**scope, "method": "GET", "headers": headers}


def _allow(methods: set[str]) -> str:
    offered = methods | ({"HEAD"} if "GET" in methods else set()) | {"OPTIONS"}
    return ", ".join(method for method in _ORDER if method in offered)
