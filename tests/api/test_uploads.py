"""Uploads are read as a stream, strictly, and never beyond the limit."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack

import pytest
from fastapi import Request
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.types import Message

from api.http.askers import Asker
from api.http.uploads import FRAMING_BYTES, UploadBudget, read_json, received_image
from ledger.errors import InputError, LedgerError, PushbackError

TOKEN = Asker("203.0.113.1", privileged=True)
BOUNDARY = "frontier"
FORM = f"multipart/form-data; boundary={BOUNDARY}"


def part(name: str, data: bytes, extra: str = "") -> bytes:
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"; filename="f.png"\r\n{extra}\r\n'
    return head.encode() + data + b"\r\n"


def form(*parts: bytes) -> bytes:
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


class Upload:
    """A request whose body arrives in chunks; counts how much of it was asked for."""

    def __init__(
        self,
        chunks: Iterator[bytes],
        content_type: str = FORM,
        length: int | None = None,
        asker: Asker = TOKEN,
    ) -> None:
        headers = [(b"content-type", content_type.encode())]
        if length is not None:
            headers.append((b"content-length", str(length).encode()))
        self.taken = 0
        self._chunks = chunks
        self.request = Request({"type": "http", "method": "POST", "headers": headers}, self._receive)
        self.request.state.asker = asker

    async def _receive(self) -> Message:
        chunk = next(self._chunks, None)
        self.taken += len(chunk or b"")
        return {"type": "http.request", "body": chunk or b"", "more_body": chunk is not None}


def chunked(body: bytes, size: int = 7) -> Iterator[bytes]:
    return (body[start : start + size] for start in range(0, len(body), size))


def read(upload: Upload, limit: int = 1000, budget: UploadBudget | None = None) -> bytes:
    async def job() -> bytes:
        async with received_image(upload.request, limit, budget or UploadBudget(10**9)) as data:
            return data

    return asyncio.run(job())


def refusal(upload: Upload, limit: int = 1000, budget: UploadBudget | None = None) -> str:
    with pytest.raises(LedgerError) as caught:
        read(upload, limit, budget)
    return caught.value.code


@settings(deadline=None)
@given(data=st.binary(max_size=400), size=st.integers(1, 500))
def test_the_bytes_arrive_however_they_are_cut(data: bytes, size: int) -> None:
    assert read(Upload(chunked(form(part("image", data)), size))) == data


def test_the_declared_type_does_not_matter() -> None:
    assert read(Upload(chunked(form(part("image", b"PNG", "Content-Type: text/html\r\n"))))) == b"PNG"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (form(part("picture", b"x")), "unexpected-field"),
        (form(part("image", b"x"), part("note", b"y")), "unexpected-field"),
        (form(part("image", b"x"), part("image", b"y")), "unexpected-field"),
        (form(), "missing-image"),
        (b"", "bad-request"),
        (b"nonsense", "bad-request"),
        (form(part("image", b"x"))[:-10], "bad-request"),
    ],
)
def test_other_forms_are_refused(body: bytes, code: str) -> None:
    assert refusal(Upload(chunked(body))) == code


def test_other_media_types_are_refused() -> None:
    for content_type in ("image/png", "application/x-www-form-urlencoded", "multipart/form-data", ""):
        assert refusal(Upload(chunked(b"x"), content_type)) == "media-type"


def test_the_limit_is_exact() -> None:
    assert len(read(Upload(chunked(form(part("image", b"x" * 100)))), limit=100)) == 100
    assert refusal(Upload(chunked(form(part("image", b"x" * 101)))), limit=100) == "too-large"


def test_an_endless_body_is_cut_off_at_the_limit() -> None:
    def endless() -> Iterator[bytes]:
        yield part("image", b"")[:-2]
        while True:
            yield b"x" * 1000

    upload = Upload(endless())
    assert refusal(upload, limit=5000) == "too-large"
    assert upload.taken <= 5000 + FRAMING_BYTES + 1000


def test_a_body_declared_too_large_is_not_even_read() -> None:
    upload = Upload(chunked(b"x"), length=10**9)
    assert refusal(upload) == "too-large"
    assert upload.taken == 0


def test_pictures_in_memory_are_bounded_over_all_requests_and_given_back() -> None:
    budget = UploadBudget(capacity=600)
    body = form(part("image", b"x" * 300))

    async def both() -> None:
        async with received_image(Upload(chunked(body)).request, 1000, budget):
            with pytest.raises(PushbackError) as caught:
                async with received_image(Upload(chunked(body)).request, 1000, budget):
                    pass
            assert caught.value.code == "overloaded"

    asyncio.run(both())
    assert budget.held == 0
    assert refusal(Upload(chunked(b"nonsense")), budget=budget) == "bad-request"
    assert budget.held == 0


def test_anonymous_callers_get_a_part_each_and_never_all() -> None:
    """A quarter for one address, three quarters for all of them: what a token sends always finds room."""
    body = form(part("image", b"x" * 500))
    budget = UploadBudget(capacity=5 * len(body))
    anonymous = [Asker(f"203.0.113.{number}", privileged=False) for number in range(4)]

    def arriving(asker: Asker) -> AbstractAsyncContextManager[bytes]:
        return received_image(Upload(chunked(body), asker=asker).request, 3_000, budget)

    async def refused(asker: Asker) -> None:
        with pytest.raises(PushbackError) as caught:
            async with arriving(asker):
                pass
        assert caught.value.code == "overloaded"

    async def all_at_once() -> None:
        async with AsyncExitStack() as held:
            await held.enter_async_context(arriving(anonymous[0]))
            await refused(anonymous[0])
            for asker in anonymous[1:3]:
                await held.enter_async_context(arriving(asker))
            await refused(anonymous[3])
            await held.enter_async_context(arriving(TOKEN))
            await held.enter_async_context(arriving(TOKEN))

    asyncio.run(all_at_once())
    assert budget.held == 0


def test_json_is_small_and_json() -> None:
    def result(body: bytes) -> object:
        return asyncio.run(read_json(Upload(chunked(body), "application/json").request))

    assert result(b'{"sha256": "ab"}') == {"sha256": "ab"}
    for body, code in ((b"{", "bad-request"), (b"[" * 4000, "bad-request"), (b" " * 5000, "too-large")):
        with pytest.raises(InputError) as caught:
            result(body)
        assert caught.value.code == code
