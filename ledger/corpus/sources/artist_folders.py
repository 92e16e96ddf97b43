"""A folder for each artist, with the artist's works in it, as ArtBench and many downloads have them. Only on request: a
folder's name is a guess, unless somebody says that it is an artist's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from ledger.corpus.file_terms.beside import TermsBeside
from ledger.corpus.files import read_inside
from ledger.corpus.folder_entries import folder_entries
from ledger.corpus.labels import UNSTATED_USES
from ledger.corpus.licence_names import UNKNOWN_LICENCE
from ledger.corpus.source_definition import SourceDefinition, SourceRequest
from ledger.corpus.unknown_artists import artist_name
from ledger.corpus.work import UNKNOWN_ARTIST, FileTerm, SourceItem
from ledger.errors import InputError
from ledger.image.canonical_image import DecodeLimits
from ledger.text import clean_text

PREFIX = "artists:"


class ArtistFolders:
    """Every picture, by the artist whose name the outermost folder has; `_` stands for a space.

    Works have no licence and may be compared only: nothing states more.
    """

    def __init__(self, folder: Path) -> None:
        """Raises InputError (`folder-missing`)."""
        if not folder.is_dir():
            raise InputError(f"there is no folder {folder}", code="folder-missing")
        self._folder = folder.resolve()
        self._beside = TermsBeside(self._folder)
        self._refused: dict[str, InputError] = {}

    @property
    def name(self) -> str:
        return f"{PREFIX}{self._folder}"

    def items(self) -> Iterator[SourceItem]:
        """One item for each entry: a work, or why it is left out."""
        self._refused.clear()
        for entry in folder_entries(self._folder):
            if entry.refused is not None:
                self._refused[entry.key] = entry.refused
            artist, _, file = entry.key.partition("/")
            item = SourceItem(
                key=entry.key,
                title=clean_text(Path(entry.key).stem.replace("_", " ")),
                artist=artist_name(artist.replace("_", " ")) if file else UNKNOWN_ARTIST,
                licence=UNKNOWN_LICENCE,
                source="",
                allowed_uses=UNSTATED_USES,
                left_out=entry.left_out,
            )
            if not file and entry.left_out is None:
                item = replace(item, left_out=InputError("it lies in no artist's folder", code="not-in-folder"))
            yield item

    def read(self, item: SourceItem) -> bytes:
        """The file's bytes. Raises InputError (files.py)."""
        if error := self._refused.get(item.key):
            raise error
        return read_inside(self._folder, item.key, DecodeLimits().max_bytes)

    def terms_beside(self, item: SourceItem) -> tuple[FileTerm, ...]:
        """What files beside the work's file say of its uses."""
        return self._beside.of(item.key)


def _open(asked: SourceRequest) -> ArtistFolders:
    if not asked.rest:
        raise InputError("artists: needs a folder after it", code="source")
    return ArtistFolders(Path(asked.rest).expanduser())


SOURCE = SourceDefinition(prefix=PREFIX, open=_open, spelling="artists:PATH", brings_labels=True)
