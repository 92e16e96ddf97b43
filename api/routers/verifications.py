"""`POST /v1/verifications`: compare a picture with the registered works and put the signed answer on the log."""

from __future__ import annotations

import asyncio
import time
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from api.http.context import Context, Here
from api.http.openapi import PICTURE_BODY, Responses, problems
from ledger.answers.records import ProvenRecord, RecordAnswer
from ledger.errors import PushbackError

LOOK_EVERY = 0.1
"""Seconds between looks for the checkpoint that a request waits for."""

router = APIRouter(tags=["verifications"])
_REPEATED: Responses = {
    200: {"model": ProvenRecord | RecordAnswer, "description": "The same question was answered before"}
}


@router.post(
    "/v1/verifications",
    status_code=201,
    summary="Verify a picture and make a public record",
    responses=_REPEATED | problems(400, 413, 415, 422, 503),
    openapi_extra={"requestBody": {"required": True, "content": PICTURE_BODY}},
)
async def verify(
    request: Request,
    response: Response,
    here: Here,
    top_k: Annotated[int, Query(ge=1, le=100)] = 10,
    wait: Literal["commit", "checkpoint"] = "commit",
) -> ProvenRecord | RecordAnswer:
    """201 with a new record; 200 with `repeated` where the same bytes met the same corpus, spec and calibration.

    `wait=checkpoint` answers when a published checkpoint covers the record, with its `proof`; 503 `not-yet-published`
    when that takes too long. The record is on the log then: the same request again returns it.
    """
    verification = here.application.pictures.verification
    async with here.working(request) as work:
        answer = await work.with_image(lambda data: verification.verify(data, top_k=top_k))
        proof = await _published(here, answer) if wait == "checkpoint" else None
    response.status_code = 200 if answer.repeated else 201
    response.headers["Location"] = answer.links["self"]
    return answer if proof is None else ProvenRecord(**dict(answer), proof=proof)


async def _published(here: Context, answer: RecordAnswer) -> str:
    """The proof, once there is one; no thread is held meanwhile. Raises PushbackError (`not-yet-published`)."""
    settings = here.application.settings
    deadline = time.monotonic() + settings.checkpoint_wait
    while True:
        proof = await run_in_threadpool(here.application.records.proof, answer.record_id)
        if proof is not None:
            return proof
        if time.monotonic() >= deadline:
            raise PushbackError(
                f"record {answer.record_id} is log entry {answer.leaf_index}, but no published checkpoint covers it "
                f"after {settings.checkpoint_wait:g} s",
                code="not-yet-published",
                hint="Nothing is lost: the same request returns the record later. /readyz shows what delays it.",
                retry_after=settings.publish_interval,
            )
        await asyncio.sleep(LOOK_EVERY)
