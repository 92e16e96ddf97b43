"""Decodes in worker processes. A malicious file costs one worker and gives one clear error; the pool recovers."""

from __future__ import annotations

import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing.context import BaseContext
from threading import Lock
from types import TracebackType
from typing import Self, TypeVar

import numpy as np
from pebble import ProcessExpired, ProcessPool

from ledger.cancellation import cancelled_error, stopped_if_cancelled
from ledger.cores import cores
from ledger.errors import InputError, LedgerError, PushbackError
from ledger.image.canonical_image import CanonicalImage, Pixels
from ledger.image.decode import check_size
from ledger.image.failures import out_of_memory
from ledger.image.limits import DEFAULT_LIMITS, DecodeLimits
from ledger.image.worker import decode_job, initialise, manifest_job, rasterise_job

Key = TypeVar("Key")
Result = TypeVar("Result")
Bytes = bytes | Callable[[], bytes]
"""A file's bytes, or a function that reads them when needed (called in another thread; may raise InputError)."""

IN_FLIGHT_PER_WORKER = 32
"""Files started and pictures not yet taken, per worker; enough to decode while a batch is encoded."""


ATTEMPTS = 3
"""How often a job is begun anew where the pool breaks; what breaks it may be the job."""
LOST = 255
"""Exit status that multiprocessing makes up for a process whose fork server is gone. The job did not end it."""
LOOK_SECONDS = 1.0
"""How often a waiting caller looks whether the pool still works."""


