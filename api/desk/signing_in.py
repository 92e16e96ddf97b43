"""Signing in and out: the browser sends a token once, and gets a session's cookie for it."""

from __future__ import annotations

import re

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from api.desk.visitor import sign_in_page
from api.http.bodies import read_fields
from api.http.context import Here
from api.http.session import drop_session, put_session, session_secret
from ledger.errors import AccessError

router = APIRouter(include_in_schema=False)
_OWN_PAGE = re.compile(r"/(?:me|claims)(?:/[A-Za-z0-9/_-]*)?(?:\?[A-Za-z0-9=&_-]*)?")
"""Where a visitor may be led after signing in: never to another site."""


@router.post("/me/session")
async def sign_in(request: Request, here: Here) -> Response:
    """Takes a token of an account."""
    fields = await read_fields(request)
    following = fields.get("next", "/me")
    following = following if _OWN_PAGE.fullmatch(following) else "/me"
    sessions, token = here.application.people.sessions, fields.get("token", "").strip()
    try:
        secret = await here.quick.run(lambda: sessions.sign_in(token))
    except AccessError as error:
        said = f"{error.message[:1].upper()}{error.message[1:]}. {error.hint}"
        return sign_in_page(request, said, 401, following)
    answer = RedirectResponse(following, 303)
    put_session(request, answer, secret)
    return answer


@router.post("/me/session/end")
async def sign_out(request: Request, here: Here) -> Response:
    """Ends the browser's session, here and in the browser."""
    secret = session_secret(request)
    if secret is not None:
        await here.quick.run(lambda: here.application.people.sessions.sign_out(secret))
    answer = RedirectResponse("/me", 303)
    drop_session(request, answer)
    return answer
