"""What comes back to artists: where their works came up, and signed statements that count it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from api.http.access import Caller
from api.http.context import Here, Id, Sha256
from api.http.negotiation import weights
from api.http.openapi import content, problems
from api.requests import PeriodQuery, UseFilterQuery
from ledger.answers.uses import UsageAnswer, UsePage, as_csv, as_json_lines
from ledger.flows.people.usage import moment
from ledger.record.usage import UseFilter

JSON, CSV, JSON_LINES = "application/json", "text/csv", "application/jsonl"
_FORMS = {"json": JSON, "csv": CSV, "jsonl": JSON_LINES}
_ACCEPTED = {JSON: JSON, CSV: CSV, JSON_LINES: JSON_LINES, "application/x-ndjson": JSON_LINES}
_LINES: dict[str, Any] = {CSV: {"schema": {"type": "string"}}, JSON_LINES: {"schema": {"type": "string"}}}

router = APIRouter(tags=["artists"])


@router.get(
    "/v1/artists/{artist_id}/uses",
    response_model=UsePage,
    summary="Records in which works of an artist were matched",
    responses={200: {"content": _LINES}, **problems(404, 422)},
)
def list_uses(
    here: Here, request: Request, response: Response, artist_id: Id, query: Annotated[UseFilterQuery, Query()]
) -> UsePage | Response:
    """A row for each record, by the nearest of the artist's works that fits all filters. Also as CSV and JSON Lines, by
    `format` or `Accept`; `Link` then leads to the next page, as it does for JSON."""
    wanted = UseFilter(
        kind=query.kind,
        generator_id=query.generator_id,
        since=None if query.since is None else moment(query.since),
        until=None if query.until is None else moment(query.until),
        relation=query.relation,
        work_id=query.work_id,
        max_p=query.max_p,
    )
    page = here.application.people.uses.page(artist_id, wanted, after=query.after, limit=query.limit)
    headers = {"Vary": "Accept"}
    if page.next_after is not None:
        following = request.url.include_query_params(after=page.next_after)
        headers["Link"] = f'<{following.path}?{following.query}>; rel="next"'
    form = _FORMS[query.format] if query.format is not None else _preferred(request.headers.get("accept", ""))
    if form == JSON:
        response.headers.update(headers)
        return page
    text = as_csv(page.uses) if form == CSV else as_json_lines(page.uses)
    return Response(text, media_type=form, headers=headers)


def _preferred(accept: str) -> str:
    """The form with the highest weight in an Accept header (RFC 9110 section 12.5.1); where none is known, JSON."""
    best, found = 0.0, JSON
    for name, quality in weights(accept):
        if name in _ACCEPTED and quality > best:
            best, found = quality, _ACCEPTED[name]
    return found


@router.post(
    "/v1/artists/{artist_id}/usage",
    status_code=201,
    summary="Make a signed statement of use for a period",
    responses={
        200: {"model": UsageAnswer, "description": "Nothing that counts was added since"},
        **problems(404, 422, 503),
    },
)
async def make_statement(
    here: Here, caller: Caller, response: Response, artist_id: Id, query: Annotated[PeriodQuery, Query()]
) -> UsageAnswer:
    """Counts, not debts: the records made from `since` to before `until`, which has passed. For the artist, and for
    administrators; anybody can count again from the published log."""
    if caller.role != "administrator":
        caller.require_account(artist_id)
    start, end = moment(query.since), moment(query.until)
    made = await here.workers.run(lambda: here.application.people.usage.make(artist_id, start, end))
    response.status_code = 200 if made.record.repeated else 201
    response.headers["Location"] = made.links["statement"]
    return made


@router.get(
    "/v1/usages/{digest}",
    response_class=Response,
    summary="A statement of use",
    responses=content(JSON, "RFC 8785 bytes") | problems(404, 422),
)
def get_statement(here: Here, digest: Sha256) -> Response:
    """The bytes whose SHA-256 is `digest`, for `artledger audit usage`."""
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(here.application.people.usage.document(digest), media_type=JSON, headers=headers)
