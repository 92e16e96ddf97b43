"""`/v1/artists`: the people whose works are registered."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request

from api.http.access import Caller
from api.http.bodies import json_body, read_body
from api.http.context import Here, Id
from api.http.openapi import problems
from api.requests import ErasureRequest, Page
from ledger.answers.corpus import ErasureSummary
from ledger.answers.works import ArtistAnswer, WorkPage

router = APIRouter(tags=["artists"])


@router.get("/v1/artists/{artist_id}", summary="One artist", responses=problems(404, 422))
def get_artist(here: Here, artist_id: Id) -> ArtistAnswer:
    """The artist with the first works."""
    return here.application.works.catalogue.artist(artist_id)


@router.get(
    "/v1/artists/{artist_id}/works",
    summary="An artist's works in the order of registration",
    responses=problems(404, 422),
)
def list_works(here: Here, artist_id: Id, query: Annotated[Page, Query()]) -> WorkPage:
    """Withdrawn works are listed and marked."""
    return here.application.works.catalogue.works(artist_id, after=query.after, limit=query.limit)


@router.post(
    "/v1/artists/{artist_id}/erasures",
    summary="Erase oneself",
    responses=problems(400, 404, 413, 415, 422, 503),
    openapi_extra=json_body(ErasureRequest),
)
async def erase_oneself(request: Request, here: Here, caller: Caller, artist_id: Id) -> ErasureSummary:
    """Withdraws all works, and erases name, account, tokens, texts and whatever is kept of works. Log entries stay:
    they hold random ids, digests and commitments. An artist with a valid key revokes it first, with its signature."""
    name = (await read_body(request, ErasureRequest)).name
    erasing = here.application.works.erasing_oneself
    return await here.workers.run(lambda: erasing.erase(artist_id, name, caller))
