"""Pages for people. They work without JavaScript; only verification in the browser needs it."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from api.http.context import Here, Id, Sha256
from api.http.problems import Problem
from api.http.security import FETCHING_POLICY
from api.pages.compared_view import ComparedView
from api.pages.feeds import feed
from api.pages.presentation import not_measured
from api.pages.published import latest_checkpoint
from api.pages.standalone import standalone
from api.pages.views import page, wants_page
from api.pages.works_shown import WorksShown
from api.requests import ClaimFilter, Page
from ledger.canonical import MAX_INTEGER
from ledger.claim.standing import ClaimsWanted
from ledger.errors import InputError
from ledger.record.ids import ID_PATTERN
from ledger.storage.works.browse import BrowseFilter

LATEST = 8
LATEST_CLAIMS = 3
SAMPLES = 3
WORKS_PER_PAGE = 48
ARTISTS_PER_PAGE = 100
CLAIMS_PER_PAGE = 50
CLAIMS_OF_WORK = 20
ENTRIES_PER_PAGE = 25
PICTURES_OF_MODEL = 6
DECISIONS_OF_MODEL = 200
"""Of its newest pictures, so many are asked for what the guard decided."""
MONTHS = 12
GROWTH = 12
"""Rows of the log's growth."""
FEED = 50
"""Entries of a feed."""
TOP_K = 10

router = APIRouter(include_in_schema=False)
_SHA256 = re.compile("[0-9a-f]{64}")
_ID = re.compile(ID_PATTERN)


@router.get("/")
def start(here: Here) -> Response:
    """What this is, how to ask, what is there."""
    application = here.application
    answer = page(
        "start.html",
        stats=application.works.catalogue.stats(),
        copies=application.works.catalogue.copied(LATEST),
        claims=application.records.newest("claim", LATEST_CLAIMS),
        samples=application.works.catalogue.listed(BrowseFilter(), limit=SAMPLES).works,
        max_bytes=application.settings.max_image_bytes,
    )
    answer.headers["Content-Security-Policy"] = FETCHING_POLICY
    return answer


@router.post("/lookup")
async def look_up(request: Request, here: Here) -> Response:
    """What is known about an uploaded picture; appends nothing."""
    pictures = here.application.pictures
    answer = await here.with_image(request, lambda data: pictures.lookups.by_image(data, top_k=TOP_K))
    calibrated = pictures.calibrations.in_force()
    alpha = "" if calibrated is None else str(calibrated.calibration.alpha)
    return page("lookup.html", answer=answer, compared=True, alpha=alpha)


@router.post("/verify")
async def verify(request: Request, here: Here) -> Response:
    """Makes a public record of an uploaded picture and shows it."""
    verification = here.application.pictures.verification

    def verified(data: bytes) -> str:
        image = verification.images.decode(data)
        answer = verification.verify_decoded(data, image, top_k=TOP_K)
        return f"/records/{answer.record_id}{ComparedView.of(image).query}"

    return RedirectResponse(await here.with_image(request, verified), 303)


@router.get("/p/{sha256}")
def show_picture(here: Here, sha256: Sha256) -> Response:
    """What is known about a file by its SHA-256: a link that can be passed on."""
    return page("lookup.html", answer=here.application.pictures.lookups.by_sha256(sha256), compared=False, alpha="")


@router.get("/search")
def search(here: Here, q: Annotated[str, Query(max_length=200)]) -> Response:
    """A record id leads to its page, a SHA-256 to what is known about the file, other words to works and artists."""
    text = q.strip().lower()
    if _ID.fullmatch(text):
        return RedirectResponse(f"/records/{text}", 303)
    if _SHA256.fullmatch(text):
        return RedirectResponse(f"/p/{text}", 303)
    return page("search.html", found=here.application.works.catalogue.search(q))


@router.get("/works")
def show_works(here: Here, query: Annotated[WorksShown, Query()]) -> Response:
    """Registered works, filtered, in the order of their registration."""
    catalogue = here.application.works.catalogue
    chosen = BrowseFilter(licence=query.licence or None, use=query.use or None, contested=query.contested)
    return page(
        "works.html",
        works=catalogue.listed(chosen, after=query.after, limit=WORKS_PER_PAGE),
        licences=catalogue.stats().licences,
        chosen=query,
        following=query.following,
    )


@router.get("/artists")
def show_artists(here: Here, after: Annotated[str | None, Query(max_length=400)] = None) -> Response:
    """Artists in the order of their names."""
    artists = here.application.works.catalogue.artists(after=after, limit=ARTISTS_PER_PAGE)
    return page("artists.html", artists=artists, first=after is None)


@router.get("/verify")
def show_verifier() -> Response:
    """The verifier as one file, to be saved and opened anywhere. Nothing of this service is in it."""
    made = standalone()
    headers = {"Content-Security-Policy": f"{made.policy}; frame-ancestors 'none'", "Cache-Control": "no-cache"}
    return HTMLResponse(made.data, headers=headers)


@router.get("/records/{record_id}")
def show_record(request: Request, here: Here, record_id: Id, view: Annotated[ComparedView, Query()]) -> Response:
    """One record: what it says, what it does not say, and how to check it. `view`: from /verify, for whoever sent the
    picture."""
    application = here.application
    answer = application.pictures.headlines.record(record_id)
    return page(
        "record.html",
        record=answer,
        predicate=answer.statement["predicate"],
        view_notes=view.notes(answer.statement["predicate"]),
        published=latest_checkpoint(application.log.objects),
        log_vkey=application.log.vkey,
        record_keys=application.log.record_keys,
        not_measured=not_measured(answer),
        base_url=_base(request),
    )


