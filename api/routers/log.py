"""The log as C2SP tlog-tiles has it: `/checkpoint` and `/tile/...`, straight from the object store."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from api.http.context import Here
from api.http.openapi import content, problems
from api.http.published import CACHED, PARAMETERS, published
from ledger.errors import NotFoundError
from ledger.log.objects import http_headers
from ledger.log.tiles import CHECKPOINT_PATH, parse_path

router = APIRouter(tags=["log"])


@router.get(
    "/checkpoint",
    response_class=Response,
    summary="The latest signed checkpoint",
    responses=content("text/plain", "C2SP tlog-checkpoint") | CACHED | problems(404),
    openapi_extra=PARAMETERS,
)
def get_checkpoint(request: Request, here: Here) -> Response:
    """A signed note: origin, tree size, root hash, signatures."""
    data = here.application.log.objects.get(CHECKPOINT_PATH)
    if data is None:
        raise NotFoundError(
            "no checkpoint was published yet", code="checkpoint-not-found", hint="Register a work first."
        )
    return published(request, data, http_headers(CHECKPOINT_PATH))


@router.get(
    "/tile/{path:path}",
    response_class=Response,
    summary="A tile or an entry bundle",
    responses=content("application/octet-stream", "C2SP tlog-tiles") | CACHED | problems(404),
    openapi_extra=PARAMETERS,
)
def get_tile(request: Request, here: Here, path: str) -> Response:
    """`<level>/<index>` and `entries/<index>`, with `.p/<width>` for partial ones."""
    tile = parse_path(f"tile/{path}")
    data = here.application.log.objects.get(tile.path)
    if data is None:
        hint = f"the full tile may be there: /{tile.full.path}" if tile.is_partial else None
        raise NotFoundError(f"the log has no {tile.path}", code="tile-not-found", hint=hint)
    return published(request, data, http_headers(tile.path))
