"""What every answer carries to protect the reader, and which requests are refused: under foreign names, or from pages
of other sites."""

from __future__ import annotations

from urllib.parse import urlsplit

from fastapi.responses import JSONResponse
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.edge import Edge
from api.http.problems import MEDIA_TYPE, Problem

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src {}; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
FETCHING_POLICY = _POLICY.format("'self' https: http:")
"""Of the page on which a visitor may name a picture elsewhere for the browser to fetch."""
HEADERS = {
    "Content-Security-Policy": _POLICY.format("'self'"),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class Security:
    """ASGI middleware: security headers on every answer; no answer under a foreign name, and no writing on behalf of a
    visitor of another site."""

    def __init__(self, app: ASGIApp, edge: Edge) -> None:
        self._app = app
        self._edge = edge

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        problem = self._edge.refusal(scope)
        if problem is None and scope["method"] not in _SAFE_METHODS and is_cross_origin(Headers(scope=scope)):
            problem = Problem(403, "cross-origin", "a page of another site asked your browser to send this")
        if problem is not None:
            response = JSONResponse(problem.document(scope["path"]), problem.status, media_type=MEDIA_TYPE)
            await response(scope, receive, send_with_headers)
            return
        scope["scheme"] = self._edge.scheme(scope)
        await self._app(scope, receive, send_with_headers)


def is_cross_origin(headers: Headers) -> bool:
    """Whether a browser sends this for a page of another origin (Fetch Metadata; else the Origin header).

    Programs that are no browsers send neither header.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != headers.get("host", "")
