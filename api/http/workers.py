"""Bounded pools for work on pictures, so that the event loop stays free and overload is said at once."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, nullcontext, suppress
from typing import TypeVar

from fastapi import Request

from ledger.cancellation import Cancellation, cancelled_error
from ledger.errors import InputError, PushbackError

T = TypeVar("T")
_SMOOTHING = 0.2


def _forgotten(_: float) -> None:
    """Nobody counts the seconds."""


class Workers:
    """`threads` jobs at once and `queue` more waiting; what comes on top is pushed back with a time to wait."""

    def __init__(self, threads: int, queue: int) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="picture")
        self._threads = threads
        self._capacity = threads + queue
        self._lock = threading.Lock()
        self._admitted = 0
        self._seconds = 1.0

    @property
    def admitted(self) -> int:
        """Jobs that run or wait."""
        return self._admitted

    async def run(
        self,
        job: Callable[[], T],
        cancellation: Cancellation | None = None,
        *,
        stops: bool = False,
        charge: Callable[[float], None] = _forgotten,
    ) -> T:
        """The job's result, or what it raised. `charge` is told how many seconds it took.

        Where the asker leaves, a job that waits is dropped; one that runs goes on to its end, unless it `stops`: it
        ends where it next asks whether it was cancelled. Raises PushbackError (`overloaded`, `closed`, `asker-left`).
        """
        with self._lock:
            if self._admitted >= self._capacity:
                raise PushbackError(
                    f"{self._admitted} requests are being worked on or waiting",
                    code="overloaded",
                    hint="Nothing was recorded. Send the request again later.",
                    retry_after=self._seconds * self._admitted / self._threads,
                )
            self._admitted += 1
        cancellation = cancellation or Cancellation()
        taken: list[float] = []
        try:
            future = self._pool.submit(self._timed, job, cancellation if stops else None, taken)
        except RuntimeError as error:
            self._leave()
            raise PushbackError("the service is shutting down", code="closed", retry_after=5) from error
        future.add_done_callback(lambda _: self._leave())
        try:
            with cancellation.stopping(future.cancel):
                return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            if cancellation.cancelled and future.cancelled():
                raise cancelled_error() from None
            raise
        finally:
            charge(sum(taken))

    def close(self) -> None:
        """Waits for running jobs; those that wait are cancelled."""
        self._pool.shutdown(cancel_futures=True)

    def _timed(self, job: Callable[[], T], cancellation: Cancellation | None, taken: list[float]) -> T:
        start = time.monotonic()
        try:
            with nullcontext() if cancellation is None else cancellation.running():
                return job()
        finally:
            taken.append(time.monotonic() - start)
            self._seconds += _SMOOTHING * (taken[0] - self._seconds)

    def _leave(self) -> None:
        with self._lock:
            self._admitted -= 1


@asynccontextmanager
async def watched(request: Request) -> AsyncIterator[Cancellation]:
    """Whether the client of a request, whose body was read, is still there: its `Cancellation` learns of it."""
    cancellation = Cancellation()

    async def watch() -> None:
        with suppress(InputError):  # a body that nobody wants comes too slowly
            while (await request.receive())["type"] != "http.disconnect":
                pass
            cancellation.cancel()

    watcher = asyncio.create_task(watch())
    try:
        yield cancellation
    finally:
        watcher.cancel()
