"""WebDataset tars and what img2dataset writes: read by position, whatever their members are called."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from ledger.corpus.shards import archive, rows
from ledger.corpus.shards.archive import open_archive
from ledger.corpus.shards.tar_members import tar_members
from ledger.corpus.source_registry import open_source
from ledger.corpus.sources.webdataset import WebDatasetSource
from ledger.corpus.work import UNKNOWN_ARTIST, SourceItem
from ledger.errors import InputError


def _picture(shade: int, kind: str = "PNG") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 6), (shade, 40, 90)).save(file, kind)
    return file.getvalue()


def _tar(path: Path, members: Mapping[str, bytes], form: int = tarfile.PAX_FORMAT, mode: str = "w") -> Path:
    with tarfile.open(path, mode, format=form) as tar:  # type: ignore[call-overload]
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


def _sample(key: str, shade: int, **said: object) -> dict[str, bytes]:
    return {f"{key}.jpg": _picture(shade, "JPEG"), f"{key}.json": json.dumps(said).encode(), f"{key}.txt": b"a caption"}


def _works(source: WebDatasetSource) -> list[SourceItem]:
    return [item for item in source.items() if item.left_out is None]


def _left_out(source: WebDatasetSource) -> dict[str, str]:
    return {item.key: item.left_out.code for item in source.items() if item.left_out is not None}


def _code(source: WebDatasetSource, item: SourceItem) -> str:
    with pytest.raises(InputError) as caught:
        source.read(item)
    return caught.value.code


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT])
@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_samples_of_a_tar_with_their_words(tmp_path: Path, form: int, mode: str) -> None:
    said = {
        "artist": "Ada",
        "title": "Sea",
        "license": "CC BY 4.0",
        "allowed_uses": ["match", "train"],
        "url": "https://a/1",
    }
    long = "deep/" * 17 + "0002"
    members = _sample("0001", 1, **said) | _sample(long, 2, author="Unknown Artist", usage="none", nested={"a": 1})
    source = WebDatasetSource(_tar(tmp_path / "a.tar.gz", members, form, mode))
    first, second = source.items()
    assert (first.key, first.title, first.artist, first.licence) == ("a/0001.jpg", "Sea", "Ada", "CC-BY-4.0")
    assert (first.allowed_uses, first.source) == (("match", "train"), "https://a/1")
    assert first.labels == {"caption": "a caption", "url": "https://a/1"}
    assert (second.key, second.artist, second.allowed_uses) == (f"a/{long}.jpg", UNKNOWN_ARTIST, ())
    assert [source.read(item) for item in (first, second)] == [_picture(1, "JPEG"), _picture(2, "JPEG")]
    again = open_source(source.name, None, lambda svg: svg)
    assert [item.key for item in again.items()] == [first.key, second.key]


def test_links_devices_and_names_outside_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "bad.tar"
    with tarfile.open(path, "w") as tar:
        for name, kind in (
            ("link.png", tarfile.SYMTYPE), ("hard.png", tarfile.LNKTYPE), ("null.png", tarfile.CHRTYPE),
            ("disk.png", tarfile.BLKTYPE), ("pipe.png", tarfile.FIFOTYPE), ("folder", tarfile.DIRTYPE),
        ):  # fmt: skip
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            tar.addfile(info)
        for name in ("/etc/absolute.png", "../up.png", "a/../../b.png", "n\nl.png", "good.png"):
            info = tarfile.TarInfo(name)
            info.size = len(_picture(1))
            tar.addfile(info, io.BytesIO(_picture(1)))
    source = WebDatasetSource(path)
    (good,) = _works(source)
    assert (good.key, source.read(good)) == ("bad/good.png", _picture(1))
    codes = _left_out(source)
    assert sorted(codes.values()) == ["file-path"] * 4 + ["not-a-file"] * 5
    assert sorted(tmp_path.iterdir()) == [path], "nothing was written"


def _header(name: bytes, size: int, kind: bytes = b"0") -> bytes:
    header = bytearray(512)
    header[: len(name)] = name
    header[124:136] = b"%011o\0" % size if size < 2**33 else b"\x80" + size.to_bytes(11)
    header[156:157] = kind
    header[257:265] = b"ustar\x0000"
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header)


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "it is no tar"),
        (b"x" * 2000, "it is no tar"),
        (_header(b"a.png", 5000) + b"x" * 512, "in the middle of a file"),
        (_header(b"a.png", 2**60), "a header has no size"),
        (_header(b"x", 2**20, b"x") + bytes(2**20), "a header has 1048576 bytes"),
        (_header(b"x", 10, b"x") + b"99 size=5\n".ljust(512, b"\0"), "is damaged"),
        (_header(b"x", 25, b"x") + b"25 size=9999999999999999\n".ljust(512, b"\0"), "has no size"),
        (
            _header(b"x", 24, b"x") + b"24 size=999999999999999\n".ljust(512, b"\0") + _header(b"a.png", 5),
            "in the middle of a file",
        ),
        (_header(b"x", 22, b"x") + b"22 GNU.sparse.major=1\n".ljust(512, b"\0"), "sparse files"),
        (_header(b"a.png", 0) + b"x" * 1024, "the header at byte 512 is damaged"),
    ],
)
def test_damaged_tars_are_one_sentence(tmp_path: Path, data: bytes, what: str) -> None:
    path = tmp_path / "a.tar"
    path.write_bytes(data)
    with path.open("rb") as file, pytest.raises(InputError, match=what) as caught:
        list(tar_members(file, "a.tar"))
    assert caught.value.code == "archive-broken"
    source = WebDatasetSource(path)
    refused = _works(source)[-1]
    assert _code(source, refused) == "archive-broken"


def test_a_compressed_archive_has_a_bound_and_an_end(tmp_path: Path) -> None:
    bomb, cut = tmp_path / "bomb.tar.gz", tmp_path / "cut.tgz"
    bomb.write_bytes(gzip.compress(bytes(8 * 2**20)))
    with pytest.raises(InputError) as large:
        open_archive(bomb, 2**20)
    assert large.value.code == "archive-too-large"
    cut.write_bytes(gzip.compress(bytes(2**20))[:-20])
    with pytest.raises(InputError) as broken:
        open_archive(cut)
    assert broken.value.code == "archive-broken"
    assert archive.MAX_UNPACKED <= 16 * 2**30


def test_terms_of_a_sample_are_never_lost(tmp_path: Path) -> None:
    members = {
        **_sample("1", 1, license="all mine!"),
        **_sample("2", 2, lisence="CC0-1.0"),
        **_sample("3", 3, license={"name": "CC-BY-4.0"}),
        **_sample("4", 4, LICENSE="?", allowed_uses="match|train"),
        **{"5.png": _picture(5), "5.json": b"{broken"},
        **{"6.png": _picture(6), "6.json": b"[" * 5000},
        **{"7.png": _picture(7), "7.json": b'{"x": "' + b"x" * 300_000 + b'"}'},
        **{"8.png": _picture(8), "8.seg.png": _picture(9), "9.json": b"{}", "10.bin": b"x", "11": _picture(10)},
    }
    source = WebDatasetSource(_tar(tmp_path / "a.tar", members))
    items = {item.key: item for item in _works(source)}
    codes = {key: _code(source, items[f"a/{key}"]) for key in ("1.jpg", "2.jpg", "3.jpg", "5.png", "6.png", "7.png")}
    assert codes == {
        "1.jpg": "licence", "2.jpg": "labels-columns", "3.jpg": "labels-row", "5.png": "labels-syntax",
        "6.png": "labels-syntax", "7.png": "too-large",
    }  # fmt: skip
    assert (items["a/4.jpg"].licence, items["a/4.jpg"].allowed_uses) == ("LicenseRef-unknown", ("match", "train"))
    assert source.read(items["a/11"]) == _picture(10), "a picture is told by its content"
    assert _left_out(source) == {
        "a/8.seg.png": "second-picture", "a/9.json": "not-downloaded", "a/10.bin": "not-an-image",
    }  # fmt: skip


def _table(path: Path, columns: dict[str, Any]) -> Path:
    pq.write_table(pa.table(columns), path)
    return path


def _img2dataset(folder: Path, *, as_folder: bool) -> Path:
    """As img2dataset writes it: two pictures of three addresses."""
    folder.mkdir()
    members = _sample("000000000", 1, caption="a sea") | {"000000002.jpg": _picture(2, "JPEG")}
    if as_folder:
        (folder / "00000").mkdir()
        for name, data in members.items():
            (folder / "00000" / name).write_bytes(data)
    else:
        _tar(folder / "00000.tar", members)
    columns = {
        "url": ["https://a/0", "https://a/1", "https://a/2"],
        "key": ["000000000", "000000001", "000000002"],
        "status": ["success", "failed_to_download", "success"],
        "error_message": [None, "HTTP Error 404", None],
        "author": ["Ada", "Ben", "Cleo"],
        "license": ["CC-BY-4.0", "CC0-1.0", "CC BY-NC 4.0"],
        "exif": ["{}", None, None],
        "sizes": pa.array([[1], [2], None]),
    }
    _table(folder / "00000.parquet", columns)
    (folder / "00000_stats.json").write_text("{}")
    return folder


@pytest.mark.parametrize("as_folder", [False, True])
def test_laion_style_parquet_with_the_files_beside_it(tmp_path: Path, *, as_folder: bool) -> None:
    folder = _img2dataset(tmp_path / "set", as_folder=as_folder)
    (folder / "notes.txt").write_text("x")
    (folder / "00001.parquet").write_bytes((folder / "00000.parquet").read_bytes())
    source = WebDatasetSource(folder)
    first, second = _works(source)
    assert (first.artist, first.licence, first.source) == ("Ada", "CC-BY-4.0", "https://a/0")
    assert (second.artist, second.licence, second.allowed_uses) == ("Cleo", "CC-BY-NC-4.0", ("match",))
    assert source.read(second) == _picture(2, "JPEG")
    assert _left_out(source) == {
        "00000/000000001": "not-downloaded", "00001.parquet": "not-downloaded", "notes.txt": "not-in-shard",
    }  # fmt: skip
    for name in ("00000.parquet", "00000" if as_folder else "00000.tar"):
        assert [item.key for item in _works(WebDatasetSource(folder / name))] == [first.key, second.key]


def test_addresses_without_pictures_are_never_fetched(tmp_path: Path) -> None:
    path = _table(tmp_path / "00000.parquet", {"url": ["https://a/0"], "key": ["0"]})
    with pytest.raises(InputError, match="none are fetched") as caught:
        WebDatasetSource(path)
    assert caught.value.code == "shards-missing"
    for where in (tmp_path / "none", tmp_path):
        with pytest.raises(InputError):
            WebDatasetSource(where)


@pytest.mark.parametrize(
    ("columns", "code"),
    [
        ({"url": ["https://a/0"]}, "dataset-schema"),
        ({"key": ["0"], "license": [{"name": "CC0-1.0"}]}, "dataset-schema"),
        ({"key": ["0"], "lisence": ["CC0-1.0"]}, "labels-columns"),
        ({"key": ["0"] * 11, "url": [None] * 11}, "source-too-large"),
        (None, "dataset-broken"),
    ],
)
def test_tables_that_cannot_be_used_refuse_their_shard(
    tmp_path: Path, columns: dict[str, Any] | None, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "MAX_ROWS", 10)
    _tar(tmp_path / "a.tar", _sample("0", 1))
    if columns is None:
        (tmp_path / "a.parquet").write_bytes(b"PAR1 this is no Parquet PAR1")
    else:
        _table(tmp_path / "a.parquet", columns)
    source = WebDatasetSource(tmp_path)
    (refused,) = _works(source)
    assert (refused.key, _code(source, refused)) == ("a (shard)", code)


def test_two_files_that_differ_in_their_terms_refuse_the_sample(tmp_path: Path) -> None:
    _tar(tmp_path / "a.tar", _sample("0", 1, license="CC0-1.0") | _sample("1", 2, license="CC-BY-4.0"))
    _table(tmp_path / "a.parquet", {"key": ["0", "1"], "license": ["CC-BY-4.0", "CC-BY-4.0"]})
    source = WebDatasetSource(tmp_path)
    first, second = _works(source)
    assert _code(source, first) == "labels-row"
    assert second.licence == "CC-BY-4.0"


def test_an_opt_out_beside_a_picture_in_a_tar_is_found(tmp_path: Path) -> None:
    xmp = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        b'<rdf:Description xmlns:plus="http://ns.useplus.org/ldf/xmp/1.0/"'
        b' plus:DataMining="http://ns.useplus.org/ldf/vocab/DMI-PROHIBITED"/></rdf:RDF></x:xmpmeta>'
    )
    source = WebDatasetSource(_tar(tmp_path / "a.tar", {"0.png": _picture(1), "0.xmp": xmp, "1.png": _picture(2)}))
    first, second = _works(source)
    assert {use for term in source.terms_beside(first) for use in term.forbids} >= {"train"}
    assert source.terms_beside(second) == ()


def test_a_folder_for_each_artist_on_request(tmp_path: Path) -> None:
    for place in ("Ada_Example/train", "anonymous", "."):
        (tmp_path / place).mkdir(parents=True, exist_ok=True)
        (tmp_path / place / "a_sea.png").write_bytes(_picture(1))
    (tmp_path / "loop").symlink_to(tmp_path)
    source = open_source(f"artists:{tmp_path}", None, lambda svg: svg)
    items = {item.key: item for item in source.items()}
    work = items["Ada_Example/train/a_sea.png"]
    assert (work.artist, work.title, work.licence, work.allowed_uses) == (
        *("Ada Example", "a sea", "LicenseRef-unknown", ("match",)),
    )
    assert source.read(work) == _picture(1)
    assert items["anonymous/a_sea.png"].artist == UNKNOWN_ARTIST
    assert {key: item.left_out.code for key, item in items.items() if item.left_out is not None} == {
        "a_sea.png": "not-in-folder", "loop": "linked-folder",
    }  # fmt: skip
