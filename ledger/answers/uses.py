"""Uses of an artist's works as rows, the same in JSON, JSON Lines and CSV; and statements that count them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable

from ledger.answers.answer import Answer, JsonObject, Links
from ledger.answers.records import RecordAnswer
from ledger.match.lists import Relation, Verdict
from ledger.record.predicates import Guard
from ledger.record.usage import Origin

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class UseRow(Answer):
    """One record in which works of the artist were matched, by the nearest of them (ledger/record/usage.py)."""

    leaf_index: int
    record_id: str
    kind: str
    generated_at: str
    verdict: Verdict
    generator_id: str | None
    """Model id; null for verifications, as are the next two."""
    origin_of_image: Origin | None
    """`service`, or `reported`: an operator's word."""
    guard: Guard | None
    work_id: str
    title: str
    """Empty where it was erased."""
    withdrawn: bool
    """Whether the work has been withdrawn since."""
    relation: Relation
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


class UsePage(Answer):
    """Uses in the order of the log."""

    artist_id: str
    uses: tuple[UseRow, ...]
    next_after: int | None
    """Goes on (`after=`); null at the end."""


class UsageAnswer(Answer):
    """A statement of use, and its record on the log: counts, not debts."""

    statement: JsonObject
    sha256: str
    """Of the statement's file, which is the record's subject."""
    record: RecordAnswer
    links: Links


def as_csv(rows: Iterable[UseRow], *, header: bool = True) -> str:
    """RFC 4180, `true` and `false` as in JSON, nothing where it is null. A title that a spreadsheet would run as a
    formula gets an apostrophe before it."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    if header:
        writer.writerow(UseRow.model_fields)
    writer.writerows([_cell(value) for _, value in row] for row in rows)
    return buffer.getvalue()


def as_json_lines(rows: Iterable[UseRow]) -> str:
    """One object a line, ASCII only."""
    return "".join(json.dumps(row.to_json()) + "\n" for row in rows)


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
