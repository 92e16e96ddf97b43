"""`/v1/claims`: statements about pictures, what the published rules say of them, and what others answer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.concurrency import run_in_threadpool

from api.http.access import Caller
from api.http.bodies import MAX_BYTES, json_body, read_body
from api.http.context import Context, Here, Id, Sha256
from api.http.openapi import Responses, content, problems
from api.http.uploads import FIELD, FORM_TYPE, JSON_TYPE, media_type, read_bytes, received_form
from api.requests import ClaimFilter, ClaimRequest, ResolutionRequest, SignedRequest, TextRequest
from ledger.answers.claims import ClaimAnswer, ClaimPage, ClaimStatistics
from ledger.answers.drafts import ForecastDraft, StatementDraft
from ledger.errors import InputError
from ledger.flows.claims.file import Claims

BUNDLE_TYPE = "application/vnd.artledger.claim+json;version=1"
CLAIM_FIELD = "claim"

router = APIRouter(tags=["claims"])
M = TypeVar("M", bound=BaseModel)
_IMAGE = {"type": "string", "format": "binary", "description": "The picture's file."}
_CLAIM = json_body(SignedRequest, ClaimRequest)["requestBody"]["content"][JSON_TYPE]["schema"]
_FILED: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            FORM_TYPE: {
                "schema": {
                    "type": "object",
                    "required": [CLAIM_FIELD, FIELD],
                    "additionalProperties": False,
                    "properties": {CLAIM_FIELD: _CLAIM, FIELD: _IMAGE},
                }
            },
            JSON_TYPE: {"schema": _CLAIM},
        },
    }
}
_REVIEWED: dict[str, Any] = {
    "requestBody": {
        "required": False,
        "content": {
            FORM_TYPE: {"schema": {"type": "object", "additionalProperties": False, "properties": {FIELD: _IMAGE}}}
        },
    }
}
_PREPARED: Responses = {
    200: {
        "model": ClaimAnswer | ForecastDraft | StatementDraft,
        "description": "With `prepare` the payload; else the claim, again",
    }
}
_DRAFTED: Responses = {200: {"model": StatementDraft, "description": "With `prepare`: the payload to sign"}}
_WRONG = problems(400, 404, 409, 413, 415, 422, 503)


@router.post(
    "/v1/claims",
    status_code=201,
    summary="Claim something of a picture",
    responses=_PREPARED | _WRONG,
    openapi_extra=_FILED,
)
async def file_claim(
    *, request: Request, response: Response, here: Here, caller: Caller, prepare: bool = False, forecast: bool = False
) -> ClaimAnswer | ForecastDraft | StatementDraft:
    """A form with the picture in `image` and JSON in `claim`; JSON alone where the claim is about a work's own file.
    `prepare=true` takes what is to be claimed and answers with the payload to sign; without it, the claim comes
    signed. `forecast=true` adds to what is prepared what the rules would say of it. 200 where the same was claimed
    before."""
    claims = here.application.claims
    async with _received(request, here) as (document, image):
        if prepare:
            order = _parsed(ClaimRequest, document).order()
            account_id = caller.account_id or ""
            make = claims.forecast if forecast else claims.draft
            draft = await here.workers.run(lambda: make(order, account_id, image, caller))
            response.status_code = 200
            return draft
        sent = _parsed(SignedRequest, document).sent()
        answer = await here.workers.run(lambda: claims.file(sent, image, caller))
    response.status_code = 200 if answer.repeated else 201
    response.headers["Location"] = answer.links["self"]
    return answer


@router.get("/v1/claims", summary="Claims in the order of the log", responses=problems(422))
def list_claims(here: Here, query: Annotated[ClaimFilter, Query()]) -> ClaimPage:
    """By one party, about one party, about one file, by where they stand, or all."""
    return here.application.claims.reading.page(query.wanted, after=query.after, limit=query.limit)


@router.get("/v1/claim-statistics", summary="How many claims stand where")
def get_statistics(here: Here) -> ClaimStatistics:
    """Claims that are open, decided and overturned, and claimants whose claims were contradicted again and again."""
    return here.application.claims.reading.statistics()


@router.get("/v1/claims/{claim_id}", summary="One claim", responses=problems(404, 422))
def get_claim(here: Here, claim_id: Id) -> ClaimAnswer:
    """With every verdict, response and resolution."""
    return here.application.claims.reading.get(claim_id)


@router.get(
    "/v1/claims/{claim_id}/bundle",
    response_class=Response,
    summary="The claim with all evidence and the rules, for verification offline",
    responses=content(BUNDLE_TYPE, "The bundle's exact bytes") | problems(404, 422, 503),
)
def get_claim_bundle(here: Here, claim_id: Id) -> Response:
    """`artledger audit claim FILE --key VKEY` verifies it. 503 while no checkpoint covers all of it."""
    return Response(
        here.application.claims.bundles.get(claim_id),
        media_type=BUNDLE_TYPE,
        headers={
            "Content-Disposition": f'attachment; filename="artledger-{claim_id}.claim.json"',
            "Cache-Control": "no-cache",
        },
    )


@router.post(
    "/v1/claims/{claim_id}/responses",
    status_code=201,
    summary="Answer a claim",
    responses=_DRAFTED | _WRONG,
    openapi_extra=json_body(SignedRequest, TextRequest),
)
async def respond(
    request: Request, response: Response, *, here: Here, caller: Caller, claim_id: Id, prepare: bool = False
) -> ClaimAnswer | StatementDraft:
    """By any artist or operator of a generator; the claimant may answer in turn."""
    claims = here.application.claims
    if prepare:
        text = (await read_body(request, TextRequest)).text
        return await _drafted(response, lambda: claims.draft_response(claim_id, caller.account_id or "", text, caller))
    sent = (await read_body(request, SignedRequest)).sent()
    return await run_in_threadpool(lambda: claims.respond(claim_id, sent, caller))


@router.post(
    "/v1/claims/{claim_id}/resolutions",
    status_code=201,
    summary="Resolve a claim, as an auditor",
    responses=_DRAFTED | _WRONG,
    openapi_extra=json_body(SignedRequest, ResolutionRequest),
)
async def resolve(
    request: Request, response: Response, *, here: Here, caller: Caller, claim_id: Id, prepare: bool = False
) -> ClaimAnswer | StatementDraft:
    """The auditor's own statement, under the auditor's own key; the rules' verdict stays beside it."""
    claims = here.application.claims
    if prepare:
        asked = await read_body(request, ResolutionRequest)
        auditor_id = caller.account_id or ""
        return await _drafted(
            response, lambda: claims.draft_resolution(claim_id, auditor_id, asked.outcome, asked.text, caller)
        )
    sent = (await read_body(request, SignedRequest)).sent()
    return await run_in_threadpool(lambda: claims.resolve(claim_id, sent, caller))


