"""Reads files that a command is given, up to a limit, and writes files whole or not at all."""

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
MAX_PICTURE = 64 * 2**20
"""Bytes of a picture that is sent to a server, which may take fewer."""


def read_bounded(path: Path, limit: int, what: str) -> bytes:
    """The bytes of a regular file, or of standard input where `path` is `-`.

    Raises InputError (`file-unreadable`, `file-too-large`).
    """
    try:
        data = sys.stdin.buffer.read(limit + 1) if path == STANDARD_INPUT else read_regular(path, limit + 1)
    except OSError as error:
        hint = "To read from a pipe, give - instead of a file name." if error.errno == errno.EINVAL else None
        raise InputError(
            f"cannot read {what} {path}: {error.strerror or error}", code="file-unreadable", hint=hint
        ) from error
    except ValueError as error:
        raise InputError(f"cannot read {what}: {error}", code="file-unreadable") from error
    if len(data) > limit:
        raise InputError(f"{path} is too large for {what}: the limit is {limit:,} bytes", code="file-too-large")
    return data


def is_file_name(text: str) -> bool:
    """Whether there is anything at this path, or the text stands for standard input."""
    return text == str(STANDARD_INPUT) or os.path.lexists(text)


def require_free(paths: Iterable[Path], *, replace: bool) -> None:
    """Checks that files can be written there, before hours are spent on their content.

    Raises InputError: `file-exists` unless `replace`, `file-unwritable`.
    """
    for path in paths:
        if path.is_dir() or (not replace and os.path.lexists(path)):
            raise _exists(path)
        try:
            with tempfile.TemporaryFile(dir=path.parent):
                pass
        except OSError as error:
            raise _unwritable(path, error) from error


def write_file(path: Path, data: bytes, *, replace: bool = True, private: bool = False) -> None:
    """Writes a whole file at once, readable by its owner alone if `private`. Overwrites only with `replace`.

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
        raise _unwritable(path, error) from error


def make_folder(path: Path) -> None:
    """Raises InputError (`file-unwritable`)."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"cannot create the folder {path}: {error.strerror or error}", code="file-unwritable"
        ) from error


def _exists(path: Path) -> InputError:
    return InputError(
        f"{path} already exists",
        code="file-exists",
        hint="Choose another file name, or add --force where the command has it.",
    )


def _unwritable(path: Path, error: OSError) -> InputError:
    return InputError(f"cannot write {path}: {error.strerror or error}", code="file-unwritable")
