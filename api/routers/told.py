"""`/v1/accounts/ID/...`: what an account is told of, where it is told, and the domains that it proved."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from api.http.access import Caller, require_own
from api.http.bodies import json_body, read_body
from api.http.context import Here, Id
from api.http.openapi import Responses, problems
from api.requests import DomainRequest, Page, ReadRequest, WebhookRequest
from ledger.answers.notices import NoticePage
from ledger.answers.people import DomainChallenge, DomainList, VerifiedDomain
from ledger.answers.webhooks import NewWebhook, WebhookList, WebhookTest

router = APIRouter(tags=["accounts"])
_PREPARED: Responses = {200: {"model": DomainChallenge, "description": "With `prepare`: what to publish"}}


@router.get(
    "/v1/accounts/{account_id}/notices",
    summary="What one's own account is told of",
    responses=problems(404, 422),
)
def list_notices(
    *, here: Here, caller: Caller, account_id: Id, query: Annotated[Page, Query()], response: Response
) -> NoticePage:
    """Copies of one's works, claims about them, contests, answers, changed verdicts, and whatever was recorded in one's
    name. In the order of the log; a webhook brings the same."""
    require_own(caller, account_id)
    response.headers["Cache-Control"] = "no-store"
    return here.application.people.inbox.page(account_id, after=query.after, limit=query.limit)


@router.post(
    "/v1/accounts/{account_id}/notices/read",
    status_code=204,
    response_class=Response,
    summary="Mark notices as read",
    responses=problems(400, 404, 413, 415, 422),
    openapi_extra=json_body(ReadRequest),
)
async def read_notices(request: Request, here: Here, caller: Caller, account_id: Id) -> Response:
    """Those of log entries up to `through`. What was read stays read."""
    require_own(caller, account_id)
    through = (await read_body(request, ReadRequest)).through
    await run_in_threadpool(here.application.people.inbox.read, account_id, through)
    return Response(status_code=204)


@router.post(
    "/v1/accounts/{account_id}/webhooks",
    status_code=201,
    summary="Have notices sent to an address of one's own",
    responses=problems(400, 404, 409, 413, 415, 422),
    openapi_extra=json_body(WebhookRequest),
)
async def add_webhook(
    *, request: Request, response: Response, here: Here, caller: Caller, account_id: Id
) -> NewWebhook:
    """Signed as Standard Webhooks has it; `secret` is shown here and never again. Tried again for three days where the
    address does not answer. Addresses of private networks are refused."""
    require_own(caller, account_id)
    url = (await read_body(request, WebhookRequest)).url
    response.headers["Cache-Control"] = "no-store"
    return await run_in_threadpool(here.application.people.webhooks.add, account_id, url)


@router.get("/v1/accounts/{account_id}/webhooks", summary="One's own webhooks", responses=problems(404, 422))
def list_webhooks(here: Here, caller: Caller, account_id: Id, response: Response) -> WebhookList:
    """With what waits for each, and why the last delivery failed."""
    require_own(caller, account_id)
    response.headers["Cache-Control"] = "no-store"
    return WebhookList(webhooks=here.application.people.webhooks.of(account_id))


@router.post(
    "/v1/accounts/{account_id}/webhooks/{webhook_id}/tests",
    summary="Send a test to a webhook",
    responses=problems(404, 422, 503),
)
async def test_webhook(here: Here, caller: Caller, account_id: Id, webhook_id: Id) -> WebhookTest:
    """Now, and once; the answer says what came back."""
    require_own(caller, account_id)
    webhooks = here.application.people.webhooks
    return await here.outside.run(lambda: webhooks.test(account_id, webhook_id))


@router.post(
    "/v1/accounts/{account_id}/webhooks/{webhook_id}/removals",
    status_code=204,
    response_class=Response,
    summary="Remove a webhook",
    responses=problems(404, 422),
)
async def remove_webhook(here: Here, caller: Caller, account_id: Id, webhook_id: Id) -> Response:
    """What waits for it is forgotten."""
    require_own(caller, account_id)
    await run_in_threadpool(here.application.people.webhooks.remove, account_id, webhook_id)
    return Response(status_code=204)


@router.post(
    "/v1/accounts/{account_id}/domains",
    status_code=201,
    summary="Prove a domain of one's own",
    responses=_PREPARED | problems(400, 404, 413, 415, 422, 502, 503),
    openapi_extra=json_body(DomainRequest),
)
async def prove_domain(
    *, request: Request, response: Response, here: Here, caller: Caller, account_id: Id, prepare: bool = False
) -> VerifiedDomain | DomainChallenge:
    """The domain names the account, in a file or in a DNS record; `prepare=true` says what to publish. The log gets the
    day and a commitment to the domain. It shows who controls the domain then, and nothing else."""
    require_own(caller, account_id)
    asked = await read_body(request, DomainRequest)
    domains = here.application.people.domains
    if prepare:
        response.status_code = 200
        return domains.challenge(account_id, asked.domain)
    return await here.outside.run(lambda: domains.verify(account_id, asked.domain, asked.method))


@router.get("/v1/accounts/{account_id}/domains", summary="Domains that an account proved", responses=problems(422))
def list_domains(here: Here, account_id: Id) -> DomainList:
    """Those whose proof is less than a year old."""
    return DomainList(domains=here.application.people.domains.of([account_id]).get(account_id, ()))
