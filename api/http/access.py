"""Who may do what over HTTP: one table, by which requests are let in and which the OpenAPI document repeats.

An operation without a row is not served: the application does not start. Public reading looks at no token at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.routing import APIRoute

from api.http.askers import Asker
from api.http.context import context_of
from api.http.limits import address_key
from api.http.openapi import problems
from api.http.session import session_secret
from ledger.answers.roles import AccountRole
from ledger.errors import AccessError
from ledger.flows.people.principal import LOCAL, PUBLIC, Principal, Scope

EXTENSION = "x-artledger-access"
READING = frozenset({"GET", "HEAD"})
"""Methods that append nothing. Every other operation is limited."""
SCHEME = "token"
"""Name of the security scheme in the OpenAPI document."""


@dataclass(frozen=True, slots=True)
class Access:
    """Who may call an operation."""

    roles: frozenset[AccountRole] | None = None
    """Accounts of these roles; None: everybody, without any account."""
    scope: Scope | None = None
    """What the token must be good for."""
    limited: bool = False
    """Counted before any work is done (api/http/limits.py): by account, whatever its tokens and addresses, or by
    address where there is no account. Only the machine's owner is not counted."""
    pictures_scope: Scope | None = None
    """Of work on pictures that everybody may ask for: tokens with this scope are counted by account, more freely."""

    session: bool = False
    """Of pages that differ for whoever is signed in: they look at the browser's session, where there is one."""

    shared: bool = False
    """Whether pages of other sites may read the answer in their visitors' browsers (CORS)."""

    def __post_init__(self) -> None:
        if self.shared and (self.looks_at_token or self.limited):
            raise ValueError("only what looks at no token and costs no limited work is shared with other sites")

    @property
    def looks_at_token(self) -> bool:
        return self.roles is not None or self.pictures_scope is not None or self.session

    def require(self, principal: Principal) -> None:
        """Raises AccessError (`token-required`, `role-forbidden`, `scope-missing`)."""
        if self.roles is None:
            return
        if principal.role == "public":
            raise AccessError(
                "this needs the token of an account",
                code="token-required",
                hint="Send it as: Authorization: Bearer TOKEN",
            )
        if principal.role not in self.roles:
            raise AccessError(
                f"this is for {', '.join(sorted(self.roles))} accounts; yours is {principal.role}",
                code="role-forbidden",
            )
        if self.scope is not None:
            principal.require_scope(self.scope)

    def to_json(self) -> dict[str, Any]:
        return {
            "roles": ["public"] if self.roles is None else sorted(self.roles),
            "scope": self.scope,
            "limited": self.limited,
        }


def only(*roles: AccountRole, scope: Scope | None = None, limited: bool = True) -> Access:
    return Access(frozenset(roles), scope, limited)


def pictures(scope: Scope) -> Access:
    """Everybody may have work done on pictures, so often; accounts with the scope more often."""
    return Access(limited=True, pictures_scope=scope)


ANYBODY = Access()
DESK = Access(session=True)
"""Everybody: whoever is not signed in is asked to."""
SIGNING_IN = Access(limited=True)
ANY_SITE = Access(shared=True)
"""Everybody, and every page: what monitors of the log read."""
ROLES: tuple[AccountRole, ...] = ("artist", "generator", "auditor", "administrator")

