"""The stores in memory keep the contracts, so that what the other tests show with them holds for the real ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.log.entry import EntryStore
from ledger.log.objects import ObjectStore
from tests.log.contracts import EntryStoreContract, ObjectStoreContract
from tests.log.memory import FolderObjects, MemoryEntries


class TestMemoryEntries(EntryStoreContract):
    @pytest.fixture
    def store(self) -> EntryStore:
        return MemoryEntries()


class TestFolderObjects(ObjectStoreContract):
    @pytest.fixture
    def objects(self, tmp_path: Path) -> ObjectStore:
        return FolderObjects(tmp_path)
