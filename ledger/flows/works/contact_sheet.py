"""Contact sheets: pages of small pictures with captions, one row for each group, so that people can compare them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import count, takewhile
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from ledger.image.canonical_image import Pixels
from ledger.text import clean_text

COLUMNS = 5
"""Pictures side by side. A larger group continues on the next line of its row."""
PAGE_HEIGHT = 3000
"""A new page begins after so many pixels."""
_SIDE = 200
_CELL = 288
_MARGIN = 16
_LINE = 16
_HEADING = 30
_INK, _QUIET, _RULE = (20, 20, 20), (110, 110, 110), (200, 200, 200)

FONTS = ("DejaVuSans.ttf", "NotoSans-Regular.ttf", "LiberationSans-Regular.ttf", "Arial.ttf", "arial.ttf")
"""File names that Pillow looks for in the system's folders. The first one found is used."""

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@dataclass(frozen=True, slots=True)
class Cell:
    captions: tuple[str, ...]
    """Lines below the picture, cut where they are too long."""
    picture: Callable[[], Pixels | None]
    """Called when its page is drawn; returns None where the picture is no longer kept."""


@dataclass(frozen=True, slots=True)
class Row:
    heading: str
    cells: tuple[Cell, ...]


def draw_sheets(rows: Sequence[Row], folder: Path, name: str) -> list[Path]:
    """Writes `<name>-1.png`, `<name>-2.png`, ..., removes further sheets of an earlier run, and returns the paths.

    A row is never divided between pages, however tall it is. Raises OSError where the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number, page in enumerate(_pages(rows), start=1):
        path = folder / f"{name}-{number}.png"
        _draw(page).save(path, "PNG")
        paths.append(path)
    stale = (folder / f"{name}-{number}.png" for number in count(len(paths) + 1))
    for path in takewhile(Path.exists, stale):
        path.unlink()
    return paths


def _pages(rows: Iterable[Row]) -> Iterator[list[Row]]:
    page: list[Row] = []
    height = 0
    for row in rows:
        if page and height + _height(row) > PAGE_HEIGHT:
            yield page
            page, height = [], 0
        page.append(row)
        height += _height(row)
    if page:
        yield page


def _height(row: Row) -> int:
    lines = -(-len(row.cells) // COLUMNS)
    return _HEADING + lines * _cell_height(row) + _MARGIN


def _cell_height(row: Row) -> int:
    return _SIDE + _LINE * max((len(cell.captions) for cell in row.cells), default=0) + _MARGIN


def _draw(page: Sequence[Row]) -> Image.Image:
    sheet = Image.new("RGB", (COLUMNS * _CELL + 2 * _MARGIN, sum(map(_height, page)) + _MARGIN), "white")
    pen = ImageDraw.Draw(sheet)
    heading, caption = _font(15), _font(12)
    top = _MARGIN
    for row in page:
        pen.line((_MARGIN, top, sheet.width - _MARGIN, top), _RULE)
        pen.text((_MARGIN, top + 7), _fitting(row.heading, heading, sheet.width - 2 * _MARGIN), _INK, heading)
        for number, cell in enumerate(row.cells):
            left = _MARGIN + number % COLUMNS * _CELL
            _draw_cell(sheet, pen, cell, (left, top + _HEADING + number // COLUMNS * _cell_height(row)), caption)
        top += _height(row)
    return sheet


def _draw_cell(sheet: Image.Image, pen: ImageDraw.ImageDraw, cell: Cell, place: tuple[int, int], font: Font) -> None:
    left, top = place
    pixels = cell.picture()
    if pixels is not None:
        picture = Image.fromarray(pixels)
        picture.thumbnail((_SIDE, _SIDE))
        sheet.paste(picture, place)
        pen.rectangle((left - 1, top - 1, left + picture.width, top + picture.height), outline=_RULE)
    else:
        pen.text((left, top + _SIDE // 2), "no picture", _QUIET, font)
    for number, text in enumerate(cell.captions):
        line = _fitting(text, font, _CELL - _MARGIN)
        pen.text((left, top + _SIDE + 4 + number * _LINE), line, _INK if number == 0 else _QUIET, font)


@cache
def _font(size: int) -> Font:
    """One of the machine's fonts, because Pillow's own font has no accents; Pillow's own where none is installed."""
    for name in FONTS:
        try:
            return ImageFont.truetype(name, size)
        except OSError:
            continue
    return ImageFont.load_default(size)


def _fitting(text: str, font: Font, width: int) -> str:
    """One line, cut to the width. Letters that the font lacks show as boxes; the id below identifies the work."""
    line = clean_text(text)
    if font.getlength(line) <= width:
        return line
    while line and font.getlength(line + "…") > width:
        line = line[:-1]
    return line + "…"
