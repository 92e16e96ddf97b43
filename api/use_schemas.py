"""The JSON of uses and statements of use, closed as all of `/v1`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from api.schemas import Closed, IdText, Page, RecordBody
from ledger.match.lists import Relation


class UseBody(Closed):
    """A record in which works of the artist were matched, by the nearest of them. `share`: the artist's in the record,
    of all their works together; `contested_share`: of works that others registered too. `counted`: p <= alpha;
    statements of use count these rows and sum their shares. `works`: how many of the artist's works the record names,
    as far as they fit."""

    leaf_index: int
    record_id: str
    kind: str
    generated_at: str
    verdict: str
    generator_id: str | None
    origin_of_image: str | None
    guard: str | None
    work_id: str
    title: str
    withdrawn: bool
    relation: str
    score: str
    p_value: str
    n_null: int
    works: int
    share: str
    contested_share: str
    counted: bool


class UsePageBody(Closed):
    """Uses by leaf index. `next_after` goes on (`after=`), null at the end."""

    artist_id: str
    uses: list[UseBody]
    next_after: int | None


class UsageBody(Closed):
    """A statement of use: counts, not debts. `sha256` is its file's, the subject of its record."""

    statement: dict[str, Any]
    sha256: str
    record: RecordBody
    links: dict[str, str]


TimeText = Annotated[str, Field(max_length=24, description="A date, or a time like 2026-01-31T23:59:59.999Z.")]


class UseFilterQuery(Page):
    kind: Literal["verification", "generation"] | None = None
    relation: Relation | None = None
    work_id: IdText | None = None
    generator_id: IdText | None = None
    max_p: Annotated[float, Field(ge=0, le=1)] | None = None
    since: TimeText | None = None
    until: TimeText | None = None
    format: Literal["json", "csv", "jsonl"] | None = None


class PeriodQuery(Closed):
    """since <= time < until"""

    since: TimeText
    until: TimeText