@router.get("/works/{work_id}")
def show_work(request: Request, here: Here, work_id: Id) -> Response:
    """One work, its terms, and the records that name it."""
    application = here.application
    work = application.works.catalogue.work(work_id)
    return page(
        "work.html",
        work=work,
        domains=application.people.domains.of([work.artist_id]).get(work.artist_id, ()),
        records=application.records.page(work_id=work_id, limit=WORKS_PER_PAGE).records,
        claims=application.claims.reading.page(ClaimsWanted(work_id=work_id), limit=CLAIMS_OF_WORK).claims,
        base_url=_base(request),
    )


@router.get("/artists/{artist_id}.atom")
def follow_artist(request: Request, here: Here, artist_id: Id) -> Response:
    """What concerns an artist: copies of their works, and what was recorded in their name."""
    name = here.application.works.catalogue.artist(artist_id).name or "an artist whose name was erased"
    told = here.application.people.inbox.newest(artist_id, FEED)
    return feed(f"Artledger: {name}", f"/artists/{artist_id}.atom", told, _base(request))


@router.get("/claims.atom")
def follow_claims(request: Request, here: Here) -> Response:
    """The newest claims."""
    return feed("Artledger: claims", "/claims.atom", here.application.records.newest("claim", FEED), _base(request))


@router.get("/artists/{artist_id}")
def show_artist(here: Here, artist_id: Id, query: Annotated[Page, Query()]) -> Response:
    """One artist and the registered works, page by page."""
    catalogue = here.application.works.catalogue
    return page(
        "artist.html",
        artist=catalogue.artist(artist_id),
        domains=here.application.people.domains.of([artist_id]).get(artist_id, ()),
        works=catalogue.works(artist_id, after=query.after, limit=WORKS_PER_PAGE),
        months=here.application.people.inbox.uses_by_month(artist_id, MONTHS) if query.after < 0 else (),
        first=query.after < 0,
    )


@router.get("/models")
def show_models(here: Here) -> Response:
    """Every model that the log names."""
    return page("models.html", models=here.application.log.models.names())


@router.get("/models/{model_id}")
def show_model(here: Here, model_id: Id, sha256: Annotated[str, Query(max_length=200)] = "") -> Response:
    """One model, and whether a file was among those that it was trained on."""
    models = here.application.log.models
    model = models.get(model_id)
    asked = sha256.strip().lower()
    if asked and not _SHA256.fullmatch(asked):
        raise InputError("this is not a SHA-256", code="bad-search", hint="A SHA-256 has 64 hexadecimal digits.")
    answer = models.membership(model_id, asked) if asked and model.manifest is not None else None
    return page(
        "model.html",
        model=model,
        name=models.names()[model.model_id],
        membership=answer,
        pictures=here.application.records.of_model(model_id, PICTURES_OF_MODEL, DECISIONS_OF_MODEL),
    )


@router.get("/claims")
def show_claims(here: Here, query: Annotated[ClaimFilter, Query()]) -> Response:
    """Claims in the order of the log; of one claimant, or about one file, where the address says so."""
    reading = here.application.claims.reading
    claims = reading.page(query.wanted, after=query.after, limit=CLAIMS_PER_PAGE)
    following = {name: str(value) for name, value in query if value is not None} | {"after": str(claims.next_after)}
    return page(
        "claims.html",
        claims=claims,
        statistics=reading.statistics(),
        chosen=query,
        following=f"/claims?{urlencode(following)}",
    )


@router.get("/claims/{claim_id}")
def show_claim(here: Here, claim_id: Id) -> Response:
    """A claim, what the published rules say of it and why, and what others answered."""
    application = here.application
    claim = application.claims.reading.get(claim_id)
    parties = (claim.claimant_id, *(step.party_id for step in (*claim.responses, *claim.resolutions)))
    works = [application.works.catalogue.work(each.work_id) for each in claim.works]
    return page(
        "claim.html",
        claim=claim,
        shown=[each for each in works if each.preview],
        domains=application.people.domains.of(parties),
        published=latest_checkpoint(application.log.objects),
        log_vkey=application.log.vkey,
    )


@router.get("/r/{record_id}")
def lead_to_record(record_id: Id) -> Response:
    """A short address of a record."""
    return RedirectResponse(f"/records/{record_id}", 303)


@router.get("/log/{leaf_index}")
def lead_to_entry(here: Here, leaf_index: Annotated[int, Path(ge=0, le=MAX_INTEGER)]) -> Response:
    """The record in a log entry."""
    return RedirectResponse(f"/records/{here.application.records.at(leaf_index)}", 303)


@router.get("/log")
def show_log(
    request: Request, here: Here, before: Annotated[int | None, Query(ge=0, le=MAX_INTEGER)] = None
) -> Response:
    """The log's size, keys, entries, and how to audit it."""
    application = here.application
    shown = application.records.latest(ENTRIES_PER_PAGE, before)
    return page(
        "log.html",
        stats=application.works.catalogue.stats(),
        published=latest_checkpoint(application.log.objects),
        origin=application.log.origin,
        log_vkey=application.log.vkey,
        record_keys=application.log.record_keys,
        base_url=_base(request),
        growth=application.records.growth(GROWTH),
        newest=next((each.appended_at for each in application.records.latest(1)), ""),
        entries=shown,
        first=before is None,
        older=shown[-1].leaf_index if shown and shown[-1].leaf_index > 0 else None,
        witnesses=[] if application.log.witness_policy is None else application.log.witness_policy.witness_keys,
    )


def _base(request: Request) -> str:
    return str(request.base_url).rstrip("/")


def problem_page(request: Request, problem: Problem) -> Response | None:
    """The problem as a page where a person asked."""
    return page("problem.html", problem.status, problem=problem) if wants_page(request) else None
