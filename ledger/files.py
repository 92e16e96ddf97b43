"""Reads files that somebody else may have placed: only regular files, and never more bytes than asked for.

Opening a named pipe waits for a writer, and a device has no end: neither may stop whoever reads a folder or a path that
others chose.
"""

from __future__ import annotations

import errno
import io
import os
import stat
from pathlib import Path

_KINDS = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def open_regular(path: Path) -> io.BufferedReader:
    """The regular file at `path`, to be closed; symbolic links are followed. Never waits.

    Raises OSError, also (EISDIR, EINVAL) for a folder, a pipe, a socket or a device; ValueError for a path with NUL.
    """
    _require_regular(path, path.stat().st_mode)  # before opening: that alone can wait, or wind a tape
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        _require_regular(path, os.fstat(descriptor).st_mode)
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def read_regular(path: Path, limit: int) -> bytes:
    """The first `limit` bytes of the regular file at `path`, which may have more. Raises as `open_regular` does."""
    with open_regular(path) as file:
        return file.read(limit) or b""


def _require_regular(path: Path, mode: int) -> None:
    kind = stat.S_IFMT(mode)
    if kind == stat.S_IFDIR:
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if kind != stat.S_IFREG:
        raise OSError(errno.EINVAL, f"it is {_KINDS.get(kind, 'something else')}, not a regular file", str(path))
