"""Whether somebody still waits for a piece of work: long jobs ask, and end where nobody does.

A surface runs a job under a `Wanted` and tells it when its asker has left; what the job calls needs no parameter for
it. Outside such a job everything is wanted.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from ledger.errors import PushbackError


class Wanted:
    """One asker's. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stops: list[Callable[[], object]] = []
        self.left = False
        """Whether the asker is gone."""

    def leave(self) -> None:
        """Nobody waits any more: what can be stopped is stopped now."""
        with self._lock:
            self.left = True
            stops, self._stops = self._stops, []
        for stop in stops:
            stop()

    @contextmanager
    def stopping(self, stop: Callable[[], object]) -> Iterator[None]:
        """Calls `stop`, once and in any thread, where the asker leaves during the block or left before it."""
        with self._lock:
            gone = self.left
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
    def here(self) -> Iterator[None]:
        """What runs in the block, in this thread, runs for this asker."""
        token = _WANTED.set(self)
        try:
            yield
        finally:
            _WANTED.reset(token)


_WANTED: ContextVar[Wanted | None] = ContextVar("wanted", default=None)


def require_wanted() -> None:
    """Raises PushbackError (`asker-left`) where nobody waits for the present job any more."""
    wanted = _WANTED.get()
    if wanted is not None and wanted.left:
        raise asker_left()


@contextmanager
def stopped_unless_wanted(stop: Callable[[], object]) -> Iterator[None]:
    """Calls `stop` when whoever waits for the present job leaves."""
    wanted = _WANTED.get()
    if wanted is None:
        yield
    else:
        with wanted.stopping(stop):
            yield


def asker_left() -> PushbackError:
    return PushbackError("whoever asked for this has left: it was not finished", code="asker-left")
