"""Label files: artist and terms of each picture, as CSV (RFC 4180, with a header) or JSON Lines, in UTF-8.

Columns: `file`, `title`, `artist` (required), `licence`, `source`, `allowed_uses`, `credit_line`, `link`, `terms`. Any
other column is kept as a label.
A problem of the whole file (encoding, header, JSON syntax, an endless row) raises an error that names the line. A
problem of one row is returned as a `BadRow`, so that one mistake does not stop a corpus of thousands.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from ledger.corpus.credit import read_terms
from ledger.corpus.files import relative_key
from ledger.corpus.licences import UNKNOWN_LICENCE
from ledger.corpus.work import ALL_USES, NO_CREDIT, UNKNOWN_ARTIST, AllowedUse, Credit
from ledger.errors import InputError
from ledger.files import open_regular
from ledger.text import clean_text

NEEDED = ("file", "title", "artist")
KNOWN = (*NEEDED, "licence", "source", "allowed_uses")
CREDIT = ("credit_line", "link", "terms")
UNSTATED_USES: tuple[AllowedUse, ...] = ("match",)
"""Allowed uses if none are stated: the work may be compared, but not trained on or imitated."""
MAX_ROW_BYTES = 64 * 1024
MAX_LABELS = 64
MAX_LABEL_LENGTH = 1000


@dataclass(frozen=True, slots=True)
class Unstated:
    """Defaults for rows. For an artist's own folder, the artist states them for all works."""

    artist: str = ""
    """If this is empty, the column `artist` is required."""
    licence: str = UNKNOWN_LICENCE
    allowed_uses: tuple[AllowedUse, ...] = UNSTATED_USES
    credit: Credit = NO_CREDIT

    @property
    def needed(self) -> Sequence[str]:
        return NEEDED[:2] if self.artist else NEEDED


NOTHING_STATED = Unstated()


@dataclass(frozen=True, slots=True)
class LabelRow:
    """One cleaned row. `line`: the line where it ends, counted from 1."""

    line: int
    file: str
    title: str
    artist: str
    licence: str = UNKNOWN_LICENCE
    source: str = ""
    allowed_uses: tuple[AllowedUse, ...] = UNSTATED_USES
    labels: Mapping[str, str] = field(default_factory=dict)
    credit: Credit = NO_CREDIT


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be used. `file`: the file that it names, for the summary."""

    line: int
    file: str
    error: InputError


def read_labels(path: Path, unstated: Unstated = NOTHING_STATED) -> Iterator[LabelRow | BadRow]:
    """The rows of a label file in order; CSV unless the name ends in .jsonl, .ndjson or .json.

    Raises InputError, naming the line: `labels-missing`, `labels-encoding`, `labels-columns`, `labels-syntax`,
    `labels-row-too-large`.
    """
    try:
        with open_regular(path) as file:
            lines = _Lines(file, path.name)
            is_json = path.suffix.lower() in (".jsonl", ".ndjson", ".json")
            yield from _json_rows(lines, unstated) if is_json else _csv_rows(lines, unstated)
    except OSError as error:
        raise InputError(f"the label file {path} cannot be read: {error}", code="labels-missing") from error


class _Lines:
    """Decoded lines of the file; counts them and limits the length of a row."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file = file
        self.name = name
        self.number = 0
        self._row_bytes = 0

    def begin_row(self) -> None:
        self._row_bytes = 0

    def __iter__(self) -> Iterator[str]:
        while line := self._file.readline(MAX_ROW_BYTES + 1):
            self.number += 1
            self._row_bytes += len(line)
            if self._row_bytes > MAX_ROW_BYTES:
                raise InputError(
                    f"{self.name}, line {self.number}: a row is longer than {MAX_ROW_BYTES} bytes",
                    code="labels-row-too-large",
                    hint="Look for a quotation mark that is never closed.",
                )
            yield self._decode(line)

    def _decode(self, line: bytes) -> str:
        if self.number == 1:
            if line.startswith((b"\xff\xfe", b"\xfe\xff")):
                raise self._not_utf8("the file is UTF-16")
            line = line.removeprefix(b"\xef\xbb\xbf")
        try:
            return line.decode()
        except UnicodeDecodeError as error:
            at = error.start
            raise self._not_utf8(f"line {self.number}, byte {at + 1}: 0x{line[at]:02x} is not UTF-8") from error

    def _not_utf8(self, what: str) -> InputError:
        return InputError(f"{self.name}: {what}", code="labels-encoding", hint="Save the label file as UTF-8.")

    def syntax(self, what: str) -> InputError:
        return InputError(f"{self.name}, line {self.number}: {what}", code="labels-syntax")


