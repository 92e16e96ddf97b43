"""Stops long jobs when the person who asked for them has left.

A surface runs a job inside `Cancellation.running()` and calls `cancel` when the asker disconnects. The code that the
job calls needs no extra parameter: it calls `require_not_cancelled` between steps. Outside such a job nothing is ever
cancelled.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from ledger.errors import PushbackError


class Cancellation:
    """Tells one asker's jobs whether to stop. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stops: list[Callable[[], object]] = []
        self.cancelled = False
        """Whether the asker has left."""

    def cancel(self) -> None:
        """Says that the asker has left, and stops at once what can be stopped."""
        with self._lock:
            self.cancelled = True
            stops, self._stops = self._stops, []
        for stop in stops:
            stop()

    @contextmanager
    def stopping(self, stop: Callable[[], object]) -> Iterator[None]:
        """Calls `stop` once if the asker leaves during the block, or has left before it. The call may be in any
        thread."""
        with self._lock:
            gone = self.cancelled
            if not gone:
                self._stops.append(stop)
        if gone:
            stop()
        try:
            yield
        finally:
            with self._lock:
                if stop in self._stops:
                    self._stops.remove(stop)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Runs the block, in this thread, as a job of this asker."""
        token = _CURRENT.set(self)
        try:
            yield
        finally:
            _CURRENT.reset(token)


_CURRENT: ContextVar[Cancellation | None] = ContextVar("cancellation", default=None)


def require_not_cancelled() -> None:
    """Raises PushbackError (`asker-left`) if the asker of the present job has left."""
    current = _CURRENT.get()
    if current is not None and current.cancelled:
        raise cancelled_error()


@contextmanager
def stopped_if_cancelled(stop: Callable[[], object]) -> Iterator[None]:
    """Calls `stop` if the asker of the present job leaves during the block."""
    current = _CURRENT.get()
    if current is None:
        yield
    else:
        with current.stopping(stop):
            yield


def cancelled_error() -> PushbackError:
    return PushbackError("the request was cancelled because the client disconnected", code="asker-left")