ACCESS: Mapping[tuple[str, str], Access] = {
    ("POST", "/v1/verifications"): pictures("verifications"),
    ("POST", "/v1/generations"): pictures("generations"),
    ("POST", "/v1/generations/{token}/confirmations"): pictures("generations"),
    ("POST", "/v1/lookups"): pictures("verifications"),
    ("GET", "/v1/records"): ANYBODY,
    ("GET", "/v1/records/{record_id}"): ANYBODY,
    ("GET", "/v1/records/{record_id}/bundle"): ANYBODY,
    ("POST", "/v1/works"): only("artist", scope="works"),
    ("GET", "/v1/works/{work_id}"): ANYBODY,
    ("POST", "/v1/works/{work_id}/consents"): only("artist", scope="works"),
    ("POST", "/v1/works/{work_id}/withdrawals"): only("artist", "administrator", scope="works"),
    ("GET", "/v1/opt-outs"): ANYBODY,
    ("GET", "/v1/works/{work_id}/preview"): ANYBODY,
    ("GET", "/v1/artists/{artist_id}"): ANYBODY,
    ("GET", "/v1/artists/{artist_id}/works"): ANYBODY,
    ("GET", "/v1/artists/{artist_id}/uses"): ANYBODY,
    ("POST", "/v1/artists/{artist_id}/erasures"): only("artist", scope="works"),
    ("POST", "/v1/artists/{artist_id}/usage"): only("artist", "administrator", scope="works"),
    ("GET", "/v1/usages/{digest}"): ANYBODY,
    ("GET", "/v1/models/{model_id}"): ANYBODY,
    ("GET", "/v1/models/{model_id}/manifest"): ANYBODY,
    ("GET", "/v1/policies/{digest}"): ANYBODY,
    ("GET", "/v1/calibrations/{digest}"): ANYBODY,
    ("GET", "/v1/specs/{digest}"): ANYBODY,
    ("POST", "/v1/claims"): only("artist", "generator", scope="claims"),
    ("GET", "/v1/claims"): ANYBODY,
    ("GET", "/v1/claim-statistics"): ANYBODY,
    ("GET", "/v1/claims/{claim_id}"): ANYBODY,
    ("GET", "/v1/claims/{claim_id}/bundle"): ANYBODY,
    ("POST", "/v1/claims/{claim_id}/responses"): only("artist", "generator", scope="claims"),
    ("POST", "/v1/claims/{claim_id}/resolutions"): only("auditor", scope="resolutions"),
    ("POST", "/v1/claims/{claim_id}/reviews"): pictures("verifications"),
    ("GET", "/v1/claim-rules/{digest}"): ANYBODY,
    ("POST", "/v1/keys"): only("artist", "generator", "auditor", scope="keys"),
    ("GET", "/v1/keys"): ANYBODY,
    ("POST", "/v1/accounts"): only("administrator", scope="accounts"),
    ("GET", "/v1/accounts/{account_id}"): only(*ROLES, limited=False),
    ("GET", "/v1/accounts/{account_id}/notices"): only(*ROLES, limited=False),
    ("POST", "/v1/accounts/{account_id}/notices/read"): only(*ROLES),
    ("POST", "/v1/accounts/{account_id}/webhooks"): only(*ROLES),
    ("GET", "/v1/accounts/{account_id}/webhooks"): only(*ROLES, limited=False),
    ("POST", "/v1/accounts/{account_id}/webhooks/{webhook_id}/tests"): only(*ROLES),
    ("POST", "/v1/accounts/{account_id}/webhooks/{webhook_id}/removals"): only(*ROLES),
    ("POST", "/v1/accounts/{account_id}/domains"): only("artist", "generator", "auditor", scope="keys"),
    ("GET", "/v1/accounts/{account_id}/domains"): ANYBODY,
    ("POST", "/v1/accounts/{account_id}/tokens"): only("administrator", scope="accounts"),
    ("POST", "/v1/accounts/{account_id}/tokens/{token_id}/revocations"): only(*ROLES),
    ("GET", "/checkpoint"): ANY_SITE,
    ("GET", "/tile/{path:path}"): ANY_SITE,
    ("GET", "/.well-known/artledger.json"): ANY_SITE,
    ("GET", "/healthz"): ANYBODY,
    ("GET", "/readyz"): ANYBODY,
    ("GET", "/"): ANYBODY,
    ("POST", "/lookup"): pictures("verifications"),
    ("POST", "/verify"): pictures("verifications"),
    ("GET", "/search"): ANYBODY,
    ("GET", "/p/{sha256}"): ANYBODY,
    ("GET", "/works"): ANYBODY,
    ("GET", "/verify"): ANYBODY,
    ("GET", "/artists/{artist_id}.atom"): ANYBODY,
    ("GET", "/claims.atom"): ANYBODY,
    ("GET", "/claims"): ANYBODY,
    ("GET", "/models"): ANYBODY,
    ("GET", "/artists"): ANYBODY,
    ("GET", "/records/{record_id}"): ANYBODY,
    ("GET", "/records/{record_id}/card.png"): ANYBODY,
    ("GET", "/records/{record_id}/sheet.png"): ANYBODY,
    ("GET", "/records/{record_id}/sheet.pdf"): ANYBODY,
    ("GET", "/records/{record_id}/badge.svg"): ANYBODY,
    ("GET", "/gallery"): ANYBODY,
    ("GET", "/how"): ANYBODY,
    ("GET", "/limits"): ANYBODY,
    ("GET", "/for-artists"): ANYBODY,
    ("GET", "/for-auditors"): ANYBODY,
    ("GET", "/operate"): ANYBODY,
    ("GET", "/works/{work_id}"): ANYBODY,
    ("GET", "/artists/{artist_id}"): ANYBODY,
    ("GET", "/models/{model_id}"): ANYBODY,
    ("GET", "/claims/{claim_id}"): ANYBODY,
    ("GET", "/log"): ANYBODY,
    ("GET", "/log/{leaf_index}"): ANYBODY,
    ("GET", "/r/{record_id}"): ANYBODY,
    ("POST", "/me/session"): SIGNING_IN,
    ("POST", "/me/session/end"): SIGNING_IN,
    ("GET", "/me"): DESK,
    ("GET", "/me/inbox"): DESK,
    ("POST", "/me/inbox/read"): only(*ROLES),
    ("GET", "/me/key"): DESK,
    ("GET", "/me/register"): DESK,
    ("GET", "/me/works"): DESK,
    ("GET", "/me/works/{work_id}"): DESK,
    ("GET", "/me/erase"): DESK,
    ("GET", "/me/connections"): DESK,
    ("GET", "/me/claims/{claim_id}"): DESK,
    ("GET", "/claims/new"): DESK,
}
"""By method and path template. Of all roles' operations: one's own account, which the endpoint sees to; an
administrator's any."""


