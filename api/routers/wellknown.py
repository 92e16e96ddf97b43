"""`/.well-known/artledger.json`: keys and documents by which answers of this service are verified."""

from __future__ import annotations

import json
from typing import Any

from fastapi import APIRouter, Request, Response

from api.http.context import Here
from api.http.published import CACHED, PARAMETERS, published
from api.http.uploads import JSON_TYPE
from api.pages.standalone import standalone

router = APIRouter(tags=["service"])


@router.get(
    "/.well-known/artledger.json",
    response_model=dict[str, Any],
    summary="Origin, keys, specs, calibrations",
    responses=CACHED,
    openapi_extra=PARAMETERS,
)
def get_service_document(request: Request, here: Here) -> Response:
    """Compare the keys with those that you know from elsewhere: a service cannot vouch for itself."""
    document = here.application.service_document() | {"verifier": {"path": "/verify", "sha256": standalone().sha256}}
    data = json.dumps(document, ensure_ascii=False).encode()
    return published(request, data, {"Content-Type": JSON_TYPE, "Cache-Control": "no-cache"})
