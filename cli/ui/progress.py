"""Progress of long work, on stderr: a bar on a terminal, otherwise a line every few seconds."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TextIO

from cli.ui.output import Output, console
from ledger.flows.progress import Progress, silent

LINE_INTERVAL = 5.0
"""Seconds between plain lines."""


@contextmanager
def shown_progress(out: Output) -> Iterator[Progress]:
    """What takes reports of progress while the block runs."""
    if out.quiet:
        yield silent
    elif sys.stderr.isatty():
        with _bars() as progress:
            yield progress
    else:
        yield PlainLines(sys.stderr)


@dataclass(slots=True)
class PlainLines:
    """One line when a stage begins, every LINE_INTERVAL seconds, and when it is complete."""

    stream: TextIO
    clock: Callable[[], float] = time.monotonic
    _stage: str | None = None
    _start: tuple[float, int] = (0.0, 0)
    """When the stage began, and how much was done by then. A resumed run starts in the middle."""
    _last: float = 0.0
    _finished: set[str] = field(default_factory=set)

    def __call__(self, stage: str, done: int, total: int | None) -> None:
        now = self.clock()
        if stage != self._stage:
            self._stage, self._start, self._last = stage, (now, done), now
            self._finished.discard(stage)
            self._print(stage, done, total, now)
        elif (finished := done == total) or now - self._last >= LINE_INTERVAL:
            if stage not in self._finished:
                self._print(stage, done, total, now)
            if finished:
                self._finished.add(stage)
            self._last = now

    def _print(self, stage: str, done: int, total: int | None, now: float) -> None:
        counted = f"{done:,}" if total is None else f"{done:,} of {total:,}"
        print(f"{stage}: {counted}{self._rate(done, total, now)}", file=self.stream, flush=True)

    def _rate(self, done: int, total: int | None, now: float) -> str:
        seconds, advanced = now - self._start[0], done - self._start[1]
        if seconds < 1 or advanced <= 0:
            return ""
        rate = advanced / seconds
        left = "" if total is None or done >= total else f", {_duration((total - done) / rate)} left"
        return f" ({rate:,.1f} a second{left})"


@contextmanager
def _bars() -> Iterator[Progress]:
    from rich import progress as rich_progress

    columns = (
        rich_progress.SpinnerColumn(),
        rich_progress.TextColumn("{task.description}", markup=False),
        rich_progress.BarColumn(),
        rich_progress.MofNCompleteColumn(),
        rich_progress.TextColumn("{task.fields[rate]}", markup=False),
        rich_progress.TimeRemainingColumn(compact=True),
    )
    tasks: dict[str, rich_progress.TaskID] = {}
    with rich_progress.Progress(*columns, console=console(sys.stderr), transient=True) as bars:

        def progress(stage: str, done: int, total: int | None) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total, rate="", completed=done)
            task = tasks[stage]
            speed = bars.tasks[bars.task_ids.index(task)].speed
            bars.update(task, completed=done, total=total, rate=f"{speed:,.1f}/s" if speed else "")

        yield progress


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
