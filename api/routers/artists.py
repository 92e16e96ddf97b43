"""`/v1/artists`: the people whose works are registered."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from api.http.context import Here, Id
from api.http.openapi import problems
from api.requests import Page
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
