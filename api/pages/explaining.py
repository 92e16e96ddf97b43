"""Pages that explain: how answers come about, what they cannot say, where each reader starts; generated pictures."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.http.context import Here
from api.pages.presentation import plotted, thresholds
from api.pages.views import page
from ledger.canonical import MAX_INTEGER

PICTURES_PER_PAGE = 24
EXAMPLES = 4

router = APIRouter(include_in_schema=False)


@router.get("/gallery")
def show_gallery(here: Here, before: Annotated[int | None, Query(ge=0, le=MAX_INTEGER)] = None) -> Response:
    """Generated pictures that are on record, the newest first, with what each is like."""
    records = here.application.records
    found = records.newest("generation", PICTURES_PER_PAGE + 1, before)
    shown = found[:PICTURES_PER_PAGE]
    return page(
        "gallery.html",
        records=shown,
        models=here.application.log.models.names(),
        first=before is None,
        before=shown[-1].leaf_index if len(found) > PICTURES_PER_PAGE else None,
    )


@router.get("/how")
def show_how(here: Here) -> Response:
    """How an answer comes about, with the error rates in force."""
    application = here.application
    newest = application.records.newest("calibration", 1)
    shown = thresholds(newest[0].statement["predicate"]["bins"]) if newest else ()
    calibrated = application.pictures.calibrations.in_force()
    return page(
        "how.html",
        stats=application.works.catalogue.stats(),
        record=newest[0] if newest else None,
        alpha=None if calibrated is None else str(calibrated.calibration.alpha),
        thresholds=shown,
        lines=plotted(shown),
        copies=application.works.catalogue.copied(EXAMPLES),
    )


@router.get("/limits")
def show_limits(here: Here) -> Response:
    """What no answer here can say."""
    return page("limits.html", stats=here.application.works.catalogue.stats())


@router.get("/for-artists")
def show_for_artists(here: Here) -> Response:
    """Where artists start."""
    return page("for-artists.html", stats=here.application.works.catalogue.stats())


@router.get("/for-auditors")
def show_for_auditors(request: Request, here: Here) -> Response:
    """Where auditors start."""
    log = here.application.log
    return page("for-auditors.html", log_vkey=log.vkey, origin=log.origin, base_url=str(request.base_url).rstrip("/"))


@router.get("/operate")
def show_operate(request: Request) -> Response:
    """Where operators of generators and of ledgers start."""
    return page("operate.html", base_url=str(request.base_url).rstrip("/"))
