"""Requests to a service, over its owner's socket or over https: JSON and forms out, answers or errors back."""

from __future__ import annotations

import http.client
import json
import secrets
from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from ledger.errors import AccessError, ConflictError, InputError, LedgerError, NotFoundError, PushbackError

Answer = TypeVar("Answer", bound=BaseModel)

SECONDS = 300.0
"""Without an answer for so long, the service counts as broken."""
_KINDS: Mapping[int, type[LedgerError]] = {
    400: InputError, 413: InputError, 415: InputError, 422: InputError,
    401: AccessError, 403: AccessError, 404: NotFoundError, 409: ConflictError,
}  # fmt: skip
_JSON = "application/json"


class HttpService:
    """A service. Each request has a connection of its own."""

    def __init__(
        self, connect: Callable[[], http.client.HTTPConnection], name: str, headers: Mapping[str, str] | None = None
    ) -> None:
        """`name`: what errors call it."""
        self._connect = connect
        self._name = name
        self._headers = dict(headers or {})

    def get(self, path: str, kind: type[Answer]) -> Answer:
        """Raises what the service refuses as the errors of this program, PushbackError (`service-lost`) and
        ConflictError (`service-version`)."""
        return self._parsed(self.read(path), kind)

    def read(self, path: str) -> bytes:
        """A document's bytes. Raises as `get` does."""
        return self._send("GET", path, None, {})

    def post(self, path: str, document: Any, kind: type[Answer]) -> Answer:
        """Sends JSON; None: nothing. Raises as `get` does."""
        body, headers = (None, {}) if document is None else (json.dumps(document).encode(), {"Content-Type": _JSON})
        return self._parsed(self._send("POST", path, body, headers), kind)

    def form(self, path: str, image: bytes, kind: type[Answer], **documents: Any) -> Answer:
        """Sends a picture, with JSON in further fields. Raises as `get` does."""
        boundary = secrets.token_hex(16)
        parts = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="image"; filename="image"\r\n\r\n'.encode(),
            image,
        ]
        for name, document in documents.items():
            head = f'\r\n--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\nContent-Type: {_JSON}\r\n\r\n'
            parts += [head.encode(), json.dumps(document).encode()]
        parts.append(f"\r\n--{boundary}--\r\n".encode())
        headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        return self._parsed(self._send("POST", path, b"".join(parts), headers), kind)

    def _send(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> bytes:
        try:
            with closing(self._connect()) as connection:
                connection.request(method, path, body, {**self._headers, **headers})
                response = connection.getresponse()
                status, content = response.status, response.read()
                wait = response.headers.get("Retry-After", "")
        except (OSError, http.client.HTTPException) as error:
            raise self._lost(error) from error
        if status >= 300:
            raise self._refusal(status, content, wait)
        return content

    def _parsed(self, content: bytes, kind: type[Answer]) -> Answer:
        """Parsed as JSON in one step: strict parts take a list for a tuple only there."""
        try:
            return kind.model_validate_json(content)
        except ValidationError as error:
            if error.errors()[0]["type"] == "json_invalid":
                raise self._lost(ValueError("no JSON")) from error
            raise ConflictError(
                f"{self._name} is of another version of Artledger",
                code="service-version",
                hint="Use the same version here and there, and start `artledger serve` again.",
            ) from error

    def _refusal(self, status: int, content: bytes, wait: str) -> LedgerError:
        """The error that a problem document (RFC 9457) tells of."""
        try:
            problem = json.loads(content)
        except ValueError:
            problem = None
        said = problem if isinstance(problem, dict) else {}
        message = str(said.get("detail", f"{self._name} answered with status {status}"))
        kind = _KINDS.get(status, PushbackError)
        error = kind(message, code=str(said.get("code", "service-lost")), hint=said.get("hint"))
        if isinstance(error, PushbackError) and wait.isdecimal():
            error.retry_after = float(wait)
        return error

    def _lost(self, error: Exception) -> PushbackError:
        return PushbackError(
            f"{self._name} did not answer: {error}",
            code="service-lost",
            hint="Run the same command again. Nothing is counted twice.",
        )
