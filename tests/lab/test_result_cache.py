"""What was measured before an interruption is still there after it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.errors import InputError
from ledger.lab.result_cache import ResultCache


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cache.jsonl"


def fill(path: Path, **values: object) -> None:
    with ResultCache(path, {"spec": 1}) as cache:
        for key, value in values.items():
            cache.put(key, value)


def test_values_come_back(path: Path) -> None:
    fill(path, a={"x": [1, 2.5]}, b=None)
    with ResultCache(path, {"spec": 1}) as cache:
        assert cache["a"] == {"x": [1, 2.5]}
        assert "b" in cache
        assert cache["b"] is None
        assert "c" not in cache


def test_the_last_value_of_a_key_counts(path: Path) -> None:
    fill(path, a=1)
    fill(path, a=2)
    with ResultCache(path, {"spec": 1}) as cache:
        assert cache["a"] == 2


@pytest.mark.parametrize("torn", [1, 4, 6])
def test_a_torn_line_is_cut_off_and_written_anew(path: Path, torn: int) -> None:
    fill(path, a=1, b=2)
    path.write_bytes(path.read_bytes()[:-torn])
    with ResultCache(path, {"spec": 1}) as cache:
        assert "a" in cache
        assert "b" not in cache
        cache.put("b", 3)
    with ResultCache(path, {"spec": 1}) as cache:
        assert (cache["a"], cache["b"]) == (1, 3)


def test_another_heading_drops_everything(path: Path) -> None:
    fill(path, a=1)
    with ResultCache(path, {"spec": 2}) as cache:
        assert "a" not in cache
    with ResultCache(path, {"spec": 2}) as cache:
        cache.put("b", 1)
    assert b'"a"' not in path.read_bytes()


def test_a_file_that_is_no_shelf_is_replaced(path: Path) -> None:
    path.write_bytes(b"\xff\x00 nothing")
    fill(path, a=1)
    with ResultCache(path, {"spec": 1}) as cache:
        assert cache["a"] == 1


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(InputError) as raised:
        ResultCache(tmp_path, {})
    assert raised.value.code == "file-unwritable"
