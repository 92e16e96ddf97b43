"""`POST /v1/generations`: pictures that carry their records, made here, or made elsewhere and reported."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from api.http.access import Caller, only
from api.http.askers import asker_of
from api.http.context import Context, Here
from api.http.openapi import PICTURE_BODY, Responses, problems
from api.http.uploads import FORM_TYPE, JSON_TYPE, media_type, read_json
from api.requests import GenerationRequestBody
from ledger.answers.generations import GeneratedImage, Generations, HandedOut
from ledger.errors import AccessError, InputError
from ledger.flows.people.principal import PUBLIC, Principal
from ledger.flows.pictures.report import Operator

MAX_REQUEST_BYTES = 65_536
"""Prompts of the longest kind, with every character escaped."""
REPORTERS = only("generator", scope="generations")
"""Who may report pictures from elsewhere."""
_TOKEN = "^[A-Za-z0-9_-]{43}$"  # noqa: S105 - the form of a token, not one
_BODY = PICTURE_BODY | {JSON_TYPE: {"schema": GenerationRequestBody.model_json_schema()}}
_REPEATED: Responses = {200: {"model": Generations, "description": "The same picture was reported before"}}

router = APIRouter(tags=["generations"])


@router.post(
    "/v1/generations",
    status_code=201,
    summary="Make pictures with their records, or report one that another generator made",
    responses=_REPEATED | problems(400, 403, 413, 415, 422, 503),
    openapi_extra={"requestBody": {"required": True, "content": _BODY}},
)
async def generate(
    request: Request,
    response: Response,
    here: Here,
    caller: Caller,
    weights_sha256: Annotated[
        str | None, Query(pattern="^[0-9a-f]{64}$", description="Reports: digest of the model that made the picture.")
    ] = None,
) -> Generations:
    """JSON asks for pictures. `image` is null where the guard blocked one, and with `confirm` until it is confirmed.

    A form with an `image` reports a picture of somebody else's generator: its operator's claim, and no proof of where
    it comes from. With the token of a generator's account that is good for `generations`, and not otherwise.
    """
    images: tuple[GeneratedImage, ...]
    if media_type(request) == FORM_TYPE:
        images = (await _report(request, here, caller, weights_sha256),)
        response.status_code = 200 if images[0].repeated else 201
    else:
        images = await _generate(request, here)
    response.headers["Location"] = images[0].links["self"]
    # The prompt's key is in the answer: nobody keeps it on the way.
    response.headers["Cache-Control"] = "no-store"
    return Generations(images=images)


@router.post(
    "/v1/generations/{token}/confirmations",
    status_code=201,
    summary="Take a picture whose report was seen",
    responses=problems(404, 422, 503),
)
async def confirm(
    request: Request,
    response: Response,
    here: Here,
    token: Annotated[str, Path(pattern=_TOKEN, description="As the answer with `confirm` gave it: good for once.")],
) -> HandedOut:
    """Makes the `asset` record and hands out the file; afterwards, or when its time is over, there is none."""
    response.headers["Cache-Control"] = "no-store"
    async with here.working(request) as work:
        return await work.run(lambda: here.application.pictures.confirm(token))


async def _generate(request: Request, here: Context) -> tuple[GeneratedImage, ...]:
    if media_type(request) != JSON_TYPE:
        raise InputError(f"expected {JSON_TYPE}, or {FORM_TYPE} with a picture to report", code="media-type")
    async with here.working(request) as work:
        body = _read(await read_json(request, MAX_REQUEST_BYTES))
        most = None if asker_of(request).privileged else here.application.settings.generation_steps
        return await work.generate(lambda: _generated(here, body, most))


def _generated(here: Context, body: GenerationRequestBody, most: int | None) -> tuple[GeneratedImage, ...]:
    """`most`: steps times pictures that may be asked for. Raises AccessError (`too-many-steps`) and as `Generation`
    does."""
    generation = here.application.pictures.generation
    asked = generation.request(**body.model_dump(exclude={"media_type", "confirm"}))
    if most is not None and asked.steps * asked.count > most:
        raise AccessError(
            f"{asked.count} times {asked.steps} steps are more than {most}, the limit without a token",
            code="too-many-steps",
            hint="Request fewer steps or fewer pictures, or ask the operator of this service for a token for "
            "generations",
        )
    return generation.generate(asked, media_type=body.media_type, confirm=body.confirm)


def _read(document: object) -> GenerationRequestBody:
    try:
        return GenerationRequestBody.model_validate(document)
    except ValidationError as error:
        raise RequestValidationError(error.errors(include_url=False, include_input=False)) from error


async def _report(request: Request, here: Context, caller: Principal, weights_sha256: str | None) -> GeneratedImage:
    operator = operator_of(caller)
    if weights_sha256 is None:
        raise InputError(
            "a report must say which model made the picture",
            code="missing-model",
            hint="Add ?weights_sha256= with the digest over the sorted file digests of the model's weights.",
        )
    reports = here.application.pictures.reports
    return await here.with_image(request, lambda data: reports.report(data, weights_sha256, operator))


def operator_of(caller: Principal) -> Operator:
    """Who reports: a generator's account. Nobody else, the machine's owner neither: a report is an account's word.

    Raises AccessError (`token-required`, `role-forbidden`, `scope-missing`).
    """
    REPORTERS.require(PUBLIC if caller.is_local else caller)
    assert caller.account_id is not None  # noqa: S101 - a generator's is known by a token
    return Operator(caller.account_id)
