"""Chunks of a replay on all cores, their results in the order of the log."""

from __future__ import annotations

import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor

from ledger.audit.chunks import Done, Task, check_chunk
from ledger.log.fetch import FolderLog, HttpLog, open_log

Log = FolderLog | HttpLog

_AHEAD = 3
"""Chunks under way per process: enough that none waits, few enough that new keys soon reach them."""


def run_in_order(objects: Log, location: str, tasks: Iterator[Callable[[], Task]], jobs: int) -> Iterator[Done]:
    """Results in the order of the tasks, which are made as late as possible (a task carries the keys known so far).
    One job reads `objects` in this process; each of several opens the `location` for itself.

    Raises what check_chunk raises, for the first task that is wrong.
    """
    if jobs == 1:
        for make in tasks:
            yield check_chunk(objects, make())
        return
    context = multiprocessing.get_context("forkserver")
    pool = ProcessPoolExecutor(jobs, context, initializer=_begin, initargs=(location,))
    pending: deque[Future[Done]] = deque()
    try:
        for make in tasks:
            pending.append(pool.submit(_check, make()))
            if len(pending) >= jobs * _AHEAD:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


_own: list[Log] = []
"""In a worker: the log as this process reads it, with its connections."""


def _begin(location: str) -> None:
    # Ctrl-C is the parent's to handle; it ends the workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _own.append(open_log(location))


def _check(task: Task) -> Done:
    return check_chunk(_own[0], task)
