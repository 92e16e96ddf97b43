"""A labelled folder as a source, and its boundary."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ledger.corpus.labels import Unstated
from ledger.corpus.source_registry import open_source
from ledger.corpus.sources.folder import FolderSource
from ledger.corpus.work import UNKNOWN_ARTIST
from ledger.errors import InputError, NotFoundError


def _folder(tmp_path: Path, rows: str, files: dict[str, bytes]) -> Path:
    folder = tmp_path / "art"
    folder.mkdir()
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    (folder / "labels.csv").write_text(f"file,title,artist\n{rows}", encoding="utf-8")
    return folder


def _refusal(source: FolderSource, position: int = 0) -> InputError:
    with pytest.raises(InputError) as caught:
        source.read(list(source.items())[position])
    return caught.value


def test_listed_files_are_offered_in_order_with_their_bytes(tmp_path: Path) -> None:
    folder = _folder(
        tmp_path, "b/2.png,Two,Bob\n1.png,,Ann\n", {"1.png": b"one", "b/2.png": b"two", "3.png": b"unlisted"}
    )
    source = FolderSource(folder)
    *items, unlisted = list(source.items())
    assert [(item.key, item.title, item.artist) for item in items] == [("b/2.png", "Two", "Bob"), ("1.png", "1", "Ann")]
    assert [source.read(item) for item in items] == [b"two", b"one"]
    assert unlisted.left_out is not None
    assert (unlisted.key, unlisted.left_out.code, unlisted.left_out.message) == (
        *("3.png", "not-in-labels", "not in labels.csv"),
    )
    assert [item.key for item in source.items()] == [*(item.key for item in items), "3.png"]


def test_json_lines_and_a_label_file_elsewhere(tmp_path: Path) -> None:
    folder = _folder(tmp_path, "", {"1.png": b"one"})
    (folder / "labels.csv").unlink()
    line = '{"file": "1.png", "title": "One", "artist": "Ann"}\n'
    (folder / "labels.jsonl").write_text(line, encoding="utf-8")
    (tmp_path / "other.jsonl").write_text(line.replace("Ann", "Bob"), encoding="utf-8")
    assert [item.artist for item in FolderSource(folder).items()] == ["Ann"]
    bob, unused = FolderSource(folder, tmp_path / "other.jsonl").items()
    assert (bob.artist, unused.key) == ("Bob", "labels.jsonl")
    assert unused.left_out is not None


def test_a_missing_file_is_one_refusal(tmp_path: Path) -> None:
    source = FolderSource(_folder(tmp_path, "gone.png,t,a\n1.png,t,a\n", {"1.png": b"one"}))
    assert _refusal(source).code == "file-missing"
    assert source.read(list(source.items())[1]) == b"one"


def test_a_bad_row_is_offered_and_refused_with_its_line(tmp_path: Path) -> None:
    source = FolderSource(_folder(tmp_path, "../secret.png,t,a\n", {}))
    (tmp_path / "secret.png").write_bytes(b"secret")
    error = _refusal(source)
    assert error.code == "file-path"
    assert error.message.startswith("labels.csv, line 2: ")


def test_a_file_listed_twice_is_read_once(tmp_path: Path) -> None:
    source = FolderSource(_folder(tmp_path, "1.png,t,Ann\n./1.png,t,Bob\n", {"1.png": b"one"}))
    first, second = source.items()
    assert source.read(first) == b"one"
    assert first.key != second.key
    error = _refusal(source, 1)
    assert error.code == "file-listed-twice"
    assert "in line 2" in error.message


def test_links_are_followed_inside_and_refused_outside(tmp_path: Path) -> None:
    folder = _folder(tmp_path, "in.png,t,a\nout.png,t,a\nup/1.png,t,a\nloop.png,t,a\n", {"1.png": b"one"})
    (tmp_path / "1.png").write_bytes(b"secret")
    (folder / "in.png").symlink_to("1.png")
    (folder / "out.png").symlink_to(tmp_path / "1.png")
    (folder / "up").symlink_to(tmp_path)
    (folder / "loop.png").symlink_to("loop.png")
    source = FolderSource(folder)
    assert source.read(next(source.items())) == b"one"
    assert [_refusal(source, position).code for position in (1, 2)] == ["file-path", "file-path"]
    assert _refusal(source, 3).code in ("file-unreadable", "file-missing")


def test_a_folder_that_is_itself_a_link_works(tmp_path: Path) -> None:
    folder = _folder(tmp_path, "1.png,t,a\n", {"1.png": b"one"})
    (tmp_path / "link").symlink_to(folder)
    source = FolderSource(tmp_path / "link")
    assert source.read(next(source.items())) == b"one"
    assert source.name == FolderSource(folder).name


def test_pipes_folders_and_huge_files_are_refused_without_waiting(tmp_path: Path) -> None:
    folder = _folder(tmp_path, "pipe,t,a\nsub,t,a\nbig.png,t,a\n1.png/x,t,a\n", {"big.png": b"x" * 11, "1.png": b""})
    os.mkfifo(folder / "pipe")
    (folder / "sub").mkdir()
    source = FolderSource(folder, max_bytes=10)
    codes = [_refusal(source, position).code for position in range(4)]
    assert codes == ["file-unreadable", "file-unreadable", "too-large", "file-unreadable"]


def test_without_labels_the_error_says_what_to_write(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        FolderSource(tmp_path)
    assert caught.value.code == "labels-missing"
    assert "file,title,artist,licence,source,allowed_uses" in (caught.value.hint or "")
    with pytest.raises(InputError) as missing:
        FolderSource(tmp_path / "nowhere")
    assert missing.value.code == "folder-missing"
    (tmp_path / "a.tar").write_bytes(b"")
    with pytest.raises(InputError) as archive:
        FolderSource(tmp_path / "a.tar")
    assert "webdataset:PATH" in (archive.value.hint or "")


def test_names_of_other_systems_are_found(tmp_path: Path) -> None:
    rows = "sub\\1.png,t,a\n.\\2.png,t,a\n\u00dcbung.png,t,a\nMu\u0308ll/3.png,t,a\n"
    files = {"sub/1.png": b"1", "2.png": b"2", "U\u0308bung.png": b"3", "M\u00fcll/3.png": b"4"}
    source = FolderSource(_folder(tmp_path, rows, files))
    assert [source.read(item) for item in source.items()] == [b"1", b"2", b"3", b"4"], "and none is left out"


def test_names_in_another_case_are_hinted_at_and_nothing_outside_is(tmp_path: Path) -> None:
    rows = "SUB/1.PNG,t,a\n..\\secret.png,t,a\nup\\SECRET.png,t,a\ngone.png,t,a\n"
    source = FolderSource(_folder(tmp_path, rows, {"sub/1.png": b"1"}))
    (tmp_path / "secret.png").write_bytes(b"secret")
    (tmp_path / "art" / "up").symlink_to(tmp_path)
    assert [_refusal(source, position).hint for position in range(4)] == ["Did you mean 'sub/1.png'?", None, None, None]


def test_many_names_that_are_not_there_take_no_time(tmp_path: Path) -> None:
    rows = "".join(f"gone{number}.png,t,a\n" for number in range(2000))
    source = FolderSource(_folder(tmp_path, rows, {f"{number}.png": b"" for number in range(2000)}))
    compared = 0

    def form(name: str) -> str:
        nonlocal compared
        compared += 1
        return name

    assert all(source._names._found(f"gone{number}.png", form) is None for number in range(2000))
    assert compared == 2001 + 2000, "each entry once, not for each name"
    assert sum(item.left_out is not None for item in source.items()) == 2000


def test_an_existing_name_with_a_backslash_is_itself(tmp_path: Path) -> None:
    source = FolderSource(_folder(tmp_path, "a\\b.png,t,a\n", {"a\\b.png": b"itself", "a/b.png": b"other"}))
    assert source.read(next(source.items())) == b"itself"


def test_what_the_labels_do_not_name_is_left_out_with_the_reason(tmp_path: Path) -> None:
    png = b"\x89PNG\r\n\x1a\n" + bytes(30)
    files = {"a.png": png, "b.png": png, "sub/c.png": png, "notes.txt": b"text", ".hidden": b"", "labels.jsonl": b"{}"}
    folder = _folder(tmp_path, "a.png,t,a\nlinked/d.png,t,a\n../e.png,t,a\n", files)
    (tmp_path / "elsewhere").mkdir()
    (folder / "2019").symlink_to(tmp_path / "elsewhere")
    (folder / "linked").symlink_to(folder / "sub")
    (folder / "loop").symlink_to(folder)
    left_out = {item.key: item.left_out.code for item in FolderSource(folder).items() if item.left_out is not None}
    assert left_out == {
        **dict.fromkeys(("b.png", "sub/c.png"), "not-in-labels"),
        **dict.fromkeys(("2019", "loop"), "linked-folder"),
        **dict.fromkeys(("notes.txt", "labels.jsonl"), "not-an-image"),
        ".hidden": "hidden",
    }


def _image_folder(tmp_path: Path) -> Path:
    root = tmp_path / "set"
    for split, license_ in (("train", "CC0-1.0"), ("test", "CC-BY-4.0")):
        (root / split).mkdir(parents=True)
        (root / split / "1.png").write_bytes(split.encode())
        (root / split / "metadata.jsonl").write_text(
            f'{{"file_name": "1.png", "text": "a sea", "artist": "Ada", "license": "{license_}"}}\n'
        )
    return root


def test_a_hugging_face_image_folder_with_splits(tmp_path: Path) -> None:
    root = _image_folder(tmp_path)
    source = FolderSource(root)
    items = list(source.items())
    assert [(item.key, item.title, item.licence, source.read(item)) for item in items] == [
        ("test/1.png", "1", "CC-BY-4.0", b"test"),
        ("train/1.png", "1", "CC0-1.0", b"train"),
    ]
    assert items[0].labels == {"text": "a sea"}
    for spec, keys in (("hf:{}", ["train/1.png"]), ("hf:{}@test", ["test/1.png"]), ("hf:{}/test", ["1.png"])):
        opened = open_source(spec.format(root), None, lambda svg: svg)
        assert [item.key for item in opened.items()] == keys
    with pytest.raises(NotFoundError) as missing:
        open_source(f"hf:{root}@validation", None, lambda svg: svg)
    assert missing.value.code == "dataset-missing"


def test_bad_rows_and_unnamed_files_of_a_split_name_its_label_file(tmp_path: Path) -> None:
    root = _image_folder(tmp_path)
    (root / "train" / "2.png").write_bytes(b"2")
    with (root / "train" / "metadata.jsonl").open("a") as labels:
        labels.write('{"file_name": "../../x.png", "artist": "Ada"}\n{"file_name": "1.png", "artist": "Ada"}\n')
    source = FolderSource(root, only="train")
    first, *bad, unnamed = source.items()
    assert first.key == "train/1.png"
    for item, what in zip(bad, ("outside the folder", "already listed in line 1"), strict=True):
        with pytest.raises(InputError, match=r"train/metadata\.jsonl, line [23]: .*" + what):
            source.read(item)
    assert unnamed.key == "train/2.png"
    assert unnamed.left_out is not None


def test_a_set_without_artists_is_refused_or_gets_the_one_that_is_stated(tmp_path: Path) -> None:
    (tmp_path / "1.png").write_bytes(b"1")
    (tmp_path / "metadata.csv").write_text("file_name,text\n1.png,a sea\n")
    with pytest.raises(InputError, match=r"metadata\.csv: missing column artist"):
        list(FolderSource(tmp_path).items())
    (item,) = FolderSource(tmp_path, unstated=Unstated("Ada")).items()
    assert (item.artist, item.licence, item.allowed_uses) == ("Ada", "LicenseRef-unknown", ("match",))


def test_a_list_as_wikimedia_commons_has_it(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text(
        "File,ObjectName,Artist,LicenseShortName,LicenseUrl,UsageTerms,Credit,AttributionRequired,Copyrighted\n"
        'File:Blue_sea.jpg,Sea,"<a href=""//c.org/Ada"" title=""A &amp; B"">Ada &amp; Ben</a>",CC BY-SA 4.0,'
        "https://creativecommons.org/licenses/by-sa/4.0,"
        "Creative Commons Attribution-Share Alike 4.0,Own work,true,True\n"
        "File:Old map.png,Map,Unknown author,Public domain,,Public domain,Library,false,False\n"
        "File:Odd.png,Odd,Ada,CC BY-SA 4.0,https://creativecommons.org/licenses/by/4.0,,,true,True\n"
    )
    for name in ("Blue sea.jpg", "Old_map.png", "Odd.png"):
        (tmp_path / name).write_bytes(name.encode())
    source = FolderSource(tmp_path)
    sea, old, odd = source.items()
    assert (sea.title, sea.artist, sea.licence, sea.credit.line) == ("Sea", "Ada & Ben", "CC-BY-SA-4.0", "Own work")
    assert (old.artist, old.licence, old.allowed_uses) == (UNKNOWN_ARTIST, "LicenseRef-PublicDomain", ("match",))
    assert [source.read(item) for item in (sea, old)] == [b"Blue sea.jpg", b"Old_map.png"]
    with pytest.raises(InputError, match="two columns of the meaning licence differ"):
        source.read(odd)
