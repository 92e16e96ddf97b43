"""Rows of a CSV file as spreadsheets write it: with commas, semicolons or tabs, `sep=` lines and empty rows."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from itertools import chain

from ledger.corpus.columns import is_known
from ledger.corpus.label_lines import LabelLines

DELIMITERS = (",", ";", "\t")
_SEPARATOR_LINE = re.compile(r'"?sep=([,;\t|])"?[,;\t|]*\s*', re.IGNORECASE)
"""The first line that some spreadsheets write to name the delimiter."""
_ERRORS = {
    "unexpected end of data": "a quotation mark is never closed",
    "line contains NUL": "the line has a zero byte, which no text has",
}


def csv_rows(lines: LabelLines) -> Iterator[list[str]]:
    """The cells of each row that has any, the header included. Raises InputError (`labels-syntax`)."""
    first, delimiter = _dialect(iter(lines))
    reader = csv.reader(first, strict=True, delimiter=delimiter)
    while True:
        lines.begin_row()
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise lines.syntax(_ERRORS.get(str(error), f"not CSV: {error}")) from error
        if cells is None:
            return
        if any(cell.strip() for cell in cells):
            yield cells


def without_empty_end(cells: Sequence[str]) -> list[str]:
    """The cells up to the last one that is not blank."""
    end = len(cells)
    while end and not cells[end - 1].strip():
        end -= 1
    return list(cells[:end])


def _dialect(lines: Iterator[str]) -> tuple[Iterator[str], str]:
    """All lines but one that only names the delimiter (`sep=;`), and the delimiter."""
    first = next((line for line in lines if line.strip()), "")
    if named := _SEPARATOR_LINE.fullmatch(first):
        return lines, named[1]
    known = {mark: sum(is_known(cell.strip().strip('"')) for cell in first.split(mark)) for mark in DELIMITERS}
    return chain([first], lines), max(DELIMITERS, key=lambda mark: known[mark])
