"""`POST /v1/verifications`: compare a picture with the registered works and put the signed answer on the log."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.context import Here
from api.openapi import PICTURE_BODY, Responses, problems
from api.schemas import RecordBody
from ledger.flows.answers import RecordAnswer

router = APIRouter(tags=["verifications"])
_REPEATED: Responses = {200: {"model": RecordBody, "description": "The same question was answered before"}}


@router.post(
    "/v1/verifications",
    status_code=201,
    response_model=RecordBody,
    summary="Verify a picture and make a public record",
    responses=_REPEATED | problems(400, 413, 415, 422, 503),
    openapi_extra={"requestBody": {"required": True, "content": PICTURE_BODY}},
)
async def verify(
    request: Request, response: Response, here: Here, top_k: Annotated[int, Query(ge=1, le=100)] = 10
) -> RecordAnswer:
    """201 with a new record; 200 with `repeated` where the same bytes met the same corpus, spec and calibration."""
    answer = await here.with_image(request, lambda data: here.application.verification.verify(data, top_k=top_k))
    response.status_code = 200 if answer.repeated else 201
    response.headers["Location"] = answer.links["self"]
    return answer
