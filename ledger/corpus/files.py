"""Reads a file whose name is untrusted, without ever leaving the given folder."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from ledger.errors import InputError
from ledger.files import read_regular
from ledger.text import clean_text

MAX_PATH = 1024
_INVALID = re.compile("[\0-\x1f\ud800-\udfff]")


def relative_key(name: str) -> str:
    """The relative path in `name`, without `.` parts and doubled slashes, so that equal files have equal keys.

    Raises InputError (`file-path`) for an empty, absolute or overlong path, `..`, control characters and text that
    cannot be encoded.
    """
    path = PurePosixPath(name)
    if not path.parts:
        raise InputError("the file's name is empty", code="file-path")
    if path.is_absolute() or ".." in path.parts:
        raise InputError(
            f"the file {clean_text(name, 80)!r} is outside the folder",
            code="file-path",
            hint="Name files relative to that folder.",
        )
    if _INVALID.search(name) or len(name.encode()) > MAX_PATH:
        shown = clean_text(name, 80)
        raise InputError(f"the file name {shown!r} is too long or has invalid characters", code="file-path")
    return str(path)


def read_inside(folder: Path, key: str, max_bytes: int) -> bytes:
    """The bytes of the regular file `key` (from `relative_key`) under `folder`.

    Symbolic links are followed if they stay inside the folder. Raises InputError: `file-missing`, `file-path`,
    `file-unreadable`, `too-large`.
    """
    shown = clean_text(key, 80)
    try:
        resolved = (folder / key).resolve(strict=True)
        if not resolved.is_relative_to(folder.resolve()):
            raise InputError(f"the file {shown!r} is a symbolic link that points outside the folder", code="file-path")
        return _read_regular(resolved, shown, max_bytes)
    except FileNotFoundError as error:
        raise InputError(f"there is no file {shown!r} in the folder", code="file-missing") from error
    except (OSError, RuntimeError) as error:
        raise InputError(f"the file {shown!r} cannot be read: {error}", code="file-unreadable") from error


def _read_regular(path: Path, shown: str, max_bytes: int) -> bytes:
    data = read_regular(path, max_bytes + 1)
    if len(data) > max_bytes:
        raise InputError(f"the file {shown!r} is larger than {max_bytes} bytes", code="too-large")
    return data
