"""Threads and processes follow from the cores that the system gives, within bounds."""

from __future__ import annotations

import os

import pytest

from api.app import OUTSIDE_THREADS, QUICK_THREADS, READING_THREADS
from ledger.cores import MOST_CORES, cores
from ledger.flows.people.webhooks import SENDERS
from ledger.settings import Settings
from ledger.storage.database import POOL_SIZE


@pytest.mark.parametrize(("given", "used"), [(1, 1), (2, 2), (12, 12), (96, MOST_CORES)])
def test_cores_that_the_system_gives(monkeypatch: pytest.MonkeyPatch, given: int, used: int) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(given)))
    assert cores() == used
    assert Settings().decode_workers == used + 1


def test_there_are_more_connections_than_threads_of_the_service() -> None:
    pictures = max(2, cores()) + cores()
    generations = 2
    background = SENDERS + 1  # and what says whose turn it is
    assert pictures + generations + QUICK_THREADS + READING_THREADS + OUTSIDE_THREADS + background < POOL_SIZE
