"""`/v1/models`: the models that pictures were made with, and what they were trained on."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.http.context import Here, Id
from api.http.openapi import content, problems
from api.requests import HexDigest
from ledger.answers.models import MembershipAnswer, ModelAnswer

router = APIRouter(tags=["models"])


@router.get("/v1/models/{model_id}", summary="One model", responses=problems(404, 422))
def get_model(here: Here, model_id: Id) -> ModelAnswer:
    """Weights by digest, description, and whether the works that it was trained on are disclosed."""
    return here.application.log.models.get(model_id)


@router.get(
    "/v1/models/{model_id}/manifest",
    response_model=MembershipAnswer,
    summary="Whether a file was trained on, with proof; or the whole manifest",
    responses=content("text/plain", "Without `sha256`: ascending digests, one a line") | problems(404, 422),
)
def get_manifest(
    here: Here, model_id: Id, sha256: Annotated[HexDigest | None, Query()] = None
) -> MembershipAnswer | Response:
    """RFC 9162 inclusion paths to the root in the `model` record; 404 `manifest-undisclosed` where nothing is known."""
    models = here.application.log.models
    if sha256 is not None:
        return models.membership(model_id, sha256)
    return Response(models.manifest(model_id), media_type="text/plain")
