"""Seconds of processor time of this process, of all that it started, and of the server of a ledger in a folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psutil


def processor_seconds(folder: Path) -> float:
    """Of this process, of the processes whose command names the folder, and of all their descendants, also those that
    ended. Differences of two answers count what was done between them."""
    return sum(_seconds(each) for each in set(_processes(folder)))


def _processes(folder: Path) -> Iterator[psutil.Process]:
    servers = [each for each in psutil.process_iter(["cmdline"]) if str(folder) in " ".join(each.info["cmdline"] or ())]
    for process in (psutil.Process(), *servers):
        yield process
        try:
            yield from process.children(recursive=True)
        except psutil.NoSuchProcess:
            continue


def _seconds(process: psutil.Process) -> float:
    """Its own and that of its children that ended; 0 if it ended meanwhile."""
    try:
        spent = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(spent.user + spent.system + spent.children_user + spent.children_system)
