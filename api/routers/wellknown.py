"""`/.well-known/artledger.json`: keys and documents by which answers of this service are verified."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from api.http.context import Here

router = APIRouter(tags=["service"])


@router.get("/.well-known/artledger.json", response_model=dict[str, Any], summary="Origin, keys, specs, calibrations")
def get_service_document(here: Here) -> dict[str, Any]:
    """Compare the keys with those that you know from elsewhere: a service cannot vouch for itself."""
    return here.application.service_document()