def _csv_rows(lines: _Lines, unstated: Unstated) -> Iterator[LabelRow | BadRow]:
    reader = csv.reader(iter(lines), strict=True)
    header: list[str] | None = None
    while True:
        lines.begin_row()
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise lines.syntax(f"not CSV: {error}") from error
        if cells is None:
            break
        if not cells:
            continue
        if header is None:
            header = [clean_text(cell, 60).lower() for cell in cells]
            _require_columns(header, lines.name, unstated.needed)
        elif len(cells) != len(header):
            what = f"{len(cells)} fields where the header has {len(header)}"
            yield BadRow(lines.number, clean_text(cells[0], 80), InputError(what, code="labels-row"))
        else:
            yield _row(lines.number, dict(zip(header, cells, strict=True)), unstated)
    if header is None:
        _require_columns([], lines.name, unstated.needed)


def _require_columns(header: Sequence[str], name: str, needed: Sequence[str]) -> None:
    missing = [column for column in needed if column not in header]
    if missing:
        found = ", ".join(header[:20]) or "nothing"
        raise InputError(
            f"{name}: missing column{'s' if len(missing) > 1 else ''} {', '.join(missing)}; found: {clean_text(found)}",
            code="labels-columns",
            hint=f"The first line names the columns: {','.join(KNOWN)} (the first three are needed)",
        )
    if twice := sorted({column for column in header if header.count(column) > 1}):
        raise InputError(f"{name}: the column {twice[0]!r} appears twice", code="labels-columns")


def _json_rows(lines: _Lines, unstated: Unstated) -> Iterator[LabelRow | BadRow]:
    seen = False
    for line in lines:
        lines.begin_row()
        if not line.strip():
            continue
        try:
            values = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise lines.syntax(f"not JSON: {error}") from error
        if not isinstance(values, dict):
            raise lines.syntax("Write one JSON object on each line.")
        values = {clean_text(key, 60).lower(): value for key, value in values.items()}
        if not seen:
            _require_columns(list(values), lines.name, unstated.needed)
            seen = True
        yield _row(lines.number, values, unstated)
    if not seen:
        _require_columns([], lines.name, unstated.needed)


def _row(line: int, values: Mapping[str, object], unstated: Unstated) -> LabelRow | BadRow:
    try:
        licence, credit = _terms(values, unstated)
        return LabelRow(
            line=line,
            file=relative_key(_text(values, "file", clean=False)),
            title=_text(values, "title"),
            artist=unstated.artist or _text(values, "artist") or UNKNOWN_ARTIST,
            licence=licence,
            source=_text(values, "source"),
            allowed_uses=parse_uses(values.get("allowed_uses"), unstated.allowed_uses),
            labels=_labels(values),
            credit=credit,
        )
    except InputError as error:
        return BadRow(line, clean_text(str(values.get("file", "")), 80), error)


def _terms(values: Mapping[str, object], unstated: Unstated) -> tuple[str, Credit]:
    """Licence and credit. A row with its own terms does not get the default licence."""
    licence, terms = _text(values, "licence", clean=False), _text(values, "terms", clean=False)
    general = unstated.credit
    line = _text(values, "credit_line") or general.line
    link = _text(values, "link", clean=False) or general.link
    return (
        read_terms(licence, line, link, terms)
        if licence or terms
        else read_terms("" if general.terms else unstated.licence, line, link, general.terms)
    )


def _text(values: Mapping[str, object], column: str, *, clean: bool = True) -> str:
    value = values.get(column)
    if value is None:
        value = ""
    if not isinstance(value, str):
        raise InputError(f"{column} must be text, not {type(value).__name__}", code="labels-row")
    if column == "file":
        return value
    return clean_text(value) if clean else value.strip()


def parse_uses(value: object, unstated: tuple[AllowedUse, ...] = UNSTATED_USES) -> tuple[AllowedUse, ...]:
    """Allowed uses from a cell (`match|train`, or separated by `;` or spaces; `none`) or a JSON list; default: `match`.

    Raises InputError (`allowed-uses`).
    """
    if value is None or value == "":
        return unstated
    words: Sequence[object]
    if isinstance(value, str):
        words = [word for word in re.split(r"[|;,\s]+", value.strip().lower()) if word]
        if not words:
            return unstated
        if words == ["none"]:
            return ()
    elif isinstance(value, list):
        words = value
    else:
        words = [value]
    if unknown := [word for word in words if word not in ALL_USES]:
        raise InputError(
            f"unknown use {clean_text(str(unknown[0]), 40)!r}",
            code="allowed-uses",
            hint=f"Write any of {', '.join(ALL_USES)}, or `none`.",
        )
    return tuple(use for use in ALL_USES if use in words)


def _labels(values: Mapping[str, object]) -> dict[str, str]:
    labels: dict[str, str] = {}
    for column, value in values.items():
        if column in (*KNOWN, *CREDIT) or not column or value is None:
            continue
        if isinstance(value, dict):
            raise InputError(f"the label {column!r} must be text, a number or a list", code="labels-row")
        parts = value if isinstance(value, list) else [value]
        if text := clean_text("; ".join(map(str, parts)), MAX_LABEL_LENGTH):
            labels[column] = text
    if len(labels) > MAX_LABELS:
        raise InputError(f"more than {MAX_LABELS} labels", code="labels-row")
    return labels
