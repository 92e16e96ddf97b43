"""Contact sheets: every work is on a page, pages stay of a size, and nothing of an earlier run is left."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ledger.flows.works.contact_sheet import COLUMNS, PAGE_HEIGHT, Cell, Row, draw_sheets
from ledger.image.canonical_image import Pixels

COLOURS = [(200, 30, 30), (30, 160, 40), (40, 50, 200), (200, 180, 20), (150, 40, 160), (20, 170, 180), (90, 60, 20)]


def plain(colour: tuple[int, int, int]) -> Pixels:
    return np.full((120, 180, 3), colour, np.uint8)


def row(colours: list[tuple[int, int, int]], title: str = "Title") -> Row:
    captions = (title, "Artist", "01a2052b-6495-75f8-b4be-02c45d49d33a")
    return Row(f"{title}: {len(colours)} works", tuple(Cell(captions, lambda c=c: plain(c)) for c in colours))  # type: ignore[misc]  # a default binds the loop's value


def shown(path: Path) -> set[tuple[int, int, int]]:
    with Image.open(path) as sheet:
        return {colour for colour in COLOURS if (np.asarray(sheet) == colour).all(axis=2).sum() > 10_000}


def test_a_large_group_goes_on_in_the_next_line(tmp_path: Path) -> None:
    assert len(COLOURS) > COLUMNS
    (path,) = draw_sheets([row(COLOURS)], tmp_path / "new" / "folder", "copies")
    assert shown(path) == set(COLOURS)


def test_many_groups_are_paged_and_no_page_of_an_earlier_run_stays(tmp_path: Path) -> None:
    rows = [row([COLOURS[number % 7], COLOURS[(number + 1) % 7]]) for number in range(25)]
    paths = draw_sheets(rows, tmp_path, "copies")
    assert [path.name for path in paths] == ["copies-1.png", "copies-2.png", "copies-3.png"]
    for path in paths:
        with Image.open(path) as sheet:
            assert sheet.height <= PAGE_HEIGHT + 16
    (tmp_path / "copies-of-mine.png").write_bytes(b"")
    draw_sheets(rows[:2], tmp_path, "copies")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copies-1.png", "copies-of-mine.png"]


@pytest.mark.parametrize("title", ["", "x" * 5_000, "\u202eabc\x00\x1b[31m", "星 Звезда Žižek", "line\nbreak"])
def test_any_title_can_be_drawn(title: str, tmp_path: Path) -> None:
    (path,) = draw_sheets([row(COLOURS[:2], title)], tmp_path, "copies")
    assert shown(path) == set(COLOURS[:2])


def test_a_work_without_a_picture_has_its_place(tmp_path: Path) -> None:
    gone = Row("one of two", (Cell(("a",), lambda: None), Cell(("b",), lambda: plain(COLOURS[0]))))
    (path,) = draw_sheets([gone], tmp_path, "copies")
    assert shown(path) == {COLOURS[0]}


def test_without_groups_there_is_no_sheet(tmp_path: Path) -> None:
    assert draw_sheets([], tmp_path, "copies") == []
