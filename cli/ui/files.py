"""Files that a command is given, read with a bound, and files that it writes, whole or not at all."""

from __future__ import annotations

import errno
import os
import secrets
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from ledger.errors import InputError
from ledger.files import read_regular

STANDARD_INPUT = Path("-")


def read_bounded(path: Path, limit: int, what: str) -> bytes:
    """The bytes of a regular file, or of standard input where `path` is `-`.

    Raises InputError (`file-unreadable`, `file-too-large`).
    """
    try:
        data = sys.stdin.buffer.read(limit + 1) if path == STANDARD_INPUT else read_regular(path, limit + 1)
    except OSError as error:
        hint = "To read from a pipe, write - instead of a name." if error.errno == errno.EINVAL else None
        raise InputError(
            f"cannot read {what} {path}: {error.strerror or error}", code="file-unreadable", hint=hint
        ) from error
    except ValueError as error:
        raise InputError(f"cannot read {what}: {error}", code="file-unreadable") from error
    if len(data) > limit:
        raise InputError(f"{path} has more than {limit:,} bytes, too many for {what}", code="file-too-large")
    return data


def is_file_name(text: str) -> bool:
    """Whether anything lies at this path, a file or not, or it stands for standard input."""
    return text == str(STANDARD_INPUT) or os.path.lexists(text)


def write_whole(path: Path, data: bytes) -> None:
    """Writes or replaces a file at once. Raises InputError (`file-unwritable`)."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        try:
            temporary.write_bytes(data)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror or error}", code="file-unwritable") from error


def require_free(paths: Iterable[Path], *, replace: bool) -> None:
    """That files can be written there, before hours are spent on what goes into them.

    Raises InputError: `file-exists` unless `replace`, `file-unwritable`.
    """
    for path in paths:
        if path.is_dir() or (not replace and os.path.lexists(path)):
            raise _exists(path)
        try:
            with tempfile.TemporaryFile(dir=path.parent):
                pass
        except OSError as error:
            raise InputError(f"cannot write {path}: {error.strerror or error}", code="file-unwritable") from error


def write_new(path: Path, data: bytes, *, replace: bool, private: bool = False) -> None:
    """Writes a whole file, readable by its owner alone if `private`; overwrites only with `replace`.

    Raises InputError: `file-exists`, `file-unwritable`.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    mode = 0o600 if private else 0o666
    try:
        try:
            with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
                file.write(data)
            if replace:
                temporary.replace(path)
            else:
                path.hardlink_to(temporary)
        finally:
            temporary.unlink(missing_ok=True)
    except FileExistsError as error:
        raise _exists(path) from error
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror or error}", code="file-unwritable") from error


def _exists(path: Path) -> InputError:
    return InputError(
        f"{path} exists already", code="file-exists", hint="name another file, or overwrite it with --force"
    )


def make_folder(path: Path) -> None:
    """Raises InputError (`file-unwritable`)."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot make {path}: {error.strerror or error}", code="file-unwritable") from error
