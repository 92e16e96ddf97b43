"""Label files: artist and terms of each picture, as CSV (RFC 4180, with a header) or JSON Lines.

Columns: `file`, `title`, `artist` (required), `licence`, `source`, `allowed_uses`, `credit_line`, `link`, `terms`, or
what people write for them (columns.py). Any other column is kept as a label.
A problem of the whole file (encoding, header, JSON syntax, an endless row) raises an error that names the line. A
problem of one row is returned as a `BadRow`, so that one mistake does not stop a corpus of thousands.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path

from ledger.corpus.columns import STATE_TERMS, meanings, one_value
from ledger.corpus.credit import read_terms
from ledger.corpus.files import relative_key
from ledger.corpus.label_cells import csv_rows, without_empty_end
from ledger.corpus.label_lines import LabelLines
from ledger.corpus.licences import UNKNOWN_LICENCE, parse_licence
from ledger.corpus.unknown_artists import artist_name
from ledger.corpus.work import ALL_USES, NO_CREDIT, AllowedUse, Credit
from ledger.errors import InputError
from ledger.files import open_regular
from ledger.text import clean_text

NEEDED = ("file", "title", "artist")
KNOWN = (*NEEDED, "licence", "source", "allowed_uses")
UNSTATED_USES: tuple[AllowedUse, ...] = ("match",)
"""Allowed uses if none are stated: the work may be compared, but not trained on or imitated."""
MAX_BAD_ROWS = 10_000
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
    untitled: bool = False
    """Whether the column `title` may be missing."""

    @property
    def needed(self) -> Sequence[str]:
        missing = {"title": self.untitled, "artist": bool(self.artist)}
        return [name for name in NEEDED if not missing.get(name)]


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
    `labels-row-too-large`, `labels-too-large`.
    """
    try:
        with open_regular(path) as file:
            lines = LabelLines(file, path.name)
            is_json = path.suffix.lower() in (".jsonl", ".ndjson", ".json")
            bad = 0
            for row in _json_rows(lines, unstated) if is_json else _csv_rows(lines, unstated):
                bad += isinstance(row, BadRow)
                if isinstance(row, BadRow) and bad > MAX_BAD_ROWS:
                    raise lines.syntax(f"more than {MAX_BAD_ROWS:,} rows cannot be used. Here: {row.error.message}")
                yield row
    except OSError as error:
        raise InputError(f"the label file {path} cannot be read: {error}", code="labels-missing") from error


def _csv_rows(lines: LabelLines, unstated: Unstated) -> Iterator[LabelRow | BadRow]:
    header: list[str] | None = None
    for cells in csv_rows(lines):
        if header is None:
            header = without_empty_end([clean_text(cell, 60).lower() for cell in cells])
            _require_columns(header, lines.name, unstated.needed)
        elif what := _unusable(header, cells, unstated.needed):
            yield BadRow(lines.number, clean_text(cells[0], 80), InputError(what, code="labels-row"))
        else:
            values: dict[str, object] = {name: cell for name, cell in zip_longest(header, cells, fillvalue="") if name}
            yield _row(lines.number, values, unstated)
    if header is None:
        _require_columns([], lines.name, unstated.needed)


def _unusable(header: Sequence[str], cells: Sequence[str], needed: Sequence[str]) -> str | None:
    """Why a row does not fit the header. It may lack optional columns at its end, and have a number in front."""
    filled = len(without_empty_end(cells))
    last = max(header.index(meanings(tuple(header))[column][0]) for column in needed)
    if filled > len(header) or len(cells) <= last:
        return f"{len(cells)} fields where the header has {len(header)}"
    if any(cell.strip() for name, cell in list(zip(header, cells, strict=False))[1:] if not name):
        return "a field stands in a column without a name"
    return None


