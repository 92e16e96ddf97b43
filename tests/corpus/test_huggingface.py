"""The WikiArt-shaped source, on a small Parquet set that the test makes."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import datasets
import pytest
from PIL import Image

from ledger.corpus.sources.huggingface import HuggingFaceSource
from ledger.corpus.work import UNKNOWN_ARTIST
from ledger.errors import InputError, NotFoundError

ARTISTS = ["claude-monet", "vincent-van-gogh"]
GENRES = ["landscape", "portrait"]
STYLES = ["Impressionism", "Post_Impressionism"]


def _picture(shade: int, kind: str = "PNG") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 6), (shade, 40, 90)).save(file, kind)
    return file.getvalue()


def _write(path: Path, columns: dict[str, list[Any]], **features: Any) -> Path:
    schema = {
        "image": datasets.Image(),
        "artist": datasets.ClassLabel(names=ARTISTS),
        "genre": datasets.ClassLabel(names=GENRES),
        "style": datasets.ClassLabel(names=STYLES),
    } | features
    chosen = datasets.Features({name: schema[name] for name in columns})
    path.parent.mkdir(parents=True, exist_ok=True)
    datasets.Dataset.from_dict(columns, features=chosen).to_parquet(path)
    return path


def _wikiart(path: Path, shades: list[int]) -> Path:
    rows = len(shades)
    return _write(
        path,
        {
            "image": [{"bytes": _picture(shade, "JPEG" if shade % 2 else "PNG"), "path": None} for shade in shades],
            "artist": [row % 2 for row in range(rows)],
            "genre": [1 - row % 2 for row in range(rows)],
            "style": [row % 2 for row in range(rows)],
        },
    )


def _open(path: Path, cache: Path, split: str = "train") -> HuggingFaceSource:
    return HuggingFaceSource(str(path), split, cache_folder=cache / "cache")


def test_class_labels_become_names_and_the_files_bytes_stay_as_they_were(tmp_path: Path) -> None:
    source = _open(_wikiart(tmp_path / "set.parquet", [10, 11, 12]), tmp_path)
    items = list(source.items())
    assert [item.artist for item in items] == ["claude-monet", "vincent-van-gogh", "claude-monet"]
    assert [item.labels for item in items[:2]] == [
        {"genre": "portrait", "style": "Impressionism"},
        {"genre": "landscape", "style": "Post_Impressionism"},
    ]
    assert [item.key for item in items] == ["0", "1", "2"]
    assert {item.licence for item in items} == {"LicenseRef-unknown"}
    assert {item.allowed_uses for item in items} == {("match",)}
    assert [source.read(item) for item in items] == [_picture(10), _picture(11, "JPEG"), _picture(12)]


def test_reading_from_several_threads_gives_each_row_its_own_picture(tmp_path: Path) -> None:
    shades = list(range(0, 80, 2))
    source = _open(_wikiart(tmp_path / "set.parquet", shades), tmp_path)
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(source.read, source.items())) == [_picture(shade) for shade in shades]


def test_a_folder_of_splits_offers_the_split_asked_for(tmp_path: Path) -> None:
    _wikiart(tmp_path / "set" / "data" / "train-00000-of-00002.parquet", [2, 4])
    _wikiart(tmp_path / "set" / "data" / "train-00001-of-00002.parquet", [6])
    _wikiart(tmp_path / "set" / "data" / "test-00000-of-00001.parquet", [8])
    assert len(list(_open(tmp_path / "set", tmp_path).items())) == 3
    assert len(list(_open(tmp_path / "set", tmp_path, "test").items())) == 1


def test_text_columns_missing_labels_titles_and_terms(tmp_path: Path) -> None:
    text = datasets.Value("string")
    columns: dict[str, list[Any]] = {
        "image": [{"bytes": _picture(1), "path": None}] * 3,
        "artist": ["Ann\u202e A.", None, "Bob"],
        "genre": [-1, 0, None],
        "title": ["Sea", "", None],
        "licence": ["CC-BY-4.0", None, "all mine!"],
        "allowed_uses": ["train|match", "none", ""],
    }
    path = _write(tmp_path / "set.parquet", columns, artist=text, title=text, licence=text, allowed_uses=text)
    source = _open(path, tmp_path)
    first, second, third = source.items()
    assert (first.artist, first.title, first.licence) == ("Ann A.", "Sea", "CC-BY-4.0")
    assert first.allowed_uses == ("match", "train")
    assert first.labels == {}
    assert (second.artist, second.title, second.allowed_uses) == (UNKNOWN_ARTIST, "Untitled (row 1)", ())
    assert second.labels == {"genre": "landscape"}
    with pytest.raises(InputError, match="row 2: the licence 'all mine!'"):
        source.read(third)


def test_a_row_that_names_a_path_does_not_make_us_read_it(tmp_path: Path) -> None:
    secret = tmp_path / "secret.png"
    secret.write_bytes(_picture(77))
    path = _write(tmp_path / "set.parquet", {"image": [{"bytes": None, "path": str(secret)}], "artist": [0]})
    source = _open(path, tmp_path)
    with pytest.raises(InputError, match="row 0: the row carries no picture") as caught:
        source.read(next(source.items()))
    assert caught.value.code == "file-missing"


def test_another_schema_is_refused_by_name(tmp_path: Path) -> None:
    path = _write(tmp_path / "set.parquet", {"image": [{"bytes": _picture(1), "path": None}], "genre": [0]})
    with pytest.raises(InputError, match="missing column artist; found: image, genre") as caught:
        _open(path, tmp_path)
    assert caught.value.code == "dataset-schema"


def test_a_column_image_without_pictures_is_refused(tmp_path: Path) -> None:
    number = datasets.Value("int64")
    path = _write(tmp_path / "set.parquet", {"image": [1], "artist": [0]}, image=number)
    with pytest.raises(InputError) as caught:
        _open(path, tmp_path)
    assert caught.value.code == "dataset-schema"


def test_artists_that_are_numbers_without_names_are_refused(tmp_path: Path) -> None:
    picture = {"bytes": _picture(1), "path": None}
    path = _write(tmp_path / "set.parquet", {"image": [picture], "artist": [3]}, artist=datasets.Value("int64"))
    with pytest.raises(InputError, match="row 0: artist is int, neither text nor a class label"):
        list(_open(path, tmp_path).items())


def test_missing_empty_and_broken_sets(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(NotFoundError, match=r"no \.parquet file") as caught:
        _open(tmp_path / "empty", tmp_path)
    assert caught.value.code == "dataset-missing"
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(b"PAR1 this is not Parquet PAR1")
    with pytest.raises(InputError) as refused:
        _open(broken, tmp_path)
    assert refused.value.code == "dataset-broken"


def test_a_hub_id_without_a_network_is_not_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    with pytest.raises(NotFoundError, match="no/such-set") as caught:
        HuggingFaceSource("no/such-set", cache_folder=tmp_path)
    assert caught.value.code == "dataset-missing"


def test_terms_in_columns_of_other_names_are_kept(tmp_path: Path) -> None:
    text = datasets.Value("string")
    columns: dict[str, list[Any]] = {
        "image": [{"bytes": _picture(1), "path": None}] * 3,
        "creator": ["Ann", "Bob", "Cy"],
        "License URL": ["https://creativecommons.org/licenses/by/4.0/", "", "CC BY"],
        "usage": ["none", "", ""],
        "usage terms": ["", "Ask me " * 300, ""],
        "source": ["a museum", "", ""],
    }
    types = {name: text for name in columns if name != "image"}
    first, second, third = (source := _open(_write(tmp_path / "set.parquet", columns, **types), tmp_path)).items()
    assert (first.artist, first.licence, first.allowed_uses) == ("Ann", "CC-BY-4.0", ())
    assert first.labels == {"source": "a museum"}
    assert second.credit.terms == ("Ask me " * 300).strip()
    with pytest.raises(InputError) as caught:
        source.read(third)
    assert "CC-BY-4.0" in (caught.value.hint or "")


def test_a_column_that_resembles_terms_refuses_the_set(tmp_path: Path) -> None:
    columns: dict[str, list[Any]] = {
        "image": [{"bytes": _picture(1), "path": None}],
        "artist": [0],
        "lisence": ["CC0-1.0"],
    }
    path = _write(tmp_path / "set.parquet", columns, lisence=datasets.Value("string"))
    with pytest.raises(InputError) as caught:
        _open(path, tmp_path)
    assert caught.value.code == "dataset-schema"
    assert "Did you mean licence?" in (caught.value.hint or "")


def test_nested_columns_are_no_labels_and_no_terms(tmp_path: Path) -> None:
    columns: dict[str, list[Any]] = {
        "image": [{"bytes": _picture(1), "path": None}],
        "artist": [0],
        "objects": [{"boxes": [[1, 2], [3]], "names": ["a"]}],
    }
    nested = {
        "boxes": datasets.List(datasets.List(datasets.Value("int64"))),
        "names": datasets.List(datasets.Value("string")),
    }
    (item,) = _open(_write(tmp_path / "set.parquet", columns, objects=nested), tmp_path).items()
    assert item.labels == {}
    columns["license"] = columns.pop("objects")
    source = _open(_write(tmp_path / "terms.parquet", columns, license=nested), tmp_path)
    with pytest.raises(InputError, match="license is dict, neither text nor a class label") as caught:
        list(source.items())
    assert caught.value.code == "dataset-schema"


def test_a_set_of_addresses_is_not_fetched(tmp_path: Path) -> None:
    path = _write(tmp_path / "set.parquet", {"URL": ["https://a/1"], "artist": [0]}, URL=datasets.Value("string"))
    with pytest.raises(InputError, match="missing column image") as caught:
        _open(path, tmp_path)
    assert "webdataset:PATH" in (caught.value.hint or "")
