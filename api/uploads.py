"""Pictures as they arrive: multipart/form-data (RFC 7578) read as a stream, never more than the limit kept."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fastapi import Request
from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header

from ledger.errors import InputError, PushbackError

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

FIELD = "image"
FORM_TYPE = "multipart/form-data"
JSON_TYPE = "application/json"
FRAMING_BYTES = 16_384
"""What boundaries and part headers may add to the picture."""
MAX_JSON_BYTES = 4_096


@dataclass(slots=True)
class UploadBudget:
    """Bytes of pictures that may be in memory at once, over all requests."""

    capacity: int
    held: int = 0

    def take(self, size: int) -> None:
        """Raises PushbackError (`overloaded`)."""
        if self.held + size > self.capacity:
            raise PushbackError(
                "too many pictures are arriving at once",
                code="overloaded",
                hint="nothing was recorded; send the picture again later",
                retry_after=2,
            )
        self.held += size

    def give_back(self, size: int) -> None:
        self.held -= size


def media_type(request: Request) -> str:
    """The body's media type in lower case, without parameters; empty where none was stated."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


@asynccontextmanager
async def received_image(request: Request, limit: int, budget: UploadBudget) -> AsyncIterator[bytes]:
    """The bytes of the one part `image`, whatever type and file name it declares; they count until the block ends.

    Raises InputError: `media-type`, `too-large` (while streaming), `bad-request` (not multipart as RFC 7578 has it),
    `unexpected-field`, `missing-image`; PushbackError: `overloaded`.
    """
    _, options = parse_options_header(request.headers.get("content-type"))
    boundary = options.get(b"boundary", b"")
    if media_type(request) != FORM_TYPE or not boundary:
        raise InputError(
            f"expected {FORM_TYPE} with a boundary",
            code="media-type",
            hint=f"for example: curl -F {FIELD}=@picture.png ...",
        )
    taken = 0
    form = _ImageForm(limit)
    try:
        try:
            parser = MultipartParser(boundary, form.callbacks())
            async for chunk in _bounded(request, limit + FRAMING_BYTES, f"a picture may have at most {limit} bytes"):
                budget.take(len(chunk))
                taken += len(chunk)
                parser.write(chunk)
            parser.finalize()
        except FormParserError as error:
            raise InputError(f"the form cannot be read: {error}"[:300], code="bad-request") from error
        yield form.image()
    finally:
        budget.give_back(taken)


async def read_json(request: Request, limit: int = MAX_JSON_BYTES) -> object:
    """A small JSON document. Raises InputError: `too-large`, `bad-request`."""
    parts = [part async for part in _bounded(request, limit, f"at most {limit} bytes of JSON")]
    try:
        value: object = json.loads(b"".join(parts))
    except (ValueError, RecursionError) as error:
        raise InputError("the body is not JSON", code="bad-request") from error
    return value


async def _bounded(request: Request, limit: int, message: str) -> AsyncIterator[bytes]:
    error = InputError(message, code="too-large")
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared[:20]) > limit:
        raise error
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise error
        yield chunk


@dataclass(slots=True)
class _ImageForm:
    """Collects what the parser finds; refuses everything but one part `image`."""

    limit: int
    _data: bytearray = field(default_factory=bytearray)
    _header: bytearray = field(default_factory=bytearray)
    _value: bytearray = field(default_factory=bytearray)
    _disposition: bytes = b""
    _parts: int = 0
    _ended: bool = False

    def callbacks(self) -> MultipartCallbacks:
        return {
            "on_part_begin": self._on_part_begin,
            "on_header_field": self._on_header_field,
            "on_header_value": self._on_header_value,
            "on_header_end": self._on_header_end,
            "on_headers_finished": self._on_headers_finished,
            "on_part_data": self._on_part_data,
            "on_end": self._on_end,
        }

    def image(self) -> bytes:
        if not self._ended:
            raise InputError("the form ends before its last boundary", code="bad-request")
        if not self._parts:
            raise InputError(f"the form has no field `{FIELD}`", code="missing-image")
        return bytes(self._data)

    def _on_part_begin(self) -> None:
        self._disposition = b""

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header_end(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = bytes(self._value)
        self._header.clear()
        self._value.clear()

    def _on_headers_finished(self) -> None:
        kind, options = parse_options_header(self._disposition)
        name = options.get(b"name")
        if kind != b"form-data" or name != FIELD.encode():
            raise InputError(
                f"expected one field `{FIELD}`, got `{(name or b'').decode(errors='replace')[:60]}`",
                code="unexpected-field",
            )
        self._parts += 1
        if self._parts > 1:
            raise InputError(
                f"the field `{FIELD}` is there twice", code="unexpected-field", hint="one picture at a time"
            )

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        if len(self._data) + end - start > self.limit:
            raise InputError(f"a picture may have at most {self.limit} bytes", code="too-large")
        self._data += data[start:end]

    def _on_end(self) -> None:
        self._ended = True
