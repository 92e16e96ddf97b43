"""An archive that is read by position: a tar, or one in gzip, which is unpacked as a whole to a file without a name."""

from __future__ import annotations

import gzip
import os
import tempfile
import zlib
from pathlib import Path
from typing import IO

from ledger.errors import InputError
from ledger.files import open_regular

MAX_UNPACKED = 16 * 2**30
"""Bytes that a compressed archive may have."""
_PIECE = 2**20
_GZIP = b"\x1f\x8b"


def open_archive(path: Path, max_unpacked: int = MAX_UNPACKED) -> IO[bytes]:
    """The bytes of the tar. Raises InputError: `archive-broken`, `archive-too-large`, `file-unreadable`."""
    try:
        file = open_regular(path)
    except OSError as error:
        raise InputError(f"the archive {path.name} cannot be read: {error}", code="file-unreadable") from error
    if os.pread(file.fileno(), 2, 0) != _GZIP:
        return file
    with file:
        return _unpacked(file, path.name, max_unpacked)


def _unpacked(packed: IO[bytes], shown: str, most: int) -> IO[bytes]:
    whole = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    try:
        with gzip.GzipFile(fileobj=packed) as file:
            size = 0
            while piece := file.read(_PIECE):
                size += len(piece)
                _require_room(size, most, shown)
                whole.write(piece)
        whole.flush()
    except (OSError, EOFError, zlib.error) as error:
        whole.close()
        raise InputError(f"the archive {shown} cannot be unpacked: {error}", code="archive-broken") from error
    except BaseException:
        whole.close()
        raise
    return whole


def _require_room(size: int, most: int, shown: str) -> None:
    if size > most:
        raise InputError(
            f"the archive {shown} has more than {most // 2**20:,} MB when it is unpacked",
            code="archive-too-large",
            hint="Unpack it yourself, and name the tar.",
        )
