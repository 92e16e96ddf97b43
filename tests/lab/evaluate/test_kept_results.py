"""What was measured before an interruption is still there after it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.errors import InputError
from ledger.lab.evaluate.kept_results import Shelf


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "shelf.jsonl"


def fill(path: Path, **values: object) -> None:
    with Shelf(path, {"spec": 1}) as shelf:
        for key, value in values.items():
            shelf.put(key, value)


def test_values_come_back(path: Path) -> None:
    fill(path, a={"x": [1, 2.5]}, b=None)
    with Shelf(path, {"spec": 1}) as shelf:
        assert shelf["a"] == {"x": [1, 2.5]}
        assert "b" in shelf
        assert shelf["b"] is None
        assert "c" not in shelf


def test_the_last_value_of_a_key_counts(path: Path) -> None:
    fill(path, a=1)
    fill(path, a=2)
    with Shelf(path, {"spec": 1}) as shelf:
        assert shelf["a"] == 2


@pytest.mark.parametrize("torn", [1, 4, 6])
def test_a_torn_line_is_cut_off_and_written_anew(path: Path, torn: int) -> None:
    fill(path, a=1, b=2)
    path.write_bytes(path.read_bytes()[:-torn])
    with Shelf(path, {"spec": 1}) as shelf:
        assert "a" in shelf
        assert "b" not in shelf
        shelf.put("b", 3)
    with Shelf(path, {"spec": 1}) as shelf:
        assert (shelf["a"], shelf["b"]) == (1, 3)


def test_another_heading_drops_everything(path: Path) -> None:
    fill(path, a=1)
    with Shelf(path, {"spec": 2}) as shelf:
        assert "a" not in shelf
    with Shelf(path, {"spec": 2}) as shelf:
        shelf.put("b", 1)
    assert b'"a"' not in path.read_bytes()


def test_a_file_that_is_no_shelf_is_replaced(path: Path) -> None:
    path.write_bytes(b"\xff\x00 nothing")
    fill(path, a=1)
    with Shelf(path, {"spec": 1}) as shelf:
        assert shelf["a"] == 1


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(InputError) as raised:
        Shelf(tmp_path, {})
    assert raised.value.code == "file-unwritable"
