"""Finds the file that a label file means, where the names differ only as systems write them."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from pathlib import Path

from ledger.corpus.files import read_inside, relative_key
from ledger.errors import InputError
from ledger.text import clean_text

MAX_LISTED = 100_000
"""Entries of one folder that are compared."""
_MAX_FOLDERS = 64


class NamesOnDisk:
    """The names of a folder's entries. Listed folders are kept, until `forget`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._listed: dict[Path, frozenset[str]] = {}
        self._formed: dict[tuple[Path, Callable[[str], str]], Mapping[str, Sequence[str]]] = {}

    def forget(self) -> None:
        self._listed.clear()
        self._formed.clear()

    def read(self, key: str, max_bytes: int) -> bytes:
        r"""The file's bytes. Where there is no such file, that of the same name with other separators (`sub\a.png`) or
        composed otherwise (NFC and NFD). Raises InputError as `read_inside` does, with a hint where only the case
        differs."""
        try:
            return read_inside(self._folder, key, max_bytes)
        except InputError as error:
            if error.code != "file-missing":
                raise
            if same := self._otherwise(key):
                return read_inside(self._folder, same, max_bytes)
            if near := self._found(key, _caseless):
                raise InputError(
                    error.message, code=error.code, hint=f"Did you mean {clean_text(near, 80)!r}?"
                ) from error
            raise

    def actual(self, key: str) -> str:
        """The key of the file that is read for this one, where it is written otherwise on the disk."""
        return key if key in self._entries(self._folder) else self._otherwise(key) or key

    def _otherwise(self, key: str) -> str | None:
        """The file that the key means as another system, or Wikimedia Commons (`File:Blue_sea.jpg`), writes it."""
        return self._found(key, _composed) or self._found(key.removeprefix("File:"), _spaced)

    def _found(self, key: str, form: Callable[[str], str]) -> str | None:
        """The only path that has this form."""
        try:
            parts = relative_key(key.replace("\\", "/")).split("/")
        except InputError:
            return None
        path: list[str] = []
        for part in parts:
            folder = self._folder.joinpath(*path)
            entries = self._entries(folder)
            fitting = [part] if part in entries else self._by_form(folder, form).get(form(part), [])
            if len(fitting) != 1:
                return None
            path += fitting
        return "/".join(path)

    def _entries(self, folder: Path) -> frozenset[str]:
        listed = self._listed.get(folder)
        if listed is None:
            if len(self._listed) >= _MAX_FOLDERS:
                self.forget()
            inside = folder.resolve().is_relative_to(self._folder)
            listed = self._listed[folder] = frozenset(_names(folder) if inside else ())
        return listed

    def _by_form(self, folder: Path, form: Callable[[str], str]) -> Mapping[str, Sequence[str]]:
        """The names by their form: a label file may name a million files that are not there."""
        found = self._formed.get((folder, form))
        if found is None:
            by_form: dict[str, list[str]] = {}
            for name in self._entries(folder):
                by_form.setdefault(form(name), []).append(name)
            found = self._formed[folder, form] = by_form
        return found


def _names(folder: Path) -> tuple[str, ...]:
    try:
        with os.scandir(folder) as entries:
            return tuple(entry.name for entry in islice(entries, MAX_LISTED))
    except OSError:
        return ()


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _spaced(name: str) -> str:
    return _composed(name).replace("_", " ")


def _caseless(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold().strip()