@router.post(
    "/v1/claims/{claim_id}/reviews",
    summary="Look for new evidence",
    responses=problems(400, 404, 413, 415, 422, 503),
    openapi_extra=_REVIEWED,
)
async def review(request: Request, here: Here, claim_id: Id) -> ClaimAnswer:
    """Where there is any, a new verdict that refers to the last one. With the picture (a form with `image`) all is
    compared anew; without it, with what came on the log since, by digests and hashes."""
    claims: Claims = here.application.claims
    async with here.working(request) as work:
        if not media_type(request):
            return await work.run(lambda: claims.review(claim_id))
        async with received_form(request, {FIELD: here.application.settings.max_image_bytes}, here.budget) as parts:
            image = parts.get(FIELD)
            return await work.run(lambda: claims.review(claim_id, image))


@router.get(
    "/v1/claim-rules/{digest}",
    response_class=Response,
    summary="The rules that verdicts on claims follow",
    responses=content(JSON_TYPE, "RFC 8785 bytes") | problems(404, 422),
)
def get_rules(here: Here, digest: Sha256) -> Response:
    """The bytes whose SHA-256 is `digest`: every finding with what it means, and which findings make which verdict."""
    return Response(
        here.application.documents.claim_rules(digest),
        media_type=JSON_TYPE,
        headers={"Cache-Control": "public, max-age=31536000, immutable"},
    )


@asynccontextmanager
async def _received(request: Request, here: Context) -> AsyncIterator[tuple[bytes, bytes | None]]:
    """The JSON and the picture. Raises InputError (`media-type`, `missing-claim`, and as `received_form` does)."""
    if media_type(request) == JSON_TYPE:
        yield await read_bytes(request, MAX_BYTES), None
        return
    limits = {FIELD: here.application.settings.max_image_bytes, CLAIM_FIELD: MAX_BYTES}
    async with received_form(request, limits, here.budget) as parts:
        if CLAIM_FIELD not in parts:
            raise InputError(f"the form has no field `{CLAIM_FIELD}`", code="missing-claim")
        yield parts[CLAIM_FIELD], parts.get(FIELD)


def _parsed(model: type[M], document: bytes) -> M:
    """Raises RequestValidationError."""
    try:
        return model.model_validate_json(document)
    except ValidationError as error:
        raise RequestValidationError(error.errors(include_url=False, include_input=False)) from error


async def _drafted(response: Response, draft: Callable[[], StatementDraft]) -> StatementDraft:
    response.status_code = 200
    return await run_in_threadpool(draft)
