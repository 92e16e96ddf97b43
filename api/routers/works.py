"""`/v1/works`: registered works."""

from __future__ import annotations

from fastapi import APIRouter, Response

from api.http.context import Here, Id
from api.http.openapi import content, problems
from ledger.answers.works import WorkAnswer
from ledger.errors import NotFoundError

router = APIRouter(tags=["works"])
PREVIEW_TYPE = "image/webp"


@router.get("/v1/works/{work_id}", summary="One work", responses=problems(404, 422))
def get_work(here: Here, work_id: Id) -> WorkAnswer:
    """Title, artist, terms, digests and the record that registered it."""
    return here.application.works.catalogue.work(work_id)


@router.get(
    "/v1/works/{work_id}/preview",
    response_class=Response,
    summary="A small picture of the work",
    responses=content(PREVIEW_TYPE, "WebP") | problems(404, 422),
)
def get_preview(here: Here, work_id: Id) -> Response:
    """404 where none is kept. Nobody keeps it for long: it is erased when the work is withdrawn."""
    preview = here.application.works.catalogue.preview(work_id)
    if preview is None:
        raise NotFoundError(f"there is no stored picture of work {work_id}", code="preview-not-found")
    return Response(preview, media_type=PREVIEW_TYPE, headers={"Cache-Control": "public, max-age=300"})
