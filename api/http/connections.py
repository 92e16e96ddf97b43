"""Connections: how many there may be, and how long each may take to say what it wants and to take its answer.

uvicorn by itself waits for ever for the head of a request and for a client that reads nothing, and bounds neither heads
nor pipelines. `artledger serve` therefore runs it with `GuardedProtocol`.
"""

from __future__ import annotations

import asyncio
import math
import resource
from collections import Counter
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api.http.limits import address_key

RESERVED_FILES = 384
"""Open files that are not for connections: the database's, the log's, workers', and connections not yet looked at."""
SEND_SECONDS = 30.0
SEND_BYTES = 16_384
"""A client takes at least so many bytes of its answer within so many seconds."""
MAX_HEAD_BYTES = 65_536
MAX_HEADERS = 100
MAX_PIPELINED = 16
"""Requests that one connection may send before it has its first answer."""
LOOK_EVERY = 1.0
"""Seconds between looks for connections that take too long."""
STATE = "connections"
"""Where the application's lifespan leaves a `Connections` for the protocol."""


class Connections:
    """The open connections of one server. Not thread-safe: it belongs to the event loop.

    Where there are too many, the one that has waited longest without asking anything makes room; so half-sent heads
    and idle connections never keep anybody out. Only where all of them are being answered is a new one turned away.
    """

    def __init__(
        self, maximum: int, per_address: int, head_seconds: float, shared: Callable[[str], bool] = lambda _: False
    ) -> None:
        """`shared`: whether an address is that of a proxy, for which only `maximum` counts."""
        files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        self.maximum = maximum if files == resource.RLIM_INFINITY else max(16, min(maximum, files - RESERVED_FILES))
        self.per_address = per_address
        self.head_seconds = head_seconds
        self._shared = shared
        self._open: set[GuardedProtocol] = set()
        self._of_address: Counter[str] = Counter()
        self._waiting: dict[GuardedProtocol, None] = {}
        """Those that have asked nothing, or have their answer, in the order in which that began."""
        self._looking = False

    def __len__(self) -> int:
        return len(self._open)

    def key_of(self, address: str) -> str | None:
        """Whose connections a connection from this address counts among; None: nobody's alone."""
        return None if self._shared(address) else address_key(address)

    def enter(self, connection: GuardedProtocol) -> bool:
        """Whether there is room for one more, perhaps in the place of one that waits."""
        key = connection.key
        if key is not None and self._of_address[key] >= self.per_address and not self._make_room(key):
            return False
        if len(self._open) >= self.maximum and not self._make_room(None):
            return False
        self._open.add(connection)
        if key is not None:
            self._of_address[key] += 1
        self.waits(connection)
        if not self._looking:
            self._looking = True
            connection.loop.call_later(LOOK_EVERY, self._look, connection.loop)
        return True

    def leave(self, connection: GuardedProtocol) -> None:
        if connection not in self._open:
            return
        self._open.remove(connection)
        self._waiting.pop(connection, None)
        if connection.key is not None:
            self._of_address[connection.key] -= 1
            if not self._of_address[connection.key]:
                del self._of_address[connection.key]

    def waits(self, connection: GuardedProtocol) -> None:
        """It is its turn to ask, since now."""
        if connection in self._open:
            self._waiting.pop(connection, None)
            self._waiting[connection] = None

    def asked(self, connection: GuardedProtocol) -> None:
        """It has sent the head of a request."""
        self._waiting.pop(connection, None)

    def _make_room(self, key: str | None) -> bool:
        """Ends the connection (of an address) that has waited longest. False where none waits."""
        for connection in self._waiting:
            if (key is None or connection.key == key) and not connection.unsent:
                self.leave(connection)
                connection.cut()
                return True
        return False

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        for connection in tuple(self._open):
            connection.look(now)
        self._looking = bool(self._open)
        if self._looking:
            loop.call_later(LOOK_EVERY, self._look, loop)


class GuardedProtocol(HttpToolsProtocol):
    """uvicorn's HTTP/1.1 on one connection, with deadlines and bounds."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._all: Connections = self.app_state[STATE]
        self.key: str | None = None
        """Whose it is: what the address's limit counts. None for a Unix socket, and for a proxy."""
        self._waits_since = math.inf
        self._undigested = 0
        """Bytes that came since the last whole head, piece of a body or end of a message."""
        self._in_message = False
        self._unsent_then = 0
        self._send_by = math.inf

    @property
    def unsent(self) -> int:
        """Bytes of answers that the client has not taken."""
        return self.transport.get_write_buffer_size()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self.key = None if self.client is None else self._all.key_of(self.client[0])
        if self._all.enter(self):
            self._wait()
        else:
            self._refuse(503, "Service Unavailable", "too many connections are open; come again later")

    def connection_lost(self, exc: Exception | None) -> None:
        self._all.leave(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        self._undigested += len(data)
        super().data_received(data)
        if self._undigested > MAX_HEAD_BYTES and not self.transport.is_closing():
            self._refuse(431, "Request Header Fields Too Large", f"a head may have at most {MAX_HEAD_BYTES} bytes")

    def on_message_begin(self) -> None:
        self._in_message = False
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Raises ValueError, which uvicorn answers with 400: for headers behind a body, and for very many."""
        if self._in_message or len(self.headers) >= MAX_HEADERS:
            raise ValueError("trailers, or too many headers")
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        if len(self.pipeline) >= MAX_PIPELINED:
            raise ValueError("too many requests at once on one connection")
        self._undigested = 0
        self._in_message = True
        self._waits_since = math.inf
        self._all.asked(self)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._undigested = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._undigested = 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.cycle.response_complete:
            self._wait()

    def resume_writing(self) -> None:
        self._send_by = self.loop.time() + SEND_SECONDS
        super().resume_writing()

    def look(self, now: float) -> None:
        """Ends the connection where its client takes too long."""
        unsent = self.unsent
        if unsent:
            if not self._unsent_then or unsent <= self._unsent_then - SEND_BYTES:
                self._unsent_then, self._send_by = unsent, now + SEND_SECONDS
            self._unsent_then = max(self._unsent_then, unsent)
            if now > self._send_by:
                self.cut()
            return
        self._unsent_then, self._send_by = 0, math.inf
        if now - self._waits_since <= self._all.head_seconds or self.transport.is_closing():
            return
        if self._undigested:
            self._refuse(408, "Request Timeout", f"the head of a request must come within {self._all.head_seconds:g} s")
        else:
            self.transport.close()

    def cut(self) -> None:
        """Ends the connection at once, whatever the client has not taken."""
        self._answer_nothing_more()
        self.transport.abort()

    def send_400_response(self, msg: str) -> None:
        self._answer_nothing_more()
        super().send_400_response(msg)

    def _answer_nothing_more(self) -> None:
        """Requests under way learn that their client is gone; their answers would meet a closed connection."""
        for cycle in (self.cycle, *(cycle for cycle, _ in self.pipeline)):
            if cycle is not None:
                cycle.disconnected = True
                cycle.message_event.set()
        self.pipeline.clear()

    def _wait(self) -> None:
        self._waits_since = self.loop.time()
        self._all.waits(self)

    def _refuse(self, status: int, phrase: str, why: str) -> None:
        """Says why, and closes."""
        self._answer_nothing_more()
        body = why.encode()
        head = (
            f"HTTP/1.1 {status} {phrase}\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {len(body)}\r\n"
            f"retry-after: 5\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()

    def _unsupported_upgrade_warning(self) -> None:
        """There are no WebSockets here: the request is answered as any other, and nobody needs to read of it."""
