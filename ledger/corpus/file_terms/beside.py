"""Statements in files beside a picture: its XMP sidecar, and rules of a site in its folder and the folders above."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Protocol, runtime_checkable

from ledger.corpus.file_terms.site_rules import SiteRules, content_usage, tdmrep, unread
from ledger.corpus.file_terms.vocabulary import UNREAD
from ledger.corpus.file_terms.xmp import terms_in
from ledger.corpus.file_terms.xmp_packets import MAX_PACKET, Packet
from ledger.corpus.files import read_inside
from ledger.corpus.work import FileTerm, SourceItem
from ledger.errors import InputError
from ledger.text import clean_text

MAX_RULES_FILE = 512 * 1024
"""Bytes of a `tdmrep.json` or `robots.txt` (RFC 9309, 2.5: at least 500 KiB)."""
_SUFFIXES = (".xmp", ".XMP")
_MAX_FOLDERS = 4096
"""Folders whose rules are kept."""
_RULES: tuple[tuple[str, Callable[[bytes, str], SiteRules]], ...] = (
    ("tdmrep.json", tdmrep),
    (".well-known/tdmrep.json", tdmrep),
    ("robots.txt", content_usage),
)


def is_terms_file(name: str) -> bool:
    """Whether a file of this name is read for the terms of pictures beside it."""
    return name.endswith(_SUFFIXES) or any(name == known for known, _ in _RULES)


@runtime_checkable
class SourceWithTermsBeside(Protocol):
    """A source whose works have files beside them."""

    def terms_beside(self, item: SourceItem) -> tuple[FileTerm, ...]: ...


class TermsBeside:
    """Reads them for the works of one folder, never outside it. Several threads may ask."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._rules: dict[str, tuple[SiteRules, ...]] = {}

    def of(self, key: str) -> tuple[FileTerm, ...]:
        """What stands beside the file `key` (a path in the folder). No content makes it raise."""
        return (*self._sidecars(key), *self._sites(PurePosixPath(key)))

    def _sidecars(self, key: str) -> Iterator[FileTerm]:
        """`photo.jpg.xmp` and `photo.xmp`: programs write either."""
        stem = str(PurePosixPath(key).with_suffix(""))
        for name in dict.fromkeys(f"{each}{suffix}" for each in (key, stem) for suffix in _SUFFIXES):
            try:
                content = self._read(name, MAX_PACKET)
            except InputError as error:
                yield FileTerm(UNREAD.name, UNREAD.version, _place(name), "", (), error.message)
                continue
            if content is not None:
                yield from terms_in(Packet(content), _place(name))

    def _sites(self, path: PurePosixPath) -> Iterator[FileTerm]:
        for folder in path.parents:
            below = "/" + str(path.relative_to(folder))
            for rules in self._rules_of(str(folder)):
                yield from rules.of(below)

    def _rules_of(self, folder: str) -> tuple[SiteRules, ...]:
        if folder not in self._rules:
            if len(self._rules) >= _MAX_FOLDERS:
                self._rules.clear()
            prefix = "" if folder == "." else f"{folder}/"
            found = (self._rules_in(f"{prefix}{name}", read) for name, read in _RULES)
            self._rules[folder] = tuple(rules for rules in found if rules is not None)
        return self._rules[folder]

    def _rules_in(self, name: str, read: Callable[[bytes, str], SiteRules]) -> SiteRules | None:
        try:
            content = self._read(name, MAX_RULES_FILE)
        except InputError as error:
            return unread(_place(name), error.message)
        return None if content is None else read(content, _place(name))

    def _read(self, name: str, max_bytes: int) -> bytes | None:
        """The file's bytes; None where there is none."""
        try:
            return read_inside(self._folder, name, max_bytes)
        except InputError as error:
            if error.code == "file-missing":
                return None
            raise


def _place(name: str) -> str:
    return f"in {clean_text(name, 80)}"
