"""Errors as RFC 9457 problem documents: the one place where a LedgerError becomes an HTTP status."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from ledger.errors import (
    AccessError,
    ConflictError,
    InputError,
    IntegrityError,
    LedgerError,
    MissingPackageError,
    NotFoundError,
    PushbackError,
    VerificationError,
)

MEDIA_TYPE = "application/problem+json"
MAX_ERRORS = 10
LEFT = 499
"""What metrics count a request as whose client left; no client sees it."""

_STATUS: tuple[tuple[type[LedgerError], int], ...] = (
    (InputError, 422),
    (AccessError, 403),
    (VerificationError, 422),
    (NotFoundError, 404),
    (MissingPackageError, 503),
    (ConflictError, 409),
    (PushbackError, 503),
    (IntegrityError, 500),
)
_STATUS_OF_CODE: Mapping[str, int] = {
    "too-large": 413,
    "media-type": 415,
    "bad-request": 400,
    "bad-token": 401,
    "token-required": 401,
    "session-ended": 401,
    "cross-origin": 403,
    "rate-limited": 429,
    "too-slow": 408,
    "too-many-contested": 429,
    "bad-tile-path": 404,
    "unreachable": 502,
}
_INSTALLATION = (
    "calibration-", "data-", "database-", "installation", "key-", "log-", "pgvector-", "server-", "spec-", "weights-",
)  # fmt: skip
"""Conflicts with codes that begin so are the operator's to solve; the request itself was fine."""
_CODE_OF_STATUS: Mapping[int, str] = {
    404: "not-found",
    405: "method-not-allowed",
    413: "too-large",
    416: "range-not-satisfiable",
}

_log = logging.getLogger("artledger.api")


class ProblemDocument(BaseModel):
    """RFC 9457 section 3.1, with `code` (stable), `hint` (what to do) and `errors` (which field) as extensions."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "type": "urn:artledger:problem:record-not-found",
                "title": "Not Found",
                "status": 404,
                "detail": "there is no record 01890a5d-ac96-774b-bcce-b302099a8057",
                "code": "record-not-found",
                "instance": "/v1/records/01890a5d-ac96-774b-bcce-b302099a8057",
            }
        },
    )

    type: str
    title: str
    status: int
    detail: str
    code: str
    instance: str
    hint: str | None = None
    errors: list[dict[str, str]] | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    status: int
    code: str
    detail: str
    hint: str | None = None
    errors: tuple[Mapping[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return HTTPStatus(self.status).phrase

    def document(self, instance: str) -> dict[str, Any]:
        document: dict[str, Any] = {
            "type": f"urn:artledger:problem:{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            "instance": instance,
        }
        if self.hint is not None:
            document["hint"] = self.hint
        if self.errors:
            document["errors"] = [dict(each) for each in self.errors]
        return document


Renderer = Callable[[Request, Problem], Response | None]
"""Gives a page for people, or None where a program asked."""


def problem_of(error: LedgerError) -> Problem:
    """Status by the class of error; a few codes have one of their own."""
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), 500)
    if isinstance(error, ConflictError) and error.code.startswith(_INSTALLATION):
        status = 503
    status = _STATUS_OF_CODE.get(error.code, status)
    headers: dict[str, str] = {}
    if status == 401:
        # RFC 6750 section 3.1: no error code where no token was sent.
        headers["WWW-Authenticate"] = 'Bearer error="invalid_token"' if error.code == "bad-token" else "Bearer"
    if status in (429, 503):
        wait = error.retry_after if isinstance(error, PushbackError) else 30.0
        headers["Retry-After"] = str(max(1, math.ceil(wait)))
    if status == 408:
        headers["Connection"] = "close"
    return Problem(status, error.code, error.message, error.hint, headers=headers)


def install(app: FastAPI, render: Renderer) -> None:
    """Registers the handlers. What is unexpected is logged with its trace and answered without one."""

    def answer(request: Request, problem: Problem) -> Response:
        page = render(request, problem)
        if page is not None:
            page.headers.update(problem.headers)
            return page
        document = problem.document(request.url.path)
        return JSONResponse(document, problem.status, headers=dict(problem.headers), media_type=MEDIA_TYPE)

    def on_ledger_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, LedgerError)  # noqa: S101 - Starlette's signature is wider than its call
        problem = problem_of(error)
        if problem.status >= 500:
            level = logging.INFO if isinstance(error, PushbackError) else logging.ERROR
            _log.log(level, "%s %s: %s: %s", request.method, request.url.path, error.code, error.message)
        return answer(request, problem)

    def on_http_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101
        return answer(request, _of_http(error, request))

    def on_invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)  # noqa: S101
        return answer(request, _of_validation(error))

    def on_leaving(request: Request, _: Exception) -> Response:
        """The client went away before its body was whole: nobody reads this answer."""
        _log.warning("%s %s: the client left while it was sending", request.method, request.url.path)
        return Response(status_code=LEFT)

    def on_bug(request: Request, error: Exception) -> Response:
        _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
        return answer(request, Problem(500, "internal", "an error happened on this server. Nothing was recorded"))

    app.add_exception_handler(LedgerError, on_ledger_error)
    app.add_exception_handler(ClientDisconnect, on_leaving)
    app.add_exception_handler(HTTPException, on_http_error)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(Exception, on_bug)


def _of_http(error: HTTPException, request: Request) -> Problem:
    code = _CODE_OF_STATUS.get(error.status_code, "http-" + str(error.status_code))
    detail = {
        404: "there is nothing at this address",
        405: f"{request.method[:20]} is not possible here",
        416: "the document ends before this range begins",
    }.get(error.status_code, str(error.detail))
    hint = "the log and its records are append only" if error.status_code == 405 else None
    return Problem(error.status_code, code, detail, hint, headers=dict(error.headers or {}))


def _of_validation(error: RequestValidationError) -> Problem:
    """Names each field and what is wrong with it; never repeats what was sent."""
    errors = tuple(
        {"field": ".".join(str(part) for part in each["loc"])[:100], "message": str(each["msg"])[:200]}
        for each in error.errors()[:MAX_ERRORS]
    )
    first = errors[0] if errors else {"field": "request", "message": "is not valid"}
    return Problem(422, "invalid-request", f"{first['field']}: {first['message']}", errors=errors)
