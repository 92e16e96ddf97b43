"""Runs chunks of a replay on all cores; results come in the order of the log."""

from __future__ import annotations

import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor

from ledger.audit.whole_log.chunks import Done, Task, check_chunk
from ledger.log.fetch import FolderLog, HttpLog, open_log

Log = FolderLog | HttpLog

_AHEAD = 3
"""Chunks queued per process: enough to keep processes busy, few enough that new keys reach them soon."""


def run_in_order(objects: Log, location: str, tasks: Iterator[Callable[[], Task]], jobs: int) -> Iterator[Done]:
    """Results in the order of the tasks, which are made as late as possible (a task carries the keys known so far).

    A single job reads `objects` in this process. Each of several jobs opens `location` itself.

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
"""In a worker: this process's own open log, with its connections."""


def _begin(location: str) -> None:
    # The parent handles Ctrl-C and ends the workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _own.append(open_log(location))


def _check(task: Task) -> Done:
    return check_chunk(_own[0], task)
