"""Chunks of a replay on all cores, their results in the order of the log."""

from __future__ import annotations

import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor

from ledger.audit.chunks import Done, Task, check_chunk

_AHEAD = 3
"""Chunks under way per process: enough that none waits, few enough that new keys soon reach them."""


def run_in_order(tasks: Iterator[Callable[[], Task]], jobs: int) -> Iterator[Done]:
    """Results in the order of the tasks, which are made as late as possible (a task carries the keys known so far).

    Raises what check_chunk raises, for the first task that is wrong.
    """
    if jobs == 1:
        for make in tasks:
            yield check_chunk(make())
        return
    context = multiprocessing.get_context("forkserver")
    pool = ProcessPoolExecutor(jobs, context, initializer=_leave_interrupts_to_the_parent)
    pending: deque[Future[Done]] = deque()
    try:
        for make in tasks:
            pending.append(pool.submit(check_chunk, make()))
            if len(pending) >= jobs * _AHEAD:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _leave_interrupts_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
