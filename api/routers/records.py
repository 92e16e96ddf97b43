"""`/v1/records`: the leaves of the log, one by one, as pages, and as bundles that verify offline."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.http.context import Here, Id
from api.http.openapi import content, problems
from api.requests import RecordFilter
from ledger.answers.records import RecordAnswer, RecordPage

BUNDLE_TYPE = "application/vnd.artledger.bundle+json;version=1"

router = APIRouter(tags=["records"])


@router.get("/v1/records", summary="Records in the order of the log", responses=problems(422))
def list_records(here: Here, query: Annotated[RecordFilter, Query()]) -> RecordPage:
    """All filters together must hold."""
    return here.application.records.page(**dict(query))


@router.get("/v1/records/{record_id}", summary="One record", responses=problems(404, 422))
def get_record(here: Here, record_id: Id) -> RecordAnswer:
    """Any kind of record; that of a picture has its `headline`."""
    return here.application.pictures.headlines.record(record_id)


@router.get(
    "/v1/records/{record_id}/bundle",
    response_class=Response,
    summary="The record with its proof, for verification offline",
    responses=content(BUNDLE_TYPE, "The bundle's exact bytes") | problems(404, 422, 503),
)
def get_bundle(here: Here, record_id: Id) -> Response:
    """`artledger audit bundle FILE --key VKEY` verifies it. 503 while no checkpoint covers it, about a second."""
    return Response(
        here.application.records.bundle(record_id),
        media_type=BUNDLE_TYPE,
        headers={
            "Content-Disposition": f'attachment; filename="artledger-{record_id}.bundle.json"',
            "Cache-Control": "no-cache",
        },
    )
