"""Puts faults into a process of the service, at one step."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa

from ledger.errors import PushbackError
from ledger.log.publish import Publisher
from ledger.log.witness import WitnessClient
from ledger.storage.log import entries as entries_module
from ledger.storage.log.entries import PostgresEntryStore
from ledger.storage.log.entry_rows import write_entries
from ledger.storage.log.head import advance_head
from ledger.storage.log.objects import FolderObjects
from ledger.storage.log.quick_append import QuickAppender

STEPS = (
    "insert",
    "head update",
    "commit",
    "quick append",
    "bundle or tile",
    "partial",
    "flush",
    "sign",
    "last checkpoint",
    "witness",
    "serve",
)
FAULTS = ("exception", "SIGKILL", "connection lost", "disk full", "clock backwards")
RECORDS = 600
PORTION = 150
"""Records between which a process waits for the checkpoint, so that every step of publishing comes more than once."""


@dataclass(frozen=True)
class Cell:
    step: str
    after: bool
    """After the step is durable; else before."""
    fault: str

    def __str__(self) -> str:
        return f"{'after' if self.after else 'before'} {self.step}, {self.fault}"


CELLS = [Cell(step, after, fault) for step in STEPS for after in (False, True) for fault in FAULTS]


@dataclass(frozen=True)
class Place:
    """Where a cell's log lives."""

    url: str
    folder: Path
    policy: str

    @property
    def objects(self) -> Path:
        return self.folder / "log"


class Injected(Exception):  # noqa: N818 - it stands for any defect
    pass


class Injector:
    """Does something to this process when it comes to a step for the second time."""

    def __init__(self, cell: Cell, place: Place) -> None:
        self._cell = cell
        self._place = place
        self._passes = 0

    def around(self, step: str, function: Callable[..., Any]) -> Callable[..., Any]:
        if step != self._cell.step:
            return function

        def wrapped(*args: Any, **kwargs: Any) -> Any:
            self._passes += 1
            hit = self._passes == 2
            if hit and (not self._cell.after or self._on_files()):
                self._happen()
            with self._full_disk() if hit and self._on_files() else contextlib.nullcontext():
                result = function(*args, **kwargs)
            if hit and self._cell.after and not self._on_files():
                self._happen()
            return result

        return wrapped

    def _note(self) -> None:
        (self._place.folder / "hit").touch()

    def _on_files(self) -> bool:
        return self._cell.fault == "disk full" and self._cell.step in (
            "bundle or tile",
            "partial",
            "last checkpoint",
            "serve",
        )

    @contextlib.contextmanager
    def _full_disk(self) -> Iterator[None]:
        """Files cannot grow beyond 50 bytes: writes come out short, then fail."""
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (50, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))

    def _happen(self) -> None:
        self._note()
        match self._cell.fault:
            case "exception":
                raise Injected(str(self._cell))
            case "SIGKILL":
                os.kill(os.getpid(), signal.SIGKILL)
            case "connection lost":
                end_connections(self._place.url)
            case "disk full" if not self._on_files():
                raise PushbackError("no space left", code="disk-full")
            case "clock backwards":
                real, real_ns = time.time, time.time_ns
                time.time = lambda: real() - 86_400
                time.time_ns = lambda: real_ns() - 86_400 * 10**9
            case _:
                pass


def end_connections(url: str) -> None:
    plain = sa.make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def inject(injector: Injector, objects: FolderObjects, publisher: Publisher, witnesses: WitnessClient) -> None:
    """Puts the injector at every step. Patches this process, which is thrown away afterwards."""

    def around(step: str, owner: Any, name: str) -> None:
        setattr(owner, name, injector.around(step, getattr(owner, name)))

    around("insert", entries_module, write_entries.__name__)
    around("head update", entries_module, advance_head.__name__)
    around("commit", PostgresEntryStore, "_append")
    around("quick append", QuickAppender, "_attempt")
    partials, others = injector.around("partial", objects.put_new), injector.around("bundle or tile", objects.put_new)
    objects.put_new = lambda path, data: (partials if ".p/" in path else others)(path, data)  # type: ignore[method-assign]
    around("flush", objects, "sync")
    around("serve", objects, "replace")
    around("witness", witnesses, "collect")
    around("last checkpoint", publisher._last_seen, "advance")
    signer = publisher._signer
    object.__setattr__(signer, "sign", injector.around("sign", signer.sign))
