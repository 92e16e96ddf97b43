"""The desk's pages. What they change goes through the HTTP interface, signed in the browser."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from api.desk.visitor import Visitor, sign_in_page, visitor_of
from api.http.access import Caller
from api.http.bodies import read_fields
from api.http.context import Here, Id
from api.pages.views import page
from api.requests import Page
from ledger.canonical import MAX_INTEGER
from ledger.errors import AccessError, InputError

NOTICES_ON_DESK = 8
NOTICES_PER_PAGE = 50
WORKS_PER_PAGE = 48
WORKS_TO_CLAIM = 200
"""Works of one's own that a claim offers to choose from, the first ones."""
LICENCES = ("CC-BY-4.0", "CC-BY-SA-4.0", "CC-BY-NC-4.0", "CC-BY-NC-ND-4.0", "CC0-1.0")

router = APIRouter(include_in_schema=False)
Chosen = Annotated[str, Query(max_length=64, pattern="^[0-9a-f-]*$")]


@router.get("/me")
def show_desk(request: Request, here: Here, caller: Caller, erased: bool = False) -> Response:
    """What concerns the visitor, and what they can do."""
    visitor = visitor_of(here, caller)
    if visitor is None:
        return sign_in_page(request, "Everything that was kept of you is erased." if erased else "", following="/me")
    inbox, account_id = here.application.people.inbox, visitor.account.account_id
    return _page("desk", visitor, notices=inbox.newest(account_id, NOTICES_ON_DESK), unread=inbox.unread(account_id))


@router.get("/me/inbox")
def show_inbox(
    request: Request, here: Here, caller: Caller, before: Annotated[int | None, Query(ge=0, le=MAX_INTEGER)] = None
) -> Response:
    """Everything that the visitor is told of, the newest first."""
    visitor = visitor_of(here, caller)
    if visitor is None:
        return sign_in_page(request)
    inbox, account_id = here.application.people.inbox, visitor.account.account_id
    notices = inbox.newest(account_id, NOTICES_PER_PAGE + 1, before)
    return _page(
        "inbox",
        visitor,
        notices=notices[:NOTICES_PER_PAGE],
        before=notices[NOTICES_PER_PAGE - 1].leaf_index if len(notices) > NOTICES_PER_PAGE else None,
        first=before is None,
        newest=notices[0].leaf_index if notices else -1,
        unread=inbox.unread(account_id),
    )


@router.post("/me/inbox/read")
async def read_inbox(request: Request, here: Here, caller: Caller) -> Response:
    """Marks what the page showed, and everything before, as read."""
    fields = await read_fields(request)
    try:
        through = int(fields["through"])
    except (KeyError, ValueError) as error:
        raise InputError("the form has no number in `through`", code="bad-request") from error
    account_id = caller.account_id
    if account_id is None:
        raise AccessError("this needs an account", code="token-required", hint="Sign in at /me")
    bounded = max(-1, min(through, MAX_INTEGER))
    await here.quick.run(lambda: here.application.people.inbox.read(account_id, bounded))
    return RedirectResponse("/me/inbox", 303)


@router.get("/me/key")
def show_key(request: Request, here: Here, caller: Caller, made: bool = False) -> Response:
    """The visitor's keys; a key is made in the browser."""
    visitor = visitor_of(here, caller)
    return sign_in_page(request) if visitor is None else _page("key", visitor, keys=visitor.keys, made=made)


@router.get("/me/register")
def show_register(request: Request, here: Here, caller: Caller) -> Response:
    """Pictures to register, many at once."""
    visitor = visitor_of(here, caller)
    if visitor is None:
        return sign_in_page(request)
    _require_artist(visitor)
    return _page("register", visitor, max_bytes=here.application.settings.max_image_bytes, licences=LICENCES)


@router.get("/me/works")
def show_own_works(request: Request, here: Here, caller: Caller, query: Annotated[Page, Query()]) -> Response:
    """The visitor's works, page by page."""
    visitor = visitor_of(here, caller)
    if visitor is None:
        return sign_in_page(request)
    _require_artist(visitor)
    works = here.application.works.catalogue.works(visitor.account.account_id, after=query.after, limit=WORKS_PER_PAGE)
    return _page("works", visitor, works=works, first=query.after < 0)


@router.get("/me/works/{work_id}")
def show_own_work(*, request: Request, here: Here, caller: Caller, work_id: Id, recorded: bool = False) -> Response:
    """One work of the visitor: its terms, and its withdrawal."""
    visitor = visitor_of(here, caller)
    if visitor is None:
        return sign_in_page(request)
    work = here.application.works.catalogue.work(work_id)
    if work.artist_id != visitor.account.account_id:
        raise AccessError("this work is registered by somebody else", code="work-not-yours")
    return _page("work", visitor, work=work, recorded=recorded)


@router.get("/claims/new")
def show_new_claim(
    *, request: Request, here: Here, caller: Caller, sha256: Chosen = "", work: Chosen = "", model: Chosen = ""
) -> Response:
    """A claim in steps. The address may say where the visitor came from."""
    visitor = visitor_of(here, caller)
    if visitor is None:
        return sign_in_page(request)
    if visitor.account.role not in ("artist", "generator"):
        raise AccessError("claims are filed by artists and operators of generators", code="role-forbidden")
    is_artist = visitor.account.role == "artist"
    catalogue = here.application.works.catalogue
    works = catalogue.works(visitor.account.account_id, limit=WORKS_TO_CLAIM).works if is_artist else ()
    return _page(
        "claim",
        visitor,
        works=works,
        models=here.application.log.models.names(),
        chosen_work=work,
        chosen_model=model,
        chosen_sha256=sha256,
    )


@router.get("/me/claims/{claim_id}")
def show_answering(request: Request, here: Here, caller: Caller, claim_id: Id) -> Response:
    """Answers a claim; for auditors, decides it."""
    visitor = visitor_of(here, caller)
    if visitor is None:
        return sign_in_page(request)
    return _page("answer", visitor, claim=here.application.claims.reading.get(claim_id))


@router.get("/me/connections")
def show_connections(request: Request, here: Here, caller: Caller) -> Response:
    """Where the visitor is told, and the domain that shows who they are."""
    visitor = visitor_of(here, caller)
    if visitor is None:
        return sign_in_page(request)
    people, account_id = here.application.people, visitor.account.account_id
    return _page(
        "connections",
        visitor,
        webhooks=people.webhooks.of(account_id),
        domains=people.domains.of([account_id]).get(account_id, ()),
    )


@router.get("/me/erase")
def show_erasing(request: Request, here: Here, caller: Caller) -> Response:
    """What goes and what stays when the visitor leaves."""
    visitor = visitor_of(here, caller)
    if visitor is None:
        return sign_in_page(request)
    _require_artist(visitor)
    return _page("erase", visitor, works=here.application.store.works.count_works(visitor.account.account_id))


def _page(name: str, visitor: Visitor, **values: Any) -> Response:
    """Nobody but the visitor's browser keeps it, and that not for long."""
    answer = page(f"desk/{name}.html", visitor=visitor, **values)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _require_artist(visitor: Visitor) -> None:
    if visitor.account.role != "artist":
        raise AccessError(f"this is for artists; your account is {visitor.account.role}", code="role-forbidden")
