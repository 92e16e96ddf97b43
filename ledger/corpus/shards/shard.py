"""Shards as they lie on a disk: tars, or folders of files, some with a Parquet file of the same name beside them."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO

from ledger.corpus.files import read_inside
from ledger.corpus.folder_entries import folder_entries
from ledger.corpus.shards.archive import open_archive
from ledger.corpus.shards.tar_members import tar_members
from ledger.errors import InputError

TARS = (".tar", ".tar.gz", ".tgz")
PACKED = (".tar.zst", ".tar.xz", ".tar.bz2", ".tar.lz4", ".zip", ".7z")
MAX_SHARDS = 100_000


@dataclass(frozen=True, slots=True)
class ShardFile:
    """A file in a shard. `place`: where `Shard.read` finds it."""

    name: str
    place: tuple[int, int] | None = None
    left_out: InputError | None = None


@dataclass(eq=False)
class TarShard:
    """Kept open until `close`, so that a compressed one is unpacked once for many files."""

    path: Path
    name: str
    rows: Path | None
    _open: IO[bytes] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def files(self) -> Iterator[ShardFile]:
        """Raises InputError if the tar cannot be read (on)."""
        file = self._opened()
        for member in tar_members(file, self.path.name):
            yield ShardFile(member.name, (member.offset, member.size), member.left_out)

    def read(self, file: ShardFile, limit: int) -> bytes:
        """The first `limit` bytes. Threads may share it. Raises InputError."""
        assert file.place is not None  # noqa: S101 - every member has one
        offset, size = file.place
        with self._lock:
            return os.pread(self._opened().fileno(), min(size, limit), offset)

    def close(self) -> None:
        with self._lock:
            if self._open is not None:
                self._open.close()
                self._open = None

    def __del__(self) -> None:
        self.close()

    def _opened(self) -> IO[bytes]:
        if self._open is None:
            self._open = open_archive(self.path)
        return self._open


@dataclass(frozen=True, eq=False)
class FolderShard:
    """A folder with the files of the samples."""

    path: Path
    name: str
    rows: Path | None

    def files(self) -> Iterator[ShardFile]:
        for entry in folder_entries(self.path):
            unlisted = entry.left_out if entry.left_out is not None and entry.left_out.code in _NO_FILE else None
            yield ShardFile(entry.key, left_out=unlisted or entry.refused)

    def read(self, file: ShardFile, limit: int) -> bytes:
        return read_inside(self.path, file.name, limit)

    def close(self) -> None:
        """Nothing stays open."""


_NO_FILE = ("hidden", "linked-folder", "not-a-file", "folder-too-deep", "folder-unreadable")


def find_shards(path: Path) -> tuple[list[TarShard | FolderShard], list[tuple[str, InputError]]]:
    """The shards that a path names, in order, and what lies there and is none.

    Raises InputError (`shards-missing`).
    """
    if path.is_file():
        shards, others = _beside(path.parent, [path.name, *_companions(path)])
    elif path.is_dir():
        with os.scandir(path) as entries:
            shards, others = _beside(path, sorted(entry.name for entry in islice(entries, MAX_SHARDS)))
        if not shards and not any(name.endswith(".parquet") for name, _ in others):
            shards, others = [FolderShard(path, path.name, _existing(path.parent / f"{path.name}.parquet"))], []
    else:
        raise InputError(f"there is no file or folder {path}", code="shards-missing")
    if not shards:
        without = [name for name, why in others if why.code == "not-downloaded"]
        raise InputError(
            f"no pictures lie beside {without[0]}, and none are fetched from the addresses in it"
            if without
            else f"{path} has no shards",
            code="shards-missing",
            hint="Download the pictures first, for example with img2dataset. Keep 00000.parquet and 00000.tar, or the"
            " folder 00000, together.",
        )
    return shards, others


def _companions(path: Path) -> list[str]:
    """What belongs to the shard of a file that was named."""
    stem = _stem(path.name)
    names = [f"{stem}{suffix}" for suffix in (*TARS, "", ".parquet")]
    return [name for name in names if name != path.name and (path.parent / name).exists()]


def _beside(folder: Path, names: list[str]) -> tuple[list[TarShard | FolderShard], list[tuple[str, InputError]]]:
    shards: list[TarShard | FolderShard] = []
    others: list[tuple[str, InputError]] = []
    tables = {name.removesuffix(".parquet") for name in names if name.endswith(".parquet")}
    tars = {_stem(name) for name in names if name.lower().endswith(TARS)}
    for name in names:
        stem, path = _stem(name), folder / name
        rows = folder / f"{stem}.parquet" if stem in tables else None
        if name.lower().endswith(TARS):
            shards.append(TarShard(path, stem, rows))
        elif path.is_dir() and not path.is_symlink() and (name in tables or not tars) and name not in tars:
            shards.append(FolderShard(path, name, folder / f"{name}.parquet" if name in tables else None))
        elif name.endswith(".parquet"):
            if stem not in tars and not (folder / stem).is_dir():
                what = "no pictures lie beside it, and none are fetched from the addresses in it"
                others.append((name, InputError(what, code="not-downloaded")))
        elif not name.endswith("_stats.json"):
            packed = name.lower().endswith(PACKED)
            what = "it is packed in a way that is not read. Unpack it" if packed else "it belongs to no shard"
            others.append((name, InputError(what, code="unsupported-format" if packed else "not-in-shard")))
    return shards, others


def _stem(name: str) -> str:
    suffix = next((suffix for suffix in (*TARS, ".parquet") if name.lower().endswith(suffix)), "")
    return name[: len(name) - len(suffix)]


def _existing(path: Path) -> Path | None:
    return path if path.is_file() else None
