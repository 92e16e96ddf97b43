"""Perceptual hashes of registered pictures, in memory: every review of a claim needs those that were registered since.

They are read from log entries, which remain whatever happens to a work. Each entry is read once. Otherwise a review of
all claims would read every registration once for each claim.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ledger.log.entry import Entry
from ledger.record.predicates import Registration
from ledger.storage.log.records import RecordStore

_PAGE = 200


@dataclass(frozen=True, slots=True)
class _Page:
    indexes: NDArray[np.int64]
    hashes: NDArray[np.uint64]
    """Shape (registrations, 4)."""


class RegisteredHashes:
    """Threads may share it. It includes every entry committed before the call, and keeps 40 bytes for each."""

    def __init__(self, store: RecordStore) -> None:
        self._store = store
        self._pages: list[_Page] = []
        self._first: int | None = None
        """Registrations after this log entry are known; None: none are."""
        self._last = -1
        self._lock = threading.Lock()

    def near(self, phash: str, bits: int, after: int) -> Iterator[Entry]:
        """Registrations after log entry `after` whose pHash differs in at most `bits` bits, in the order of the log."""
        with self._lock:
            self._read(after)
            pages = tuple(self._pages)
        asked = _words(phash)
        for page in pages:
            near = np.bitwise_count(page.hashes ^ asked).sum(axis=1) <= bits
            for index in page.indexes[near & (page.indexes > after)].tolist():
                yield from self._store.find(kind="registration", after=index - 1, limit=1)

    def _read(self, after: int) -> None:
        """Reads what is new, and what lies before everything that was asked for so far."""
        if self._first is None:
            self._first = self._last = after
        elif after < self._first:
            self._pages = [*self._found(after, self._first), *self._pages]
            self._first = after
        for page in self._found(self._last, None):
            self._pages.append(page)
            self._last = int(page.indexes[-1])

    def _found(self, after: int, through: int | None) -> Iterator[_Page]:
        while found := self._store.find(kind="registration", after=after, limit=_PAGE):
            after = found[-1].leaf_index
            kept = [entry for entry in found if through is None or entry.leaf_index <= through]
            if kept:
                yield _page(kept)
            if len(kept) < len(found):
                return


def _page(entries: list[Entry]) -> _Page:
    indexes, hashes = [], []
    for entry in entries:
        work = entry.statement.predicate
        assert isinstance(work, Registration)  # noqa: S101 - found by its kind
        indexes.append(entry.leaf_index)
        hashes.append(_words(work.fingerprint.phash))
    return _Page(np.array(indexes, np.int64), np.stack(hashes))


def _words(phash: str) -> NDArray[np.uint64]:
    return np.frombuffer(bytes.fromhex(phash), np.uint64)
