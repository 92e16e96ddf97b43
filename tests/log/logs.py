"""A whole log in memory and a folder, as the service runs it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ledger.log.append import Submission
from ledger.log.checkpoint import SignedCheckpoint, open_checkpoint
from ledger.log.entry import Draft
from ledger.log.publish import Publication, Publisher, PublisherLock
from ledger.log.vkey import NoteSigner
from ledger.log.witness import WitnessClient
from tests.log.keys import note_signer
from tests.log.memory import FolderObjects, MemoryEntries


@contextmanager
def alone() -> Iterator[bool]:
    yield True


@dataclass
class Log:
    entries: MemoryEntries
    objects: FolderObjects
    last_checkpoint: Path
    signer: NoteSigner

    @classmethod
    def at(cls, folder: Path, signer: NoteSigner | None = None) -> Log:
        return cls(MemoryEntries(), FolderObjects(folder / "log"), folder / "last-checkpoint", signer or note_signer())

    @property
    def location(self) -> str:
        return str(self.objects.folder)

    def publisher(
        self, witnesses: WitnessClient | None = None, *, lock: PublisherLock = alone, require_quorum: bool = True
    ) -> Publisher:
        return Publisher(
            self.entries,
            self.objects,
            self.signer,
            self.last_checkpoint,
            lock,
            witnesses=witnesses,
            require_quorum=require_quorum,
        )

    def add(self, count: int) -> None:
        start = len(self.entries.entries)
        numbers = range(start, start + count)
        self.entries.append([Draft(str(uuid.UUID(int=number)), b"entry %d" % number) for number in numbers])

    def grow(self, count: int) -> Publication:
        self.add(count)
        publication = self.publisher().publish()
        assert publication is not None
        return publication

    def served(self) -> SignedCheckpoint:
        data = self.objects.get("checkpoint")
        assert data is not None
        return open_checkpoint(data, self.signer.key)


def submission(number: int) -> Submission:
    return Submission(str(uuid.UUID(int=number)), b"payload %d" % number)
