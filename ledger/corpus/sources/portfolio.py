"""An artist's own folder: the pictures in its label file, or without one, all its pictures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ledger.corpus.file_terms.beside import TermsBeside
from ledger.corpus.files import read_inside
from ledger.corpus.folder_entries import FolderEntry, folder_entries
from ledger.corpus.labels import Unstated
from ledger.corpus.source_definition import SourceDefinition, SourceRequest
from ledger.corpus.sources.folder import MAX_FILE_BYTES, FolderSource, label_files
from ledger.corpus.work import UNKNOWN_ARTIST, Artist, FileTerm, SourceItem
from ledger.errors import InputError
from ledger.text import clean_text

PREFIX = "portfolio:"


class PortfolioSource:
    """Works of one artist, whom a label file cannot change. Without a label file, each entry of the folder is offered:
    a picture, told by its content, or an item that says why it is left out.

    The default title is the file name; default terms come from `unstated`.
    """

    def __init__(
        self,
        folder: Path,
        artist: Artist,
        unstated: Unstated,
        labels: Path | None = None,
        max_bytes: int = MAX_FILE_BYTES,
    ) -> None:
        """`unstated.artist` is the artist's name. Raises InputError (`folder-missing`)."""
        if not folder.is_dir():
            raise InputError(f"there is no folder {folder}", code="folder-missing")
        self._folder = folder.resolve()
        self._artist = artist
        self._unstated = unstated
        self._max_bytes = max_bytes
        self._beside = TermsBeside(self._folder)
        listed = labels is not None or bool(label_files(folder))
        self._refused: dict[str, InputError] = {}
        self._listed = FolderSource(folder, labels, max_bytes=max_bytes, unstated=unstated) if listed else None

    @property
    def name(self) -> str:
        """Name of artist and folder, so that two artists can register the same folder."""
        return f"{PREFIX}{self._artist.artist_id}:{self._folder}"

    def items(self) -> Iterator[SourceItem]:
        """The works. Raises InputError if the whole label file cannot be used (labels.py)."""
        if self._listed is not None:
            yield from self._listed.items()
            return
        self._refused.clear()
        for entry in folder_entries(self._folder):
            if entry.refused is not None:
                self._refused[entry.key] = entry.refused
            yield self._item(entry)

    def read(self, item: SourceItem) -> bytes:
        """The file's bytes. Raises InputError for a problem of the row or the file (files.py)."""
        if self._listed is not None:
            return self._listed.read(item)
        if error := self._refused.get(item.key):
            raise error
        return read_inside(self._folder, item.key, self._max_bytes)

    def terms_beside(self, item: SourceItem) -> tuple[FileTerm, ...]:
        """What files beside the work's file say of its uses."""
        return self._beside.of(item.key) if self._listed is None else self._listed.terms_beside(item)

    def _item(self, entry: FolderEntry) -> SourceItem:
        said = self._unstated
        title = clean_text(Path(entry.key).stem.replace("_", " "))
        return SourceItem(
            key=entry.key,
            title=title,
            artist=said.artist,
            licence=said.licence,
            source="",
            allowed_uses=said.allowed_uses,
            credit=said.credit,
            left_out=entry.left_out,
        )


def _open(asked: SourceRequest) -> PortfolioSource:
    """Opens the source to read files again; terms were stated at registration (`corpus ingest --artist`)."""
    artist_id, _, folder = asked.rest.partition(":")
    return PortfolioSource(Path(folder), Artist(artist_id, UNKNOWN_ARTIST), Unstated(UNKNOWN_ARTIST), asked.labels)


SOURCE = SourceDefinition(prefix=PREFIX, open=_open)
