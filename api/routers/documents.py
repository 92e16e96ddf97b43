"""The documents that records name by digest: calibrations, fingerprint specifications, policies."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

from api.http.context import Here, Sha256
from api.http.openapi import content, problems

router = APIRouter(tags=["documents"])
_IMMUTABLE = {"Cache-Control": "public, max-age=31536000, immutable"}


@router.get(
    "/v1/calibrations/{digest}",
    response_class=Response,
    summary="A calibration file",
    responses=content("application/octet-stream", "The file's exact bytes") | problems(404, 422),
)
def get_calibration(here: Here, digest: Sha256) -> Response:
    """The bytes whose SHA-256 is `digest`."""
    return Response(
        here.application.documents.calibration(digest), media_type="application/octet-stream", headers=_IMMUTABLE
    )


@router.get(
    "/v1/policies/{digest}",
    response_class=Response,
    summary="A policy that generated pictures were handed out by",
    responses=content("application/json", "RFC 8785 bytes") | problems(404, 422),
)
def get_policy(here: Here, digest: Sha256) -> Response:
    """The bytes whose SHA-256 is `digest`: the rules that the guard decides by."""
    return Response(here.application.documents.policy(digest), media_type="application/json", headers=_IMMUTABLE)


@router.get(
    "/v1/specs/{digest}",
    response_model=dict[str, Any],
    summary="A fingerprint specification",
    responses=problems(404, 422),
)
def get_specification(here: Here, response: Response, digest: Sha256) -> dict[str, Any]:
    """Algorithms, versions, weights and preprocessing; `digest` is the SHA-256 of its RFC 8785 bytes."""
    document = here.application.documents.specification(digest)
    response.headers.update(_IMMUTABLE)
    return document