class DecodePool:
    """Worker processes that decode and rasterise. Thread-safe; a context manager that ends the workers on exit.

    Workers start with the first job, from a fork server that has loaded little except Pillow: their memory limit is
    tight.
    """

    def __init__(self, workers: int | None = None, limits: DecodeLimits = DEFAULT_LIMITS) -> None:
        self.workers = workers or cores()
        self.limits = limits
        self._changing = Lock()
        self._closed = False
        self._pool = self._new_pool()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the workers and abandons running jobs."""
        with self._changing:
            self._closed = True
            _end(self._pool)

    def decode(self, data: bytes, *, canonical: bool = False, second: bool = False) -> CanonicalImage:
        """The view of one file that is compared (`ledger.image.views`), within the limits. `canonical`: its canonical
        pixels in any case. `second`: with its second view, as works have.

        Raises InputError: the codes of `ledger.image.decode.decode`, and `decode-timeout`, `decode-crashed`.
        """
        check_size(data, self.limits)
        decoded = self._run(partial(decode_job, canonical=canonical, second=second), data)
        width, height = decoded.working_size

        def pixels(rows: bytes) -> Pixels:
            return np.frombuffer(rows, dtype=np.uint8).reshape(height, width, 3)

        return CanonicalImage(
            sha256=decoded.sha256,
            media_type=decoded.media_type,
            width=decoded.width,
            height=decoded.height,
            pixel_sha256=decoded.pixel_sha256,
            working=pixels(decoded.working),
            frames=decoded.frames,
            frame=decoded.frame,
            over_black=decoded.over_black,
            tried=decoded.tried,
            second=None if decoded.second is None else pixels(decoded.second),
        )

    def rasterise(self, svg: bytes) -> bytes:
        """PNG bytes of an SVG drawing (`ledger.image.kinds.svg.rasterise_svg`).

        Raises InputError: `too-large`, `bad-svg`, `decode-timeout`, `decode-memory`, `decode-crashed`.
        """
        check_size(svg, self.limits)
        return self._run(rasterise_job, svg)

    def manifest_report(self, data: bytes, media_type: str, trusted: str) -> str | None:
        """C2PA's report on the manifest in a file (`ledger.image.credentials.native.validate`); None without one.

        Raises InputError: `credentials-remote` (its message is the address that the file names),
        `credentials-unsupported`, `credentials-unreadable`, `credentials-too-large`, `too-large`, `decode-timeout`,
        `decode-memory`, `decode-crashed`.
        """
        check_size(data, self.limits)
        return self._run(partial(manifest_job, media_type=media_type, trusted=trusted), data)

    def decode_all(
        self, files: Iterable[tuple[Key, Bytes]], *, second: bool = False
    ) -> Iterator[tuple[Key, CanonicalImage | InputError]]:
        """Decodes many files in parallel and yields them in the order given, each with its picture or its error.
        `second`: with second views.

        At most IN_FLIGHT_PER_WORKER files per worker are in progress; more of `files` are read as results are taken.
        Closing the iterator drops files that have not started.
        """
        waiting: deque[tuple[Key, Future[CanonicalImage | InputError]]] = deque()
        with ThreadPoolExecutor(2 * self.workers, thread_name_prefix="decode") as threads:
            try:
                for key, data in files:
                    waiting.append((key, threads.submit(self._decode_or_error, data, second)))
                    if len(waiting) >= IN_FLIGHT_PER_WORKER * self.workers:
                        first, outcome = waiting.popleft()
                        yield first, outcome.result()
                while waiting:
                    first, outcome = waiting.popleft()
                    yield first, outcome.result()
            finally:
                for _, outcome in waiting:
                    outcome.cancel()

    def _decode_or_error(self, data: Bytes, second: bool) -> CanonicalImage | InputError:
        try:
            return self.decode(data if isinstance(data, bytes) else data(), second=second)
        except InputError as error:
            return error

    def _run(self, job: Callable[[bytes, DecodeLimits], Result | LedgerError], data: bytes) -> Result:
        for _ in range(ATTEMPTS):
            try:
                outcome = self._outcome(job, data)
                break
            except BrokenProcessPool:
                continue
        else:
            raise _crashed()
        if isinstance(outcome, LedgerError):
            raise outcome
        return outcome

    def _outcome(self, job: Callable[[bytes, DecodeLimits], Result | LedgerError], data: bytes) -> Result | LedgerError:
        """What the job returned. Raises BrokenProcessPool where the pool broke before it was done."""
        pool = self._working_pool()
        try:
            future = pool.schedule(job, args=(data, self.limits), timeout=self.limits.seconds)
        except RuntimeError as error:  # it broke just now, or was closed
            if self._closed:
                raise _closed() from error
            raise BrokenProcessPool(str(error)) from error
        try:
            with stopped_if_cancelled(future.cancel):
                while not wait([future], LOOK_SECONDS).done:
                    if self._closed:
                        raise _closed()
                    if not pool.active:
                        raise BrokenProcessPool("the pool has stopped")
                return future.result()
        except CancelledError as error:
            raise cancelled_error() from error
        except TimeoutError as error:
            raise _too_slow(f"{self.limits.seconds:g} seconds") from error
        except ProcessExpired as error:
            if error.exitcode == LOST:
                raise BrokenProcessPool("the fork server has died") from error
            raise _worker_died(error, self.limits) from error
        except MemoryError as error:
            raise out_of_memory() from error

    def _new_pool(self) -> ProcessPool:
        return ProcessPool(
            max_workers=self.workers, initializer=initialise, initargs=(self.limits.memory,), context=_context()
        )

    def _working_pool(self) -> ProcessPool:
        """The pool, or a new one where it broke: pebble gives up when a worker or the fork server dies while no job
        runs, as when the system is short of memory."""
        with self._changing:
            if not self._closed and not self._pool.active:
                _end(self._pool)
                self._pool = self._new_pool()
            return self._pool


def _end(pool: ProcessPool) -> None:
    pool.stop()  # type: ignore[no-untyped-call]  # pebble leaves it unannotated
    pool.join()


def _context() -> BaseContext:
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["ledger.image.worker"])
    return context


def _too_slow(limit: str) -> InputError:
    return InputError(
        f"decoding the picture took longer than {limit}",
        code="decode-timeout",
        hint="Save the picture again with another program, or send a smaller copy.",
    )


def _worker_died(error: ProcessExpired, limits: DecodeLimits) -> InputError:
    if error.exitcode == -signal.SIGXCPU:
        return _too_slow(f"{limits.cpu_seconds:g} seconds of processor time")
    if error.exitcode == -signal.SIGABRT:
        # An allocation that fails inside native code (resvg) aborts the process.
        return out_of_memory()
    return _crashed()


def _closed() -> PushbackError:
    return PushbackError("the service is shutting down", code="closed")


def _crashed() -> InputError:
    return InputError(
        "decoding the picture crashed",
        code="decode-crashed",
        hint="The file may be malicious or damaged; save the picture again with another program.",
    )
