"""Uses of an artist's works as rows, the same in JSON, JSON Lines and CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from typing import Any

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class UseRow:
    """One record in which works of the artist were matched, by the nearest of them (ledger/record/usage.py)."""

    leaf_index: int
    record_id: str
    kind: str
    generated_at: str
    verdict: str
    generator_id: str | None
    """Model id; None for verifications, as are the next two."""
    origin_of_image: str | None
    """`service`, or `reported`: an operator's word."""
    guard: str | None
    work_id: str
    title: str
    """Empty where it was erased."""
    withdrawn: bool
    """Whether the work has been withdrawn since."""
    relation: str
    score: str
    p_value: str
    n_null: int
    works: int
    """How many of the artist's works the record names and the filter lets through."""
    share: str
    """The artist's in the record, of all their works together."""
    contested_share: str
    """Of works that others registered too: it belongs to all of them together."""
    counted: bool
    """Whether p <= alpha: statements of use count these rows and sum their shares."""


@dataclass(frozen=True, slots=True)
class UsePage:
    """Uses in the order of the log; `next_after` continues (`after=`), None at the end."""

    artist_id: str
    uses: tuple[UseRow, ...]
    next_after: int | None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def as_csv(rows: Iterable[UseRow], *, header: bool = True) -> str:
    """RFC 4180, `true` and `false` as in JSON, nothing where it is null. A title that a spreadsheet would run as a
    formula gets an apostrophe before it."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    if header:
        writer.writerow(field.name for field in fields(UseRow))
    writer.writerows([_cell(value) for value in asdict(row).values()] for row in rows)
    return buffer.getvalue()


def as_json_lines(rows: Iterable[UseRow]) -> str:
    """One object a line, ASCII only."""
    return "".join(json.dumps(asdict(row)) + "\n" for row in rows)


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
