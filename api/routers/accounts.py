"""`/v1/accounts`: who may do what, and the tokens by which that is known."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from starlette.concurrency import run_in_threadpool

from api.account_schemas import (
    AccountBody,
    AccountRequest,
    AccountWithTokensBody,
    IssuedTokenBody,
    TokenBody,
    TokenRequest,
)
from api.http.access import Caller
from api.http.bodies import json_body, read_body
from api.http.context import Here, Id
from api.http.openapi import problems
from ledger.errors import NotFoundError
from ledger.flows.people.accounts import TOKEN_ID_PATTERN
from ledger.flows.people.principal import Principal

router = APIRouter(tags=["accounts"])
TokenId = Annotated[str, Path(pattern=TOKEN_ID_PATTERN, description="The public part of a token.")]


@router.post(
    "/v1/accounts",
    status_code=201,
    response_model=AccountBody,
    summary="Make an account",
    responses=problems(400, 409, 413, 415, 422),
    openapi_extra=json_body(AccountRequest),
)
async def create_account(request: Request, here: Here) -> dict[str, Any]:
    """An artist's account is also the artist that works are registered for."""
    body = await read_body(request, AccountRequest)
    account = await run_in_threadpool(here.application.people.accounts.create, body.role, body.name)
    return account.to_json()


@router.get(
    "/v1/accounts/{account_id}",
    response_model=AccountWithTokensBody,
    summary="One's own account, with its tokens",
    responses=problems(404, 422),
)
def get_account(here: Here, caller: Caller, account_id: Id, response: Response) -> dict[str, Any]:
    """Administrators see any. Secrets are not shown again."""
    _require_own(caller, account_id)
    accounts = here.application.people.accounts
    account, tokens = accounts.get(account_id), accounts.tokens(account_id)
    response.headers["Cache-Control"] = "no-store"
    return account.to_json() | {"tokens": [token.to_json() for token in tokens]}


@router.post(
    "/v1/accounts/{account_id}/tokens",
    status_code=201,
    response_model=IssuedTokenBody,
    summary="Issue a token",
    responses=problems(400, 404, 409, 413, 415, 422),
    openapi_extra=json_body(TokenRequest),
)
async def issue_token(request: Request, here: Here, account_id: Id, response: Response) -> dict[str, Any]:
    """`secret` is shown here and never again: only its digest is kept."""
    body = await read_body(request, TokenRequest)
    accounts = here.application.people.accounts
    issued = await run_in_threadpool(accounts.issue_token, account_id, body.scopes, body.expires_in)
    response.headers["Cache-Control"] = "no-store"
    return issued.to_json()


@router.post(
    "/v1/accounts/{account_id}/tokens/{token_id}/revocations",
    response_model=TokenBody,
    summary="Revoke a token of one's own",
    responses=problems(404, 422),
)
def revoke_token(here: Here, caller: Caller, account_id: Id, token_id: TokenId) -> dict[str, Any]:
    """Administrators revoke any. A token may revoke itself."""
    _require_own(caller, account_id)
    accounts = here.application.people.accounts
    if accounts.token(token_id).account_id != account_id:
        raise NotFoundError("the account has no such token", code="token-not-found")
    return accounts.revoke_token(token_id).to_json()


def _require_own(caller: Principal, account_id: str) -> None:
    """Raises AccessError (`wrong-account`, `scope-missing`)."""
    if caller.role == "administrator" and caller.account_id != account_id:
        caller.require_scope("accounts")
    else:
        caller.require_account(account_id)
