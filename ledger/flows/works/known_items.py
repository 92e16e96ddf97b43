"""What of a source is registered already: the same bytes by the same artist, whatever they are called and wherever they
lie.

A name only says where to look for a change. Another file under a known name is another work, and never changes what was
registered under that name. So nobody gains by a folder that is called like somebody else's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ledger.answers.corpus import ChangedWork, RegisteredBefore
from ledger.corpus.file_terms.reading import SourceReader
from ledger.corpus.unknown_artists import is_nobody
from ledger.corpus.work import UNKNOWN_ARTIST, SourceItem, key_in_source, versioned_key
from ledger.errors import InputError
from ledger.flows.progress import Progress
from ledger.flows.works.changed_terms import ChangedTerms, TermsInForce, changed_terms
from ledger.storage.works.corpus import CorpusStore, KnownWork


@dataclass
class KnownItems:
    """Of one run. Collects what the summary says about works that are registered already."""

    corpus: CorpusStore
    in_force: TermsInForce
    source_name: str
    artist_id: str | None
    """The artist of all items, where there is one; else each item names its own."""
    changed: list[ChangedWork] = field(default_factory=list)
    before: list[RegisteredBefore] = field(default_factory=list)
    terms: list[ChangedTerms] = field(default_factory=list)
    _named: dict[str, list[KnownWork]] = field(default_factory=dict)
    _taken: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        for work in self.corpus.works_of_source(self.source_name):
            self._named.setdefault(key_in_source(work.source_key, work.sha256), []).append(work)
            self._taken.add(work.source_key)

    def unregistered(self, source: SourceReader, items: Sequence[SourceItem], progress: Progress) -> list[SourceItem]:
        """Those of the items that are not registered under their names, in order. Files of known names are read, but
        not decoded."""
        known = sum(item.key in self._named for item in items)
        todo: list[SourceItem] = []
        checked = 0
        for item in items:
            works = self._named.get(item.key)
            if works is None:
                todo.append(item)
                continue
            if self._has_changed(source, item, works):
                todo.append(item)
            checked += 1
            if checked % 100 == 0 or checked == known:
                progress("checking registered works", checked, known)
        return todo

    def of_files(self, files: Iterable[tuple[SourceItem, str, str]]) -> dict[tuple[str, str], KnownWork]:
        """Registered works by file digest and artist id, of these items with theirs."""
        asked: dict[str, list[tuple[SourceItem, str]]] = {}
        for item, sha256, artist_id in files:
            asked.setdefault(sha256, []).append((item, artist_id))
        found: dict[tuple[str, str], KnownWork] = {}
        for work in self.corpus.works_of_files(asked):
            for item, artist_id in asked[work.sha256]:
                if work.artist_id == artist_id or (item.artist == UNKNOWN_ARTIST and is_nobody(work.artist)):
                    found.setdefault((work.sha256, artist_id), work)
        return found

    def note_known(self, item: SourceItem, work: KnownWork) -> None:
        """The item's file is that of the work, of the same artist."""
        here = work.source_name == self.source_name
        if not here or key_in_source(work.source_key, work.sha256) != item.key:
            self.before.append(
                RegisteredBefore(
                    key=item.key, work_id=work.work_id, source=work.source_name, source_key=work.source_key
                )
            )
        self._note_terms(item, work, may_update=here or self.artist_id == work.artist_id)

    def stored_key(self, item: SourceItem, sha256: str) -> str:
        """The key under which the item is registered: its own, unless another file has it."""
        key = item.key
        while key in self._taken:
            key = versioned_key(key, sha256)
        self._taken.add(key)
        return key

    def _has_changed(self, source: SourceReader, item: SourceItem, works: Sequence[KnownWork]) -> bool:
        """Whether the item is another file than those that were registered under its name."""
        same = list(works)
        if not item.rendered:
            try:
                digest = hashlib.sha256(source.read(item)).hexdigest()
                item = source.narrowed(item)  # what the file forbids is no change that could be taken back
            except InputError as error:
                self._note(item, works[-1], error.code, f"{error.message}. The registered work stands", error.hint)
                return False
            same = [work for work in works if work.sha256 == digest]
        if not same:
            what = f"the file has changed since it was registered as work {works[-1].work_id}, which stands"
            hint = "The new file is a work of its own. If it takes the place of the earlier one, withdraw that one."
            self._note(item, works[-1], "file-changed", what, hint)
            return True
        if not (own := [work for work in same if self._is_of(item, work)]):
            what = f"it is registered as a work of {same[-1].artist or 'an artist whose name was erased'}"
            hint = "To register it as a work of another artist, withdraw the registered work first."
            self._note(item, same[-1], "artist-changed", what, hint)
            return False
        self._note_terms(item, own[-1], may_update=True)
        return False

    def _is_of(self, item: SourceItem, work: KnownWork) -> bool:
        if self.artist_id is not None:
            return work.artist_id == self.artist_id
        return work.artist == item.artist or (item.artist == UNKNOWN_ARTIST and is_nobody(work.artist))

    def _note_terms(self, item: SourceItem, work: KnownWork, *, may_update: bool) -> None:
        if not work.withdrawn and (found := changed_terms(item, work, self.in_force, may_update=may_update)):
            self.changed.append(found.told)
            if found.can_update:
                self.terms.append(found)

    def _note(self, item: SourceItem, work: KnownWork, code: str, reason: str, hint: str | None) -> None:
        self.changed.append(ChangedWork(key=item.key, work_id=work.work_id, code=code, reason=reason, hint=hint))
