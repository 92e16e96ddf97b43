"""The cookie of a browser that is signed in. Scripts cannot read it, and no other site's page makes a browser send it
with a request that changes something (SameSite; api/http/security.py refuses such requests, too)."""

from __future__ import annotations

from fastapi import Request, Response

from ledger.flows.people.sessions import SESSION_SECONDS

PLAIN_NAME = "artledger-session"
SECURE_NAME = f"__Host-{PLAIN_NAME}"
"""Over https, browsers take a cookie of this name only from this very host (RFC 6265bis, 4.1.3)."""


def session_secret(request: Request) -> str | None:
    """The secret that the browser sent."""
    return request.cookies.get(_name(request))


def put_session(request: Request, response: Response, secret: str) -> None:
    response.set_cookie(
        _name(request),
        secret,
        max_age=int(SESSION_SECONDS),
        secure=_secure(request),
        httponly=True,
        samesite="lax",
    )


def drop_session(request: Request, response: Response) -> None:
    response.delete_cookie(_name(request), secure=_secure(request), httponly=True, samesite="lax")


def _secure(request: Request) -> bool:
    return request.url.scheme == "https"


def _name(request: Request) -> str:
    return SECURE_NAME if _secure(request) else PLAIN_NAME
