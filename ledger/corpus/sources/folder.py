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
DEFAULT_LABELS = ("labels.csv", "labels.jsonl", "metadata.csv", "metadata.jsonl")
"""The last two are those of `datasets`' ImageFolder. Titles may be missing there."""
MAX_SPLITS = 100


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
        only: str = "",
    ) -> None:
        """`only`: the folder inside whose works are offered, such as that of a split; empty for all.

        Raises InputError: `folder-missing`, `labels-missing`."""
        if not folder.is_dir():
            hint = "Write a tar file as webdataset:PATH, a Parquet file as hf:PATH." if folder.is_file() else None
            raise InputError(f"there is no folder {folder}", code="folder-missing", hint=hint)
        self._folder = folder.resolve()
        self._labels = [labels] if labels is not None else label_files(self._folder)
        if not self._labels:
            raise _no_labels(folder)
        self._only = f"{only}/" if only else ""
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
        first: dict[str, str] = {}
        named: set[str] = set()
        for labels in self._labels:
            where = labels.parent.relative_to(self._folder) if labels.is_relative_to(self._folder) else Path()
            inside, shown = where.as_posix(), (where / labels.name).as_posix()
            for each in read_labels(labels, replace(self._unstated, untitled=labels.stem == "metadata")):
                row = each if inside == "." else replace(each, file=f"{inside}/{each.file}")
                if not row.file.startswith(self._only):
                    continue
                named.add(row.file)
                line = f"{shown}, line {row.line}"
                if isinstance(row, LabelRow) and first.setdefault(row.file, line) == line:
                    yield _item(row)
                else:
                    yield self._refuse(row, line, first.get(row.file, ""))
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
        labels = {path.resolve() for path in self._labels}
        others = {
            entry.key: entry
            for entry in folder_entries(self._folder)
            if entry.key not in named and entry.path not in labels
        }
        if not others:
            return
        inside = {str(parent) for name in named for parent in PurePosixPath(name).parents}
        written_otherwise = {self._names.actual(name) for name in named} - named
        files = ", ".join(path.name for path in self._labels) if len(self._labels) < 3 else "any label file"
        why = InputError(f"not in {files}", code="not-in-labels")
        for entry in others.values():
            if entry.key in inside or entry.key in written_otherwise:
                continue
            if not entry.key.startswith(self._only):
                continue
            yield SourceItem(entry.key, "", UNKNOWN_ARTIST, "", "", (), left_out=entry.left_out or entry.refused or why)

    def _refuse(self, row: LabelRow | BadRow, line: str, first_line: str) -> SourceItem:
        if isinstance(row, BadRow):
            error, item = row.error, SourceItem("", row.file, UNKNOWN_ARTIST, "", "", ())
        else:
            error = InputError(
                f"{row.file!r} is already listed in {first_line.removeprefix(line.rpartition('line ')[0])}",
                code="file-listed-twice",
            )
            item = _item(row)
        key = f"{row.file} (line {row.line})"
        self._refused[key] = InputError(f"{line}: {error.message}", code=error.code, hint=error.hint)
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


def label_files(folder: Path) -> list[Path]:
    """The folder's label file, or those of the folders of its splits (`train/metadata.csv`)."""
    for name in DEFAULT_LABELS:
        if (folder / name).is_file():
            return [folder / name]
    found: list[Path] = []
    for split in sorted((*folder.glob("*/"), *folder.glob("data/*/"))):
        names = [name for name in DEFAULT_LABELS[2:] if (split / name).is_file()]
        if names and not split.is_symlink():
            found.append(split / names[0])
    return found[:MAX_SPLITS]


def _no_labels(folder: Path) -> InputError:
    return InputError(
        f"{folder} has no {', '.join(DEFAULT_LABELS[:-1])} or {DEFAULT_LABELS[-1]}",
        code="labels-missing",
        hint=f"Write a labels.csv whose first line is {','.join(KNOWN)} (the first three are needed), one line a"
        " picture, or name another file with --labels. If each folder inside has the name of an artist, write"
        " artists:PATH.",
    )


SOURCE = SourceDefinition(
    prefix="folder:",
    open=lambda asked: FolderSource(Path(asked.rest).expanduser(), asked.labels),
    spelling="[folder:]PATH",
)
