"""Threads that encode one picture each."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import torch


def single_threaded_workers(count: int) -> ThreadPoolExecutor:
    """Threads in each of which torch uses one thread.

    Torch's own threads wait for each other at every layer. With decoding workers on the same cores, torch then runs at
    a third of its speed. The setting is per thread, but it also changes the default of later threads, which is
    restored.
    """
    before = torch.get_num_threads()
    started = Barrier(count + 1)

    def start() -> None:
        torch.set_num_threads(1)
        started.wait()

    threads = ThreadPoolExecutor(count, thread_name_prefix="encode")
    for _ in range(count):
        threads.submit(start)
    started.wait()
    torch.set_num_threads(before)
    return threads
