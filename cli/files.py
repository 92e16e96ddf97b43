"""Files that a command is given, read with a bound, and files that it writes, whole or not at all."""

from __future__ import annotations

import secrets
from pathlib import Path

from ledger.errors import InputError


def read_bounded(path: Path, limit: int, what: str) -> bytes:
    """The file's bytes. Raises InputError (`file-unreadable`, `file-too-large`)."""
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise InputError(f"cannot read {what} {path}: {error.strerror or error}", code="file-unreadable") from error
    except ValueError as error:
        raise InputError(f"cannot read {what}: {error}", code="file-unreadable") from error
    if len(data) > limit:
        raise InputError(f"{path} has more than {limit:,} bytes, too many for {what}", code="file-too-large")
    return data


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


def make_folder(path: Path) -> None:
    """Raises InputError (`file-unwritable`)."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot make {path}: {error.strerror or error}", code="file-unwritable") from error