def _require_columns(header: Sequence[str], name: str, needed: Sequence[str]) -> None:
    if twice := sorted({column for column in header if column and header.count(column) > 1}):
        raise InputError(f"{name}: the column {twice[0]!r} appears twice", code="labels-columns")
    try:
        known = meanings(tuple(header))
    except InputError as error:
        raise InputError(f"{name}: {error.message}", code=error.code, hint=error.hint) from error
    missing = [column for column in needed if column not in known]
    if missing:
        found = ", ".join(header[:20]) or "nothing"
        raise InputError(
            f"{name}: missing column{'s' if len(missing) > 1 else ''} {', '.join(missing)}; found: {clean_text(found)}",
            code="labels-columns",
            hint=f"The first line names the columns: {','.join(KNOWN)} (the first three are needed)",
        )


def _json_rows(lines: LabelLines, unstated: Unstated) -> Iterator[LabelRow | BadRow]:
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


def _row(line: int, written: Mapping[str, object], unstated: Unstated) -> LabelRow | BadRow:
    file = ""
    try:
        file = next((str(written[name] or "") for name in meanings(tuple(written)).get("file", ())), "")
        values, rest = by_meaning(written)
        licence, credit = stated_terms(values, unstated)
        return LabelRow(
            line=line,
            file=relative_key(_text(values, "file", clean=False)),
            title=_text(values, "title"),
            artist=unstated.artist or artist_name(_text(values, "artist", clean=False)),
            licence=licence,
            source=_text(values, "source"),
            allowed_uses=parse_uses(values.get("allowed_uses"), unstated.allowed_uses),
            labels=_labels(rest),
            credit=credit,
        )
    except InputError as error:
        return BadRow(line, clean_text(file, 80), error)


def by_meaning(written: Mapping[str, object]) -> tuple[dict[str, object], dict[str, object]]:
    """The values by the meaning of their columns, and those of all other columns.

    Raises InputError: `labels-columns` (columns.py), `labels-row` where two columns that state terms differ.
    """
    known = meanings(tuple(written))
    values: dict[str, object] = {}
    for meaning, names in known.items():
        said = [name for name in names if not _is_blank(written[name])]
        if meaning in STATE_TERMS and len(said) > 1:
            _require_agreement(meaning, [written[name] for name in said])
        values[meaning] = written[(said or names)[0]]
    used = {name for meaning, names in known.items() for name in (names if meaning in STATE_TERMS else names[:1])}
    return values, {name: value for name, value in written.items() if name not in used}


def _is_blank(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _require_agreement(meaning: str, said: Sequence[object]) -> None:
    def plain(value: object) -> str:
        if meaning == "allowed_uses":
            return "|".join(parse_uses(value)) or "none"
        try:
            return parse_licence(str(value)) if meaning == "licence" else str(value).strip()
        except InputError:
            return str(value).strip()

    one_value(meaning, map(plain, said))


def stated_terms(values: Mapping[str, object], unstated: Unstated = NOTHING_STATED) -> tuple[str, Credit]:
    """Licence and credit of a row (`by_meaning`). A row with its own terms does not get the default licence."""
    licence, terms = _text(values, "licence", clean=False), _text(values, "terms", clean=False)
    if licence and terms and _same_licence(licence, terms):
        terms = ""
    general = unstated.credit
    line = _text(values, "credit_line") or general.line
    link = _text(values, "link", clean=False) or general.link
    return (
        read_terms(licence, line, link, terms)
        if licence or terms
        else read_terms("" if general.terms else unstated.licence, line, link, general.terms)
    )


def _same_licence(licence: str, terms: str) -> bool:
    """Whether the terms only name the licence again, as the `UsageTerms` of Wikimedia Commons do."""
    try:
        return parse_licence(licence) == parse_licence(terms)
    except InputError:
        return False


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
        if not column or value is None:
            continue
        if isinstance(value, dict):
            raise InputError(f"the label {column!r} must be text, a number or a list", code="labels-row")
        parts = value if isinstance(value, list) else [value]
        if text := clean_text("; ".join(map(str, parts)), MAX_LABEL_LENGTH):
            labels[column] = text
    if len(labels) > MAX_LABELS:
        raise InputError(f"more than {MAX_LABELS} labels", code="labels-row")
    return labels
