"""Seconds of processor time of this process, of all that it started, and of the server of a ledger in a folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class _Process:
    parent: int
    seconds: float
    """Its own and that of its children that ended."""
    command: bytes


def processor_seconds(folder: Path) -> float:
    """Of this process, of the processes whose command names the folder, and of all their descendants. Differences of
    two answers count what was done between them."""
    known = dict(_processes())
    roots = [number for number, each in known.items() if number == os.getpid() or os.fsencode(folder) in each.command]
    return sum(known[number].seconds for number in _with_descendants(roots, known))


def _with_descendants(roots: list[int], known: dict[int, _Process]) -> set[int]:
    found: set[int] = set()
    left = list(roots)
    while left:
        number = left.pop()
        if number not in found:
            found.add(number)
            left += [child for child, each in known.items() if each.parent == number]
    return found


def _processes() -> Iterator[tuple[int, _Process]]:
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            command = (entry / "cmdline").read_bytes()
        except OSError:
            continue  # it ended meanwhile
        seconds = sum(map(int, fields[11:15])) / _TICKS
        yield int(entry.name), _Process(int(fields[1]), seconds, command)
