"""Pictures as they arrive: multipart/form-data (RFC 7578) read as a stream, never more than the limit kept."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fastapi import Request
from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header

from api.http.askers import Asker, asker_of
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
    """Bytes of pictures that may be in memory at once, over all requests.

    Callers without a token get three quarters of it together, and one quarter for each address. The rest is for tokens.
    """

    capacity: int
    held: int = 0
    _of_address: Counter[str] = field(default_factory=Counter)

    @contextmanager
    def upload(self, asker: Asker) -> Iterator[Callable[[int], None]]:
        """What takes bytes (PushbackError `overloaded`); given back when the block ends."""
        taken = 0

        def take(size: int) -> None:
            nonlocal taken
            if not self._has_room(asker, size):
                raise PushbackError(
                    "too many pictures are arriving at once",
                    code="overloaded",
                    hint="Nothing was recorded. Send the picture again later.",
                    retry_after=2,
                )
            taken += size
            self.held += size
            self._of_address[asker.key] += size

        try:
            yield take
        finally:
            self.held -= taken
            self._of_address[asker.key] -= taken
            if not self._of_address[asker.key]:
                del self._of_address[asker.key]

    def _has_room(self, asker: Asker, size: int) -> bool:
        if asker.privileged:
            return self.held + size <= self.capacity
        quarter = self.capacity // 4
        return self.held + size <= 3 * quarter and self._of_address[asker.key] + size <= quarter


def media_type(request: Request) -> str:
    """The body's media type in lower case, without parameters; empty where none was stated."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


@asynccontextmanager
async def received_image(request: Request, limit: int, budget: UploadBudget) -> AsyncIterator[bytes]:
    """The bytes of the one part `image`, whatever type and file name it declares; they count until the block ends.

    Raises InputError: `missing-image`, and as `received_form` does.
    """
    async with received_form(request, {FIELD: limit}, budget) as parts:
        if FIELD not in parts:
            raise InputError(f"the form has no field `{FIELD}`", code="missing-image")
        yield parts[FIELD]


@asynccontextmanager
async def received_form(
    request: Request, limits: Mapping[str, int], budget: UploadBudget
) -> AsyncIterator[dict[str, bytes]]:
    """The parts of a form by their names, each at most once and within its limit; they count until the block ends.

    Raises InputError: `media-type`, `too-large` (while streaming), `bad-request` (not multipart as RFC 7578 has it),
    `unexpected-field`; PushbackError: `overloaded`.
    """
    _, options = parse_options_header(request.headers.get("content-type"))
    boundary = options.get(b"boundary", b"")
    if media_type(request) != FORM_TYPE or not boundary:
        raise InputError(
            f"expected {FORM_TYPE} with a boundary",
            code="media-type",
            hint=f"For example: curl -F {FIELD}=@picture.png ...",
        )
    form = _Form(limits)
    largest = sum(limits.values()) + FRAMING_BYTES
    with budget.upload(asker_of(request)) as take:
        try:
            parser = MultipartParser(boundary, form.callbacks())
            async for chunk in _bounded(request, largest, _at_most(limits[FIELD])):
                take(len(chunk))
                parser.write(chunk)
            parser.finalize()
        except FormParserError as error:
            raise InputError(f"the form cannot be read: {error}"[:300], code="bad-request") from error
        yield form.parts()


async def read_bytes(request: Request, limit: int) -> bytes:
    """A small document. Raises InputError (`too-large`)."""
    return b"".join([part async for part in _bounded(request, limit, f"at most {limit} bytes of JSON")])


async def read_json(request: Request, limit: int = MAX_JSON_BYTES) -> object:
    """A small JSON document. Raises InputError: `too-large`, `bad-request`."""
    try:
        value: object = json.loads(await read_bytes(request, limit))
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
class _Form:
    """Collects what the parser finds; refuses other parts than those that have a limit."""

    limits: Mapping[str, int]
    _data: dict[str, bytearray] = field(default_factory=dict)
    _name: str = FIELD
    _header: bytearray = field(default_factory=bytearray)
    _value: bytearray = field(default_factory=bytearray)
    _disposition: bytes = b""
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

    def parts(self) -> dict[str, bytes]:
        if not self._ended:
            raise InputError("the form ends before its last boundary", code="bad-request")
        return {name: bytes(data) for name, data in self._data.items()}

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
        name = (options.get(b"name") or b"").decode(errors="replace")
        if kind != b"form-data" or name not in self.limits:
            raise InputError(f"expected {self._expected}, got `{name[:60]}`", code="unexpected-field")
        if name in self._data:
            hint = "one picture at a time" if name == FIELD else None
            raise InputError(f"the field `{name}` is given twice", code="unexpected-field", hint=hint)
        self._name = name
        self._data[name] = bytearray()

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        part, limit = self._data[self._name], self.limits[self._name]
        if len(part) + end - start > limit:
            text = _at_most(limit) if self._name == FIELD else f"`{self._name}` may have at most {limit} bytes"
            raise InputError(text, code="too-large")
        part += data[start:end]

    @property
    def _expected(self) -> str:
        fields = " and ".join(f"`{name}`" for name in self.limits)
        return f"one field {fields}" if len(self.limits) == 1 else f"the fields {fields}"

    def _on_end(self) -> None:
        self._ended = True


def _at_most(limit: int) -> str:
    return f"a picture may have at most {limit} bytes"
