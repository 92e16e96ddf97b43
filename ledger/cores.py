"""How many processor cores this process may use: threads and processes for work on pictures follow from it."""

from __future__ import annotations

import os

MOST_CORES = 16
"""More are not used by one process: each of its threads may hold a connection to the database, and a server has a
hundred."""


def cores() -> int:
    """Cores that the system gives to this process, between 1 and MOST_CORES."""
    given = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min(given or 1, MOST_CORES)
