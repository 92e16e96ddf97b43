"""Cards, sheets and badges of records about pictures."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from api.cards.content import CardContent, card_content
from api.cards.drawing import badge_svg, card_png, sheet_png
from api.cards.sheet import sheet_pdf
from api.http.context import Here, Id

router = APIRouter(include_in_schema=False)
CACHED = {"Cache-Control": "public, max-age=300"}
"""A name may be erased, a work withdrawn: what passes them on forgets them soon, too."""


@router.get("/records/{record_id}/card.png")
def show_card(request: Request, here: Here, record_id: Id) -> Response:
    """For links: what readers of Open Graph show."""
    return Response(card_png(_content(request, here, record_id)), media_type="image/png", headers=CACHED)


@router.get("/records/{record_id}/sheet.png")
def show_sheet(request: Request, here: Here, record_id: Id) -> Response:
    """An attribution sheet, to attach to a post."""
    return _file(sheet_png(_content(request, here, record_id)), "image/png", record_id, "png")


@router.get("/records/{record_id}/sheet.pdf")
def show_printed_sheet(request: Request, here: Here, record_id: Id) -> Response:
    """The same to print, with text."""
    return _file(sheet_pdf(_content(request, here, record_id)), "application/pdf", record_id, "pdf")


@router.get("/records/{record_id}/badge.svg")
def show_badge(request: Request, here: Here, record_id: Id) -> Response:
    """A badge for other pages."""
    return Response(badge_svg(_content(request, here, record_id)), media_type="image/svg+xml", headers=CACHED)


def _content(request: Request, here: Here, record_id: str) -> CardContent:
    return card_content(here.application, record_id, str(request.base_url).rstrip("/"))


def _file(data: bytes, media_type: str, record_id: str, ending: str) -> Response:
    name = f'inline; filename="artledger-{record_id}.{ending}"'
    return Response(data, media_type=media_type, headers={**CACHED, "Content-Disposition": name})
