"""What artists do with their works: registration, new terms, withdrawal; and the opt-out list, for all to read."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from api.http.access import Caller
from api.http.bodies import json_body, read_body
from api.http.context import Here, Id
from api.http.openapi import Responses, problems
from api.http.uploads import FIELD, FORM_TYPE, JSON_TYPE, received_form
from api.requests import ConsentRequest, OptOutFilter, WithdrawalRequest, WorkRequest
from ledger.answers.corpus import OptOutPage
from ledger.answers.drafts import PayloadToSign, PreparedWork
from ledger.answers.records import RecordAnswer
from ledger.answers.works import RegisteredWork
from ledger.errors import InputError

WORK_FIELD = "work"
MAX_WORK_BYTES = 131_072
"""Of the JSON: more than the texts and the envelope of the largest leaf take."""

router = APIRouter(tags=["works"])
_FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            FORM_TYPE: {
                "schema": {
                    "type": "object",
                    "required": [FIELD, WORK_FIELD],
                    "additionalProperties": False,
                    "properties": {
                        FIELD: {"type": "string", "format": "binary", "description": "The picture's file."},
                        WORK_FIELD: json_body(WorkRequest)["requestBody"]["content"][JSON_TYPE]["schema"],
                    },
                },
                "encoding": {WORK_FIELD: {"contentType": JSON_TYPE}},
            }
        },
    }
}
_PREPARED: Responses = {
    200: {
        "model": RegisteredWork | PreparedWork,
        "description": "With `prepare` what is to be signed; else the work, registered before",
    }
}
_DRAFTED: Responses = {
    200: {
        "model": RecordAnswer | PayloadToSign,
        "description": "With `prepare` the payload to sign; else the record, again",
    }
}
_WRONG = problems(400, 404, 409, 413, 415, 422, 503)


@router.post(
    "/v1/works",
    status_code=201,
    summary="Register a work of one's own",
    responses=_PREPARED | _WRONG | problems(429),
    openapi_extra=_FORM,
)
async def register_work(
    request: Request, response: Response, here: Here, caller: Caller, prepare: bool = False
) -> RegisteredWork | PreparedWork:
    """A form with the file in `image` and what is said of it as JSON in `work`.

    An artist with a key on the log signs: `prepare=true` answers with the statement, and the same form comes again
    with `signed`. Nothing is kept in between. 200 where the artist registered the same bytes before. 429
    (`too-many-contested`) where an account goes on registering near-duplicates of what others registered.
    """
    registering, artist_id = here.application.works.registering, caller.account_id or ""
    limits = {FIELD: here.application.settings.max_image_bytes, WORK_FIELD: MAX_WORK_BYTES}
    async with received_form(request, limits, here.budget) as parts:
        asked, data = _work_request(parts), parts[FIELD]
        brought = asked.brought()
        if prepare:
            response.status_code = 200
            return await here.workers.run(lambda: registering.prepare(data, asked.details(), artist_id, caller))
        if brought is None:
            done = await here.workers.run(lambda: registering.register(data, asked.details(), artist_id, caller))
        else:
            done = await here.workers.run(lambda: registering.submit(data, asked.details(), brought, artist_id, caller))
    response.status_code = 200 if done.record.repeated else 201
    response.headers["Location"] = done.work.links["self"]
    return done


@router.post(
    "/v1/works/{work_id}/consents",
    status_code=201,
    summary="State new terms for a work of one's own",
    responses=_DRAFTED | _WRONG,
    openapi_extra=json_body(ConsentRequest),
)
async def change_terms(
    *, request: Request, response: Response, here: Here, caller: Caller, work_id: Id, prepare: bool = False
) -> RecordAnswer | PayloadToSign:
    """They hold from the record's log entry on. `prepare=true` answers with the payload for an artist's key to sign."""
    asked = await read_body(request, ConsentRequest)
    consents, uses, licence = here.application.works.consents, asked.allowed_uses, asked.licence
    if asked.envelope is not None:
        envelope = asked.envelope.to_bytes()
        answer = await here.workers.run(lambda: consents.submit(work_id, envelope, caller))
        return _recorded(response, answer)
    wanted = uses or ()
    if prepare:
        payload = await here.workers.run(lambda: consents.draft_terms(work_id, caller, wanted, licence))
        return _payload(response, payload)
    return _recorded(response, await here.workers.run(lambda: consents.change(work_id, caller, wanted, licence)))


@router.post(
    "/v1/works/{work_id}/withdrawals",
    status_code=201,
    summary="Withdraw a work",
    responses=_DRAFTED | _WRONG,
    openapi_extra=json_body(WithdrawalRequest),
)
async def withdraw(
    *, request: Request, response: Response, here: Here, caller: Caller, work_id: Id, prepare: bool = False
) -> RecordAnswer | PayloadToSign:
    """Out of matching, style and training at once and for good; title, credit, preview and fingerprint are erased, the
    leaves stay. `prepare=true` answers with the payload for an artist's key to sign."""
    asked = await read_body(request, WithdrawalRequest)
    consents = here.application.works.consents
    if asked.envelope is not None:
        envelope = asked.envelope.to_bytes()
        answer = await here.workers.run(lambda: consents.submit(work_id, envelope, caller))
        return _recorded(response, answer)
    if prepare:
        return _payload(response, await here.workers.run(lambda: consents.draft_withdrawal(work_id, caller)))
    return _recorded(response, await here.workers.run(lambda: consents.withdraw(work_id, caller, asked.reason)))


@router.get("/v1/opt-outs", summary="The opt-out list", responses=problems(422))
def list_opt_outs(here: Here, query: Annotated[OptOutFilter, Query()]) -> OptOutPage:
    """Pictures that are never matched and never trained on here: SHA-256 of bytes or pixels, and pHashes, of which
    whatever is within 20 of 256 bits is meant. Other trainers may honour it too."""
    return here.application.works.opting_out.page(after=query.after, limit=query.limit)


def _work_request(parts: dict[str, bytes]) -> WorkRequest:
    if FIELD not in parts:
        raise InputError(f"the form has no field `{FIELD}`", code="missing-image")
    try:
        document = json.loads(parts.get(WORK_FIELD, b""))
    except (ValueError, RecursionError) as error:
        raise InputError(f"the form has no JSON in the field `{WORK_FIELD}`", code="bad-request") from error
    try:
        return WorkRequest.model_validate(document)
    except ValidationError as error:
        raise RequestValidationError(error.errors(include_url=False, include_input=False)) from error


def _payload(response: Response, payload: bytes) -> PayloadToSign:
    response.status_code = 200
    return PayloadToSign(payload=payload)


def _recorded(response: Response, answer: RecordAnswer) -> RecordAnswer:
    response.status_code = 200 if answer.repeated else 201
    response.headers["Location"] = answer.links["self"]
    return answer
