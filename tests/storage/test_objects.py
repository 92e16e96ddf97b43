"""Folders and buckets keep the object store's contract; a folder never leaves the place that it was given."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ledger.errors import InputError, PushbackError
from ledger.log.objects import ObjectStore
from ledger.storage.log.objects import BucketObjects, FolderObjects, open_objects
from tests.log.contracts import ObjectStoreContract


class TestFolder(ObjectStoreContract):
    @pytest.fixture
    def objects(self, tmp_path: Path) -> ObjectStore:
        return FolderObjects(tmp_path / "log")


class TestBucket(ObjectStoreContract):
    """obstore's store in memory answers as a bucket does: create-only puts, its own errors."""

    @pytest.fixture
    def objects(self) -> ObjectStore:
        from obstore.store import MemoryStore

        return BucketObjects(MemoryStore())


@pytest.mark.parametrize("path", ["../outside", "/etc/passwd", "a//b", "tile/../../x", "", ".", "a\\b", "a\0b"])
def test_paths_that_lead_out_are_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(InputError) as refusal:
        FolderObjects(tmp_path / "log").put_new(path, b"data")
    assert refusal.value.code == "object-path"


def test_every_new_file_and_folder_is_flushed_before_sync_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[str] = []
    real = os.fsync

    def record(descriptor: int) -> None:
        flushed.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", record)
    objects = FolderObjects(tmp_path / "log")
    objects.put_new("tile/0/000.p/1", b"data")
    assert flushed == []
    objects.sync()
    below = tmp_path / "log" / "tile" / "0" / "000.p"
    expected = [below / "1", below, *list(below.parents)[:4]]
    assert {str(path) for path in expected} <= set(flushed)
    assert flushed.index(str(below / "1")) < flushed.index(str(below)), "the file before the folder that names it"


def test_a_crash_before_the_link_leaves_no_object(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    objects = FolderObjects(tmp_path)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fchmod", full)
    with pytest.raises(PushbackError) as refusal:
        objects.put_new("tile/0/000.p/1", b"data")
    assert refusal.value.code == "disk-full"
    monkeypatch.undo()
    assert objects.get("tile/0/000.p/1") is None
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_places(tmp_path: Path) -> None:
    assert isinstance(open_objects(str(tmp_path)), FolderObjects)
    assert isinstance(open_objects(f"file://{tmp_path}"), FolderObjects)
    assert isinstance(open_objects("s3://bucket/log?region=eu-central-1"), BucketObjects)
    with pytest.raises(InputError) as refusal:
        open_objects("ftp://example.org/log")
    assert refusal.value.code == "object-store"


def test_an_unreachable_folder_is_pushed_back(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_bytes(b"")
    with pytest.raises(PushbackError) as refusal:
        FolderObjects(blocked).put_new("checkpoint", b"data")
    assert refusal.value.code == "object-store-unreachable"
