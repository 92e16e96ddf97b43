"""A portfolio without labels: every entry of the folder is a work, refused, or left out with the reason."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from PIL import Image

from ledger.corpus.folder_entries import folder_entries
from ledger.corpus.labels import Unstated
from ledger.corpus.sources.portfolio import PortfolioSource
from ledger.corpus.work import Artist
from ledger.errors import InputError


def _picture(kind: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 6), (9, 40, 90)).save(file, kind)
    return file.getvalue()


PICTURES = {
    **dict.fromkeys(("sketch.jfif", "photo.jpe", "noextension", "sub/deeper/scan.JPG", "wrong.png"), "JPEG"),
    **dict.fromkeys(("anim.apng", "UPPER.PNG", "picture.txt"), "PNG"),
    **dict.fromkeys(("a.tiff", "b.tif", "c.gfx"), "TIFF"),
}


def _folder(tmp_path: Path) -> Path:
    folder = tmp_path / "p"
    (folder / "sub" / "deeper").mkdir(parents=True)
    for name, kind in PICTURES.items():
        (folder / name).write_bytes(_picture(kind))
    for name, data in {"archive": b"PK\\3\\4zip", "notes.txt": b"text", "Thumbs.db": b"\0\1", "empty": b""}.items():
        (folder / name).write_bytes(data)
    (folder / "layers.xcf").write_bytes(b"gimp xcf " + bytes(100))
    (folder / "print.pdf").write_bytes(b"%PDF-1.7" + bytes(100))
    (folder / ".DS_Store").write_bytes(b"\0")
    (tmp_path / "elsewhere").mkdir()
    (folder / "2019").symlink_to(tmp_path / "elsewhere")
    (folder / "loop").symlink_to(folder)
    os.mkfifo(folder / "pipe")
    return folder


def _source(folder: Path) -> PortfolioSource:
    return PortfolioSource(folder, Artist("a" * 36, "Ada"), Unstated("Ada"))


def test_every_entry_is_accounted_for(tmp_path: Path) -> None:
    items = list(_source(_folder(tmp_path)).items())
    assert {item.key for item in items if item.left_out is None} == set(PICTURES)
    assert {item.key: item.left_out.code for item in items if item.left_out is not None} == {
        **dict.fromkeys(("archive", "notes.txt", "Thumbs.db"), "not-an-image"),
        **dict.fromkeys(("layers.xcf", "print.pdf"), "unsupported-format"),
        **dict.fromkeys(("2019", "loop"), "linked-folder"),
        "empty": "empty-file",
        ".DS_Store": "hidden",
        "pipe": "not-a-file",
    }


@pytest.mark.parametrize("name", [b"caf\xe9.png", b"\xff", b"caf\xe9/a.png"])
def test_a_name_that_is_not_utf8_costs_that_one_file(tmp_path: Path, name: bytes) -> None:
    folder = _folder(tmp_path)
    path = Path(os.fsdecode(os.fsencode(folder) + b"/" + name))
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(_picture("PNG"))
    source = _source(folder)
    refused: dict[str, InputError] = {}
    for item in source.items():
        item.key.encode()
        item.title.encode()
        if item.left_out is None:
            try:
                source.read(item)
            except InputError as caught:
                refused[item.key] = caught
    ((key, error),) = refused.items()
    assert key == name.decode(errors="backslashreplace")
    assert error.code == "file-path"
    assert "is not UTF-8" in error.message


def test_names_of_every_other_kind_are_taken(tmp_path: Path) -> None:
    names = ["100% #1?.png", "two\nlines.png", "\u00dcbung a\u0308.png", "\u05e2\u202egnp.png", "x" * 251 + ".png"]
    for name in names:
        (tmp_path / name).write_bytes(_picture("PNG"))
    source = _source(tmp_path)
    assert sorted(item.key for item in source.items()) == sorted(names)
    assert all(source.read(item) == _picture("PNG") for item in source.items())


def test_folders_in_each_other_have_an_end(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["d"] * 200)
    deep.mkdir(parents=True)
    (deep / "a.png").write_bytes(_picture("PNG"))
    (entry,) = folder_entries(tmp_path)
    assert entry.left_out is not None
    assert entry.left_out.code == "folder-too-deep"


def test_files_that_state_terms_are_left_out_as_such(tmp_path: Path) -> None:
    for name in ("photo.xmp", "photo.jpg.XMP", "tdmrep.json", "robots.txt", "other.json"):
        (tmp_path / name).write_text("{}")
    found = {entry.key: entry.left_out.code for entry in folder_entries(tmp_path) if entry.left_out}
    assert found == dict.fromkeys(("photo.xmp", "photo.jpg.XMP", "tdmrep.json", "robots.txt"), "terms-file") | {
        "other.json": "not-an-image"
    }
