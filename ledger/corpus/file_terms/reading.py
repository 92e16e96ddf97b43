"""Reads the files of a source together with what they, and the files beside them, say of their uses."""

from __future__ import annotations

from dataclasses import dataclass, field

from ledger.corpus.file_terms.beside import SourceWithTermsBeside
from ledger.corpus.file_terms.narrowing import file_terms_of, narrowed
from ledger.corpus.work import FileTerm, Source, SourceItem
from ledger.image.pool import DecodePool


@dataclass(frozen=True, slots=True)
class SourceReader:
    """Several threads may read. Every registration from a source reads through it, so that no source can forget."""

    source: Source
    images: DecodePool
    _found: dict[str, tuple[FileTerm, ...]] = field(default_factory=dict)
    """By the keys of works that were read and not yet narrowed."""

    def read(self, item: SourceItem) -> bytes:
        """The file's bytes. Raises InputError as the source does."""
        data = self.source.read(item)
        found = file_terms_of(self.images, data)
        if isinstance(self.source, SourceWithTermsBeside):
            found = (*found, *self.source.terms_beside(item))
        self._found[item.key] = found
        return data

    def narrowed(self, item: SourceItem) -> SourceItem:
        """The work as it may be registered, after `read`."""
        return narrowed(item, self._found.pop(item.key, ()))
