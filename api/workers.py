"""A bounded pool for work on pictures, so that the event loop stays free and overload is said at once."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from ledger.errors import PushbackError

T = TypeVar("T")
_SMOOTHING = 0.2


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

    async def run(self, job: Callable[[], T]) -> T:
        """The job's result, or what it raised. A caller that goes away does not stop a job that runs.

        Raises PushbackError (`overloaded`, `closed`).
        """
        with self._lock:
            if self._admitted >= self._capacity:
                raise PushbackError(
                    f"{self._admitted} pictures are being worked on or waiting",
                    code="overloaded",
                    hint="nothing was recorded; ask again later",
                    retry_after=self._seconds * self._admitted / self._threads,
                )
            self._admitted += 1
        try:
            future = self._pool.submit(self._timed, job)
        except RuntimeError as error:
            self._leave()
            raise PushbackError("the service is shutting down", code="closed", retry_after=5) from error
        future.add_done_callback(lambda _: self._leave())
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """Waits for running jobs; those that wait are cancelled."""
        self._pool.shutdown(cancel_futures=True)

    def _timed(self, job: Callable[[], T]) -> T:
        start = time.monotonic()
        try:
            return job()
        finally:
            taken = time.monotonic() - start
            self._seconds += _SMOOTHING * (taken - self._seconds)

    def _leave(self) -> None:
        with self._lock:
            self._admitted -= 1
