"""The time that a request's body may take to arrive."""

from __future__ import annotations

import asyncio
import math

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ledger.errors import InputError

GRACE_SECONDS = 10.0
"""A body may be slower than the pace for so long."""
BYTES_PER_SECOND = 4_096


class BodyDeadline:
    """ASGI middleware: a body comes at a pace, and within `seconds`; whoever reads it gets InputError (`too-slow`).

    The clock runs from the first read, so that the service's own work before it is not held against the client.
    """

    def __init__(self, app: ASGIApp, seconds: float) -> None:
        self._app = app
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        loop = asyncio.get_running_loop()
        start, received = math.inf, 0

        async def receive_in_time() -> Message:
            nonlocal start, received
            if received < 0:
                return await receive()
            start = min(start, loop.time())
            allowed = min(self._seconds, GRACE_SECONDS + received / BYTES_PER_SECOND)
            try:
                async with asyncio.timeout_at(start + allowed):
                    message = await receive()
            except TimeoutError as error:
                raise _too_slow(self._seconds) from error
            received = received + len(message.get("body", b"")) if message.get("more_body", False) else -1
            return message

        await self._app(scope, receive_in_time, send)


def _too_slow(seconds: float) -> InputError:
    return InputError(
        f"the body came too slowly: at least {BYTES_PER_SECOND} bytes a second, and all within {seconds:g} seconds",
        code="too-slow",
        hint="Nothing was recorded. Send it again over a faster connection, or send a smaller picture.",
    )
