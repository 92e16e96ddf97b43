"""`/v1/keys`: keys that artists, operators of generators and auditors make and keep, announced on the log."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from api.http.access import Caller
from api.http.bodies import json_body, read_body
from api.http.context import Here
from api.http.openapi import Responses, problems
from api.requests import KeyFilter, KeyRequest
from ledger.answers.drafts import PayloadToSign
from ledger.answers.people import Keys
from ledger.answers.records import RecordAnswer
from ledger.flows.records.cosigned import EnvelopeDocument

router = APIRouter(tags=["keys"])
_PREPARED: Responses = {
    200: {"model": RecordAnswer | PayloadToSign, "description": "With `prepare` the payload; else the record, again"}
}


@router.post(
    "/v1/keys",
    status_code=201,
    summary="Announce, rotate or revoke a key of one's own",
    responses=_PREPARED | problems(400, 404, 409, 413, 415, 422, 503),
    openapi_extra=json_body(EnvelopeDocument, KeyRequest),
)
async def submit_key(
    request: Request, response: Response, here: Here, caller: Caller, prepare: bool = False
) -> RecordAnswer | PayloadToSign:
    """Takes a DSSE envelope of a `key` statement, signed by the new key, and by a good one where there is one.

    `prepare=true` takes a public key instead and answers with the payload to sign, which lasts a day.
    """
    account_id = caller.account_id or ""
    if prepare:
        asked = await read_body(request, KeyRequest)
        raw = bytes.fromhex(asked.public_key)
        payload = await run_in_threadpool(
            lambda: here.application.people.keys.draft(account_id, raw, event=asked.event, replaces=asked.replaces)
        )
        response.status_code = 200
        return PayloadToSign(payload=payload)
    envelope = (await read_body(request, EnvelopeDocument)).to_bytes()

    def submit() -> RecordAnswer:
        appended = here.application.people.keys.submit(envelope, caller)
        return here.application.records.answer(appended.entry, repeated=appended.repeated)

    answer = await run_in_threadpool(submit)
    response.status_code = 200 if answer.repeated else 201
    response.headers["Location"] = answer.links["self"]
    return answer


@router.get("/v1/keys", summary="Keys of an account, by announcement", responses=problems(422))
def list_keys(here: Here, query: Annotated[KeyFilter, Query()]) -> Keys:
    """All keys that the log records. A revoked key stays listed: what it signed before the revocation stays valid."""
    return Keys(keys=here.application.people.keys.states(query.holder_id))
