"""For whoever runs the service."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

from api.http.context import Here

router = APIRouter(tags=["health"])


@router.get("/healthz", response_model=dict[str, str], summary="Is the process alive?")
async def get_health() -> dict[str, str]:
    """Looks at nothing else."""
    return {"status": "alive"}


@router.get(
    "/readyz",
    response_model=dict[str, Any],
    summary="Can it answer?",
    responses={503: {"description": "Not now; `checks` says what is missing"}},
)
def get_readiness(here: Here, response: Response) -> dict[str, Any]:
    """Looks at the database, the log and the models."""
    readiness = here.application.upkeep.readiness()
    response.status_code = 200 if readiness["ready"] else 503
    response.headers["Cache-Control"] = "no-store"
    return readiness
