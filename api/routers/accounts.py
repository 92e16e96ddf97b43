"""`/v1/accounts`: who may do what, and the tokens by which that is known."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from starlette.concurrency import run_in_threadpool

from api.http.access import Caller, require_own
from api.http.bodies import json_body, read_body
from api.http.context import Here, Id
from api.http.openapi import problems
from api.requests import AccountRequest, TokenRequest
from ledger.answers.people import AccountAnswer, AccountWithTokens, IssuedToken, TokenAnswer
from ledger.errors import NotFoundError
from ledger.flows.people.accounts import TOKEN_ID_PATTERN

router = APIRouter(tags=["accounts"])
TokenId = Annotated[str, Path(pattern=TOKEN_ID_PATTERN, description="The public part of a token.")]


@router.post(
    "/v1/accounts",
    status_code=201,
    summary="Make an account",
    responses=problems(400, 409, 413, 415, 422),
    openapi_extra=json_body(AccountRequest),
)
async def create_account(request: Request, here: Here) -> AccountAnswer:
    """An artist's account is also the artist that works are registered for."""
    body = await read_body(request, AccountRequest)
    return await run_in_threadpool(here.application.people.accounts.create, body.role, body.name)


@router.get(
    "/v1/accounts/{account_id}",
    summary="One's own account, with its tokens",
    responses=problems(404, 422),
)
def get_account(here: Here, caller: Caller, account_id: Id, response: Response) -> AccountWithTokens:
    """Administrators see any. Secrets are not shown again."""
    require_own(caller, account_id)
    response.headers["Cache-Control"] = "no-store"
    return here.application.people.accounts.with_tokens(account_id)


@router.post(
    "/v1/accounts/{account_id}/tokens",
    status_code=201,
    summary="Issue a token",
    responses=problems(400, 404, 409, 413, 415, 422),
    openapi_extra=json_body(TokenRequest),
)
async def issue_token(request: Request, here: Here, account_id: Id, response: Response) -> IssuedToken:
    """`secret` is shown here and never again: only its digest is kept."""
    body = await read_body(request, TokenRequest)
    accounts = here.application.people.accounts
    response.headers["Cache-Control"] = "no-store"
    return await run_in_threadpool(accounts.issue_token, account_id, body.scopes, body.expires_in)


@router.post(
    "/v1/accounts/{account_id}/tokens/{token_id}/revocations",
    summary="Revoke a token of one's own",
    responses=problems(404, 422),
)
def revoke_token(here: Here, caller: Caller, account_id: Id, token_id: TokenId) -> TokenAnswer:
    """Administrators revoke any. A token may revoke itself."""
    require_own(caller, account_id)
    accounts = here.application.people.accounts
    if accounts.token(token_id).account_id != account_id:
        raise NotFoundError("the account has no such token", code="token-not-found")
    return accounts.revoke_token(token_id)
