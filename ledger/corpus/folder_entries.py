"""Every entry of a folder: a picture, told by its content, or why it is none."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ledger.corpus.file_terms.beside import is_terms_file
from ledger.errors import InputError
from ledger.files import read_regular
from ledger.image.formats import sniff

PICTURE_SUFFIXES = frozenset(
    (
        ".png",
        ".jpg",
        ".jpeg",
        ".webp",
        ".gif",
        ".tif",
        ".tiff",
        ".avif",
        ".heic",
        ".heif",
        ".bmp",
        ".psd",
        ".psb",
        ".svg",
    )
)
"""Files that call themselves pictures: where they are none, they are refused, not left out."""
_HEAD = 4096
_DEEPEST = 64


@dataclass(frozen=True, slots=True)
class FolderEntry:
    """A file, or a folder that is not opened. `key`: its path in the folder, with `/`; always text that can be
    encoded."""

    key: str
    path: Path
    left_out: InputError | None = None
    refused: InputError | None = None


def folder_entries(folder: Path, depth: int = 0) -> Iterator[FolderEntry]:
    """All files below the folder, in the order of their paths. Links to folders are not followed."""
    if depth > _DEEPEST:
        yield FolderEntry("", folder, left_out=_why("folder-too-deep", f"more than {_DEEPEST} folders in each other"))
        return
    try:
        names = sorted(path.name for path in folder.iterdir())
    except OSError as error:
        yield FolderEntry(
            "", folder, left_out=_why("folder-unreadable", f"the folder cannot be read: {error.strerror}")
        )
        return
    for name in names:
        path = folder / name
        shown = os.fsencode(name).decode(errors="backslashreplace")
        try:
            mode = path.lstat().st_mode
            entry = _entry(name, shown, path, mode)
        except OSError as error:
            entry = FolderEntry(shown, path, refused=_why("file-unreadable", f"it cannot be read: {error.strerror}"))
        if entry is not None:
            yield entry
            continue
        for inner in folder_entries(path, depth + 1):
            key = f"{shown}/{inner.key}" if inner.key else shown
            bad = _name_error(name, shown) if inner.left_out is None else None
            yield FolderEntry(key, inner.path, inner.left_out, inner.refused or bad)


def _entry(name: str, shown: str, path: Path, mode: int) -> FolderEntry | None:
    """None for a folder to open."""
    if name.startswith("."):
        return FolderEntry(shown, path, left_out=_why("hidden", "its name begins with a dot"))
    if stat.S_ISLNK(mode) and path.is_dir():
        what = "it is a link to a folder. Name that folder itself to register its pictures"
        return FolderEntry(shown, path, left_out=_why("linked-folder", what))
    if stat.S_ISDIR(mode):
        return None
    if not path.is_file() and not stat.S_ISLNK(mode):
        return FolderEntry(shown, path, left_out=_why("not-a-file", "it is neither a file nor a folder"))
    if is_terms_file(name):
        what = "it is read for the terms of the pictures beside it"
        return FolderEntry(shown, path, left_out=_why("terms-file", what))
    if path.suffix.lower() not in PICTURE_SUFFIXES:
        try:
            sniff(read_regular(path, _HEAD))
        except InputError as error:
            return FolderEntry(shown, path, left_out=error)
    return FolderEntry(shown, path, refused=_name_error(name, shown))


def _name_error(name: str, shown: str) -> InputError | None:
    try:
        name.encode()
    except UnicodeEncodeError:
        return InputError(f"the file name {shown!r} is not UTF-8", code="file-path", hint="Give the file another name.")
    return None


def _why(code: str, message: str) -> InputError:
    return InputError(message, code=code)
