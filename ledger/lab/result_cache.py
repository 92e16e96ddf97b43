"""A JSON-lines file of finished measurements, from which an interrupted evaluation resumes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ledger.errors import InputError


class ResultCache:
    """Values by key; `put` writes each to disk at once. Values stored under another heading are dropped.

    The heading names everything that the values depend on. An incomplete last line is removed.
    """

    def __init__(self, path: Path, heading: Mapping[str, Any]) -> None:
        """Raises InputError (`file-unwritable`)."""
        self._values: dict[str, Any] = {}
        first = json.dumps({"heading": heading}, sort_keys=True).encode() + b"\n"
        try:
            kept = self._read(path, first) if path.exists() else 0
            self._file = path.open("r+b" if kept else "wb")
            self._file.truncate(kept)
            self._file.seek(kept)
            if not kept:
                self._file.write(first)
        except OSError as error:
            raise InputError(f"cannot write {path}: {error.strerror or error}", code="file-unwritable") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def __getitem__(self, key: str) -> Any:
        return self._values[key]

    def put(self, key: str, value: Any) -> None:
        """`value`: any JSON value."""
        self._values[key] = value
        self._file.write(json.dumps([key, value]).encode() + b"\n")
        self._file.flush()

    def _read(self, path: Path, first: bytes) -> int:
        """Reads the values; returns how many bytes of the file to keep."""
        with path.open("rb") as file:
            if file.readline() != first:
                return 0
            kept = len(first)
            for line in file:
                try:
                    key, value = json.loads(line)
                except ValueError:
                    break
                if not line.endswith(b"\n"):
                    break
                self._values[key] = value
                kept += len(line)
        return kept
