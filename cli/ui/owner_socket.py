"""The Unix socket of `serve` for the machine's owner. Nobody else can open it."""

from __future__ import annotations

import errno
import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ledger.errors import InputError


@contextmanager
def owner_socket(path: Path | None) -> Iterator[list[socket.socket]]:
    """A bound socket of mode 0600 at an absolute path, whose file goes with the block; nothing without a path.

    Raises InputError (`cannot-listen`): where others may write to the folder, or something else is at the path.
    """
    if path is None:
        yield []
        return
    _require_own_folder(path)
    _remove_dead(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _bind(listener, path)
        yield [listener]
    finally:
        listener.close()
        path.unlink(missing_ok=True)


def _bind(listener: socket.socket, path: Path) -> None:
    """Nobody else can open the file at any moment: it is made with its mode."""
    before = os.umask(0o177)
    try:
        listener.bind(str(path))
    except OSError as error:
        raise _cannot(path, error.strerror or str(error)) from error
    finally:
        os.umask(before)


def _require_own_folder(path: Path) -> None:
    try:
        folder = path.parent.stat()
    except OSError as error:
        raise _cannot(path, f"its folder: {error.strerror}") from error
    if folder.st_uid != os.geteuid() or folder.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise _cannot(path, "others may write to its folder", "Create a folder of your own: mkdir -m 700 FOLDER")


def _remove_dead(path: Path) -> None:
    """Removes the socket of a service that was killed."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise _cannot(path, "there is a file that is not a socket")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        code = probe.connect_ex(str(path))
    if code not in (errno.ECONNREFUSED, errno.ENOENT):
        raise _cannot(path, "another service is using it")
    path.unlink(missing_ok=True)


def _cannot(path: Path, why: str, hint: str = "Choose another path with --owner-socket.") -> InputError:
    return InputError(f"cannot listen on {path}: {why}", code="cannot-listen", hint=hint)