async def caller_of(request: Request) -> Principal:
    """Lets the request in, and says who asks. Raises AccessError, PushbackError (`rate-limited`)."""
    here = context_of(request)
    access = ACCESS[request.method, request.scope["route"].path]
    owner = here.edge.is_owner(request.scope)
    principal = await _principal(request, access, owner)
    access.require(principal)
    address = here.edge.address(request.scope)
    anonymous = not owner and (
        principal.account_id is None or (access.roles is None and access.pictures_scope not in principal.scopes)
    )
    request.state.asker = Asker(address_key(address), privileged=not anonymous)
    if not access.limited or owner:
        return principal
    if anonymous or principal.account_id is None:
        here.limits.take(address)
    else:
        here.limits.take_account(principal.account_id, pictures=access.roles is None)
    return principal


Caller = Annotated[Principal, Depends(caller_of)]
"""Who asks: a parameter of an endpoint that needs to know. Every request is let in by it, whether named or not."""


def require_own(caller: Principal, account_id: str) -> None:
    """One's own account; an administrator's any. Raises AccessError (`wrong-account`, `scope-missing`)."""
    if caller.role == "administrator" and caller.account_id != account_id:
        caller.require_scope("accounts")
    else:
        caller.require_account(account_id)


async def _principal(request: Request, access: Access, owner: bool) -> Principal:
    """The account of the token or of the browser's session; without one the machine's owner or the public.

    Raises AccessError (`bad-token`, `session-ended`).
    """
    if access.looks_at_token:
        here = context_of(request)
        people = here.application.people
        token, session = bearer_token(request), session_secret(request)
        if token is not None:
            return await here.quick.run(lambda: people.accounts.authenticate(token))
        if session is not None:
            found = await here.quick.run(lambda: people.sessions.principal(session))
            if found is not None:
                return found
            if access.roles is not None and not owner:
                raise AccessError(
                    "you were signed out: the session has ended",
                    code="session-ended",
                    hint="Sign in again at /me, and repeat what you did. Nothing was recorded.",
                )
    return LOCAL if owner else PUBLIC


def bearer_token(request: Request) -> str | None:
    """RFC 6750 section 2.1. Raises AccessError (`bad-token`) for credentials of another kind."""
    header = request.headers.get("authorization")
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise AccessError("expected a token", code="bad-token", hint="Authorization: Bearer TOKEN")
    return token.strip()


def operations(routers: Iterable[APIRouter]) -> Iterator[tuple[str, str]]:
    """(method, path template) of everything that is served."""
    for router in routers:
        for route in router.routes:
            if isinstance(route, APIRoute):
                for method in sorted(route.methods or ()):
                    yield method, route.path


def require_rows(routers: Iterable[APIRouter]) -> None:
    """Raises RuntimeError for an operation of which nobody said who may call it, or that may append without limit."""
    served = set(operations(routers))
    missing = served - set(ACCESS)
    if missing:
        raise RuntimeError(f"the table in api/http/access.py has no row for {sorted(missing)}")
    unlimited = {each for each in served if each[0] not in READING and not ACCESS[each].limited}
    if unlimited:
        raise RuntimeError(f"the table in api/http/access.py has no limit for {sorted(unlimited)}")


def document_access(document: dict[str, Any]) -> dict[str, Any]:
    """The OpenAPI document with who may call each operation, and how being turned away looks."""
    schemes = document.setdefault("components", {}).setdefault("securitySchemes", {})
    schemes[SCHEME] = {"type": "http", "scheme": "bearer", "description": "A token of an account: alt_..."}
    paths = {path.replace("{path:path}", "{path}"): path for _, path in ACCESS}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            access = ACCESS[method.upper(), paths[path]]
            operation[EXTENSION] = access.to_json()
            if access.looks_at_token:
                operation["security"] = [{SCHEME: []}] if access.roles is not None else [{}, {SCHEME: []}]
                turned_away = problems(401) | (problems(403) if access.roles is not None else {})
                turned_away |= problems(429) if access.limited else {}
                for status, response in turned_away.items():
                    operation["responses"].setdefault(str(status), response)
    return document
