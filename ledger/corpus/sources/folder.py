"""Works in a folder, described by a label file (labels.py)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath

from ledger.corpus.file_terms.beside import TermsBeside
from ledger.corpus.folder_entries import folder_entries
from ledger.corpus.labels import KNOWN, NOTHING_STATED, BadRow, LabelRow, Unstated, read_labels
from ledger.corpus.names_on_disk import NamesOnDisk
from ledger.corpus.source_definition import SourceDefinition
from ledger.corpus.work import UNKNOWN_ARTIST, FileTerm, SourceItem
from ledger.errors import InputError
from ledger.image.canonical_image import DecodeLimits

MAX_FILE_BYTES = DecodeLimits().max_bytes
DEFAULT_LABELS = ("labels.csv", "labels.jsonl")


class FolderSource:
    """The pictures under `folder` that a label file lists.

    A row that cannot be used is offered too, and `read` raises the InputError that says why, so that ingest counts all
    refusals in one place. The same holds for missing files and links out of the folder.
    """

    def __init__(
        self,
        folder: Path,
        labels: Path | None = None,
        *,
        max_bytes: int = MAX_FILE_BYTES,
        unstated: Unstated = NOTHING_STATED,
    ) -> None:
        """Raises InputError: `folder-missing`, `labels-missing`."""
        if not folder.is_dir():
            raise InputError(f"there is no folder {folder}", code="folder-missing")
        self._folder = folder.resolve()
        self._labels = labels or _find_labels(folder)
        self._max_bytes = max_bytes
        self._unstated = unstated
        self._refused: dict[str, InputError] = {}
        self._names = NamesOnDisk(folder)
        self._beside = TermsBeside(self._folder)

    @property
    def name(self) -> str:
        return f"folder:{self._folder}"

    def items(self) -> Iterator[SourceItem]:
        """One item per row, and one for each other entry of the folder, which is left out.

        Raises InputError if the whole label file cannot be used (labels.py).
        """
        self._refused.clear()
        self._names.forget()
        first: dict[str, int] = {}
        named: set[str] = set()
        for row in read_labels(self._labels, self._unstated):
            named.add(row.file)
            if isinstance(row, LabelRow) and first.setdefault(row.file, row.line) == row.line:
                yield _item(row)
            else:
                yield self._refuse(row, first.get(row.file, 0))
        yield from self._unnamed(named)

    def read(self, item: SourceItem) -> bytes:
        """The file's bytes. Raises InputError for a problem of the row or the file (names_on_disk.py)."""
        if error := self._refused.get(item.key):
            raise error
        return self._names.read(item.key, self._max_bytes)

    def terms_beside(self, item: SourceItem) -> tuple[FileTerm, ...]:
        """What files beside the work's file say of its uses."""
        there = (self._folder / item.key).is_file()
        return self._beside.of(item.key if there else self._names.actual(item.key))

    def _unnamed(self, named: set[str]) -> Iterator[SourceItem]:
        """The entries of the folder that no row names."""
        entries = [entry for entry in folder_entries(self._folder) if entry.key not in named]
        inside = {str(parent) for name in named for parent in PurePosixPath(name).parents}
        others = {entry.key for entry in entries}
        written_otherwise = {self._names.actual(name) for name in named if others} - named
        labels = self._labels.resolve()
        for entry in entries:
            if entry.key in inside or entry.key in written_otherwise or entry.path == labels:
                continue
            why = InputError(f"not in {self._labels.name}", code="not-in-labels")
            yield SourceItem(entry.key, "", UNKNOWN_ARTIST, "", "", (), left_out=entry.left_out or entry.refused or why)

    def _refuse(self, row: LabelRow | BadRow, first_line: int) -> SourceItem:
        if isinstance(row, BadRow):
            error, item = row.error, SourceItem("", row.file, UNKNOWN_ARTIST, "", "", ())
        else:
            error = InputError(f"{row.file!r} is already listed in line {first_line}", code="file-listed-twice")
            item = _item(row)
        key = f"{row.file} (line {row.line})"
        self._refused[key] = InputError(
            f"{self._labels.name}, line {row.line}: {error.message}", code=error.code, hint=error.hint
        )
        return replace(item, key=key)


def _item(row: LabelRow) -> SourceItem:
    return SourceItem(
        key=row.file,
        title=row.title or Path(row.file).stem,
        artist=row.artist,
        licence=row.licence,
        source=row.source,
        allowed_uses=row.allowed_uses,
        labels=row.labels,
        credit=row.credit,
    )


def _find_labels(folder: Path) -> Path:
    for name in DEFAULT_LABELS:
        if (folder / name).is_file():
            return folder / name
    raise InputError(
        f"{folder} has no {' or '.join(DEFAULT_LABELS)}",
        code="labels-missing",
        hint=f"Write a labels.csv whose first line is {','.join(KNOWN)} (the first three are needed), one line a"
        " picture, or name another file with --labels",
    )


SOURCE = SourceDefinition(
    prefix="folder:",
    open=lambda asked: FolderSource(Path(asked.rest).expanduser(), asked.labels),
    spelling="[folder:]PATH",
)
