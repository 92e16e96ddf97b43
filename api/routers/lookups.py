"""`POST /v1/lookups`: what is known about a picture. Appends nothing."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import ValidationError

from api.http.context import Here
from api.http.openapi import PICTURE_BODY, problems
from api.http.uploads import JSON_TYPE, media_type, read_json
from api.requests import LookupRequest
from ledger.answers.records import LookupAnswer
from ledger.errors import InputError

router = APIRouter(tags=["lookups"])
_BODY = PICTURE_BODY | {JSON_TYPE: {"schema": LookupRequest.model_json_schema()}}


@router.post(
    "/v1/lookups",
    summary="Look a picture up, by its file or by its SHA-256",
    responses=problems(400, 413, 415, 422, 503),
    openapi_extra={"requestBody": {"required": True, "content": _BODY}},
)
async def look_up(request: Request, here: Here, top_k: Annotated[int, Query(ge=1, le=100)] = 10) -> LookupAnswer:
    """Records of the very picture, and for a file the nearest works, unsigned."""
    lookups = here.application.pictures.lookups
    async with here.working(request) as work:
        if media_type(request) == JSON_TYPE:
            sha256 = _sha256_in(await read_json(request))
            return await work.look(lambda: lookups.by_sha256(sha256))
        return await work.with_image(lambda data: lookups.by_image(data, top_k=top_k))


def _sha256_in(document: object) -> str:
    try:
        return LookupRequest.model_validate(document).sha256
    except ValidationError as error:
        raise InputError('expected {"sha256": "<64 lowercase hex digits>"}', code="invalid-request") from error
