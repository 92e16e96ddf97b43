"""The log's two contracts in memory: small enough to read, held to the same contract tests as the real ones."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from ledger.errors import IntegrityError
from ledger.log.entry import Alongside, Appended, Draft, Entry, TreeHead
from ledger.log.merkle import CompactRange, leaf_hash
from tests.record.samples import ORIGIN


class MemoryEntries:
    """An EntryStore."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.ids: dict[str, Entry] = {}
        self.keys: dict[bytes, Entry] = {}
        self.range = CompactRange()
        self.lock = threading.Lock()

    def origin(self) -> str:
        return ORIGIN

    def append(self, drafts: Sequence[Draft], alongside: Alongside | None = None) -> Sequence[Appended]:
        with self.lock:
            entries, ids, keys = list(self.entries), dict(self.ids), dict(self.keys)
            appended: list[Appended] = []
            for draft in drafts:
                earlier = ids.get(draft.record_id)
                if earlier is None and draft.dedup_key is not None:
                    earlier = keys.get(draft.dedup_key)
                if earlier is not None:
                    appended.append(Appended(earlier, repeated=True))
                    continue
                entry = Entry(
                    len(entries), draft.record_id, leaf_hash(draft.envelope), draft.envelope, datetime.now(UTC)
                )
                entries.append(entry)
                ids[draft.record_id] = entry
                if draft.dedup_key is not None:
                    keys[draft.dedup_key] = entry
                if draft.alongside is not None:
                    draft.alongside(self)
                appended.append(Appended(entry, repeated=False))
            if alongside is not None and not all(each.repeated for each in appended):
                alongside(self)
            self.range = self.range.extend(entry.leaf_hash for entry in entries[len(self.entries) :])
            self.entries, self.ids, self.keys = entries, ids, keys
        return appended

    def head(self) -> TreeHead:
        return TreeHead(self.range.size, self.range.root())

    def read(self, start: int, end: int) -> Iterator[Entry]:
        yield from self.entries[start:end]

    def get(self, record_id: str) -> Entry | None:
        return self.ids.get(record_id)

    def by_dedup_key(self, key: bytes) -> Entry | None:
        return self.keys.get(key)


class FolderObjects:
    """An ObjectStore in a folder, without the flushing of the real one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, path: str) -> bytes | None:
        file = self.folder / path
        return file.read_bytes() if file.is_file() else None

    def put_new(self, path: str, data: bytes) -> None:
        there = self.get(path)
        if there is not None and there != data:
            raise IntegrityError(f"{path} is there with other bytes", code="object-differs")
        self.replace(path, data)

    def replace(self, path: str, data: bytes) -> None:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        temporary = file.with_name(f".{file.name}.{threading.get_ident()}")
        temporary.write_bytes(data)
        temporary.replace(file)

    def sync(self) -> None:
        pass
