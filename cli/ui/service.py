"""A service that runs on the same data folder answers for a command: its models are loaded already.

Loading them takes most of the time of a command about one picture. The service is asked over its owner's socket, which
only the same user can open, so nothing is allowed that the command may not do by itself.
"""

from __future__ import annotations

import http.client
import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from cli.ui.http_service import SECONDS, HttpService
from ledger.match.lists import MATCHES

if TYPE_CHECKING:
    from cli.ui.invocation import Invocation
    from ledger.answers.records import LookupAnswer, RecordAnswer
    from ledger.app import Application
    from ledger.settings import Settings

SOCKET = "owner.sock"
"""The owner's socket in the data folder, where `serve` listens unless it was told another path."""
LONGEST_PATH = 100
"""Bytes; the system allows 107."""


class Answering(Protocol):
    """Answers questions about pictures: the service that runs, or this process."""

    def verify(self, data: bytes, *, top_k: int = MATCHES) -> RecordAnswer: ...

    def look_up(self, data: bytes, *, top_k: int = MATCHES) -> LookupAnswer: ...


@contextmanager
def answering(invocation: Invocation) -> Iterator[tuple[Answering, Application]]:
    """Who answers for this command: the service on the same data folder where one runs, else this process."""
    with invocation.application() as application:
        path = socket_of(application.settings)
        service = None if path is None else _running(path)
        yield (application.pictures if service is None else service), application


def socket_of(settings: Settings) -> Path | None:
    """The path of the owner's socket; None if the data folder's path is too long for one."""
    if settings.owner_socket is not None:
        return settings.owner_socket.expanduser().absolute()
    path = settings.data_dir.expanduser().absolute() / SOCKET
    return path if len(os.fsencode(path)) <= LONGEST_PATH else None


class RunningService:
    """The service behind an owner's socket."""

    def __init__(self, path: Path) -> None:
        self._service = HttpService(lambda: _Connection(path), "the running service")

    def verify(self, data: bytes, *, top_k: int = MATCHES) -> RecordAnswer:
        """Raises InputError as verification here does, PushbackError (`service-lost`) and ConflictError
        (`service-version`)."""
        from ledger.answers.records import RecordAnswer

        return self._service.form(f"/v1/verifications?top_k={top_k}", data, RecordAnswer)

    def look_up(self, data: bytes, *, top_k: int = MATCHES) -> LookupAnswer:
        """Raises as `verify` does."""
        from ledger.answers.records import LookupAnswer

        return self._service.form(f"/v1/lookups?top_k={top_k}", data, LookupAnswer)


class _Connection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def _running(path: Path) -> RunningService | None:
    """The service that listens there; None without one, or if the socket is not this user's alone."""
    try:
        found = path.lstat()
        if not stat.S_ISSOCK(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
            return None
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.connect(str(path))
    except OSError:
        return None
    return RunningService(path)
