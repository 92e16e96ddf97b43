"""Who may do what: every role at every operation, made from the OpenAPI document; forged, ended and narrow tokens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import APIRouter
from fastapi.testclient import TestClient

from api.app import ROUTERS, create_app
from api.http.access import ACCESS, EXTENSION, Access, operations, require_rows
from ledger.answers.roles import AccountRole
from ledger.app import Application, open_application
from ledger.flows.people.accounts import Accounts
from ledger.flows.people.principal import SCOPES_OF_ROLE
from ledger.settings import Settings
from tests.applications import GENEROUS, UNKNOWN_ID, query
from tests.conftest import DatabaseUrl, copied

ELSEWHERE = ("203.0.113.7", 50_000)
ROLES: tuple[AccountRole, ...] = tuple(SCOPES_OF_ROLE)
DOCUMENT: dict[str, Any] = create_app(Application(Settings())).openapi()
OPERATIONS = [
    (method.upper(), path, operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
]
PARAMETERS = {
    "token_id": "ab" * 16, "token": "A" * 43, "digest": "ab" * 32, "path": "0/000",
}  # fmt: skip
"""For the other parameters of a path: an id that nobody has."""


@pytest.fixture(scope="module")
def database(database_server: DatabaseUrl, template: str) -> Iterator[str]:
    with copied(database_server, template) as url:
        yield url


@pytest.fixture(scope="module")
def application(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Application]:
    with open_application(
        data_dir=tmp_path_factory.mktemp("data"), database_url=database, max_image_bytes=2**16, **GENEROUS
    ) as opened:
        yield opened


@pytest.fixture(scope="module")
def client(application: Application) -> Iterator[TestClient]:
    with TestClient(create_app(application), raise_server_exceptions=False, client=ELSEWHERE) as opened:
        yield opened


@pytest.fixture(scope="module")
def account_ids(application: Application) -> dict[AccountRole, str]:
    return {role: application.people.accounts.create(role, f"Some {role}").account_id for role in ROLES}


@pytest.fixture(scope="module")
def tokens(application: Application, account_ids: dict[AccountRole, str]) -> dict[tuple[AccountRole, str], str]:
    """For each role, a token with all its scopes (``*``) and one with each of them alone."""
    issue = application.people.accounts.issue_token
    return {
        (role, name): issue(account_ids[role], SCOPES_OF_ROLE[role] if name == "*" else [name]).secret  # type: ignore[list-item]  # names of scopes
        for role in ROLES
        for name in ("*", *sorted(SCOPES_OF_ROLE[role]))
    }


def call(client: TestClient, method: str, path: str, token: str | None, **values: str) -> tuple[int, str]:
    """Status, and the problem's code."""
    known = PARAMETERS | values
    for name in [part[1:-1] for part in path.split("/") if part.startswith("{")]:
        path = path.replace("{%s}" % name, known.get(name, UNKNOWN_ID))  # noqa: UP031 - braces
    headers = {} if token is None else {b"authorization": f"Bearer {token}".encode("latin-1")}
    response = client.request(method, path, headers=headers)
    problem = response.headers.get("content-type", "").startswith("application/problem+json")
    return response.status_code, response.json()["code"] if problem else ""


def expected(operation: dict[str, Any], role: AccountRole | None, scopes: frozenset[str]) -> tuple[int, str] | None:
    """How the asker is turned away; None where it is let in."""
    stated = operation[EXTENSION]
    if "public" in stated["roles"]:
        return None
    if role is None:
        return 401, "token-required"
    if role not in stated["roles"]:
        return 403, "role-forbidden"
    if stated["scope"] is not None and stated["scope"] not in scopes:
        return 403, "scope-missing"
    return None


OWN = {
    ("GET", "/v1/accounts/{account_id}"),
    ("GET", "/v1/accounts/{account_id}/notices"),
    ("POST", "/v1/accounts/{account_id}/notices/read"),
    ("POST", "/v1/accounts/{account_id}/webhooks"),
    ("GET", "/v1/accounts/{account_id}/webhooks"),
    ("POST", "/v1/accounts/{account_id}/webhooks/{webhook_id}/tests"),
    ("POST", "/v1/accounts/{account_id}/webhooks/{webhook_id}/removals"),
    ("POST", "/v1/accounts/{account_id}/domains"),
    ("POST", "/v1/accounts/{account_id}/tokens/{token_id}/revocations"),
}
"""Each account's own affair: asked for somebody else's, everybody but administrators is turned away."""


@pytest.mark.parametrize("asked", OPERATIONS, ids=lambda asked: f"{asked[0]} {asked[1]}")
@pytest.mark.parametrize("role", [None, *ROLES])
def test_every_role_at_every_operation(
    client: TestClient,
    tokens: dict[tuple[AccountRole, str], str],
    asked: tuple[str, str, dict[str, Any]],
    role: AccountRole | None,
) -> None:
    method, path, operation = asked
    assert set(operation[EXTENSION]) == {"roles", "scope", "limited"}
    if role is None:
        askers: list[tuple[str | None, frozenset[str]]] = [(None, frozenset())]
    else:
        # Where no token is looked at, its scopes cannot matter.
        alone = sorted(SCOPES_OF_ROLE[role]) if "security" in operation else []
        names = ["*", *alone]
        askers = [(tokens[role, name], frozenset(SCOPES_OF_ROLE[role] if name == "*" else {name})) for name in names]
    for token, scopes in askers:
        status, code = call(client, method, path, token)
        turned_away = expected(operation, role, scopes)
        if turned_away is None and (method, path) in OWN:
            let_in = role == "administrator" and "accounts" in scopes
            turned_away = None if let_in else (403, "scope-missing" if role == "administrator" else "wrong-account")
        if turned_away is None:
            assert status not in (401, 403), (role, scopes, code)
            assert status < 500 or code in ("checkpoint-not-found", "")
        else:
            assert (status, code) == turned_away, (role, scopes)
        assert str(status) in operation["responses"], "every answer is documented"


@pytest.mark.parametrize("asked", OPERATIONS, ids=lambda asked: f"{asked[0]} {asked[1]}")
def test_tokens_that_are_not_good_open_nothing(
    application: Application,
    client: TestClient,
    database: str,
    account_ids: dict[AccountRole, str],
    asked: tuple[str, str, dict[str, Any]],
) -> None:
    """Forged, expired, revoked, of a disabled account, of no form at all."""
    method, path, operation = asked
    if operation[EXTENSION]["roles"] == ["public"] and not operation[EXTENSION]["limited"]:
        return
    accounts = application.people.accounts
    role: AccountRole = next((role for role in ROLES if role in operation[EXTENSION]["roles"]), "artist")
    good, expired, revoked = (accounts.issue_token(account_ids[role], SCOPES_OF_ROLE[role]) for _ in range(3))
    query(database, "UPDATE access_token SET expires_at = now() WHERE token_id = %s", expired.token_id)
    accounts.revoke_token(revoked.token_id)
    gone = accounts.create("auditor", "Gone")
    disabled = accounts.issue_token(gone.account_id, ["resolutions"]).secret
    accounts.disable(gone.account_id)
    forged = good.secret[:-4] + ("AAAA" if good.secret[-4:] != "AAAA" else "BBBB")
    for token in (forged, expired.secret, revoked.secret, disabled, "alt_", "x", "\u00e9"):
        assert call(client, method, path, token) == (401, "bad-token")


def test_ones_own_account_and_its_tokens(
    application: Application, client: TestClient, account_ids: dict[AccountRole, str]
) -> None:
    artist_id = account_ids["artist"]
    mine, other = (application.people.accounts.issue_token(artist_id, ["works"]) for _ in range(2))
    headers = {"authorization": f"Bearer {mine.secret}"}
    shown = client.get(f"/v1/accounts/{artist_id}", headers=headers)
    assert shown.headers["cache-control"] == "no-store"
    assert shown.json()["name"] == "Some artist"
    used = {token["token_id"]: token["last_used_at"] for token in shown.json()["tokens"]}
    assert used[mine.token_id] is not None
    assert used[other.token_id] is None
    assert mine.secret[-43:] not in shown.text
    path = f"/v1/accounts/{artist_id}/tokens/{other.token_id}/revocations"
    assert client.post(path, headers=headers).json()["good"] is False
    foreign = application.people.accounts.issue_token(account_ids["auditor"], ["keys"]).token_id
    refused = client.post(f"/v1/accounts/{artist_id}/tokens/{foreign}/revocations", headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (404, "token-not-found")


def test_an_administrator_makes_accounts_and_tokens(
    client: TestClient, tokens: dict[tuple[AccountRole, str], str]
) -> None:
    headers = {"authorization": f"Bearer {tokens['administrator', 'accounts']}"}
    made = client.post("/v1/accounts", json={"role": "artist", "name": "<i>Eve</i>\u202e"}, headers=headers)
    assert (made.status_code, made.json()["name"]) == (201, "<i>Eve</i>")
    account_id = made.json()["account_id"]
    taken = client.post("/v1/accounts", json={"role": "artist", "name": "<i>Eve</i>"}, headers=headers)
    assert (taken.status_code, taken.json()["code"]) == (409, "name-taken")
    issued = client.post(f"/v1/accounts/{account_id}/tokens", json={"scopes": ["works"]}, headers=headers)
    assert (issued.status_code, issued.headers["cache-control"]) == (201, "no-store")
    secret = issued.json()["secret"]
    assert call(client, "GET", "/v1/accounts/{account_id}", secret, account_id=account_id) == (200, "")
    wide = client.post(f"/v1/accounts/{account_id}/tokens", json={"scopes": ["accounts"]}, headers=headers)
    assert (wide.status_code, wide.json()["code"]) == (422, "bad-scope")
    bodies: list[Any] = [{}, {"scopes": []}, {"scopes": ["all"]}, {"scopes": ["works"], "expires_in": -1}, []]
    for body in bodies:
        refused = client.post(f"/v1/accounts/{account_id}/tokens", json=body, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid-request")


def test_pages_administer_nothing() -> None:
    """Whoever asks: what a page can send is a picture, as everybody may; on the desk, a token, and what was read."""
    forms = {path: access for (method, path), access in ACCESS.items() if method != "GET" and path[:4] != "/v1/"}
    own = {"/me/session", "/me/session/end", "/me/inbox/read"}
    assert set(forms) == {"/lookup", "/verify"} | own
    forms = {path: access for path, access in forms.items() if path not in own}
    assert all(access.roles is None and access.limited for access in forms.values())


def test_turning_away_says_how_to_come_in(client: TestClient) -> None:
    missing = client.post("/v1/keys")
    assert missing.headers["www-authenticate"] == "Bearer"
    wrong = client.post("/v1/keys", headers={"authorization": "Bearer alt_x"})
    assert wrong.headers["www-authenticate"] == 'Bearer error="invalid_token"'


def test_public_reading_looks_at_no_token(client: TestClient) -> None:
    assert client.get("/v1/records", headers={"authorization": "Bearer wrong"}).status_code == 200


def test_every_operation_that_may_append_is_counted_before_any_work(application: Application) -> None:
    """Each by an address and by an account that nobody else uses here: the second request is turned away."""
    once = {"limit_per_address": "1/hour", "limit_per_account": "1/hour", "limit_pictures_per_account": "1/hour"}
    settings = application.settings.model_copy(update=once)
    appending = [(method, path) for method, path in ACCESS if method not in ("GET", "HEAD")]
    assert {asked[:2] for asked in OPERATIONS if asked[0] != "GET"} <= {
        (method, path.replace("{path:path}", "{path}")) for method, path in appending
    }
    assert len(appending) > 15
    accounts = application.people.accounts
    with open_application(**settings.model_dump()) as narrow:
        app = create_app(narrow)
        for number, (method, path) in enumerate(appending):
            client = TestClient(app, raise_server_exceptions=False, client=(f"203.0.113.{number}", 50_000))
            for asker in (
                *([None] if ACCESS[method, path].roles is None else []),
                *([f"Flooding {number}"] if ACCESS[method, path].looks_at_token else []),
            ):
                secrets = [None, None] if asker is None else tokens_for(accounts, ACCESS[method, path], asker)
                first, second = (call(client, method, path, secret) for secret in secrets)
                assert first[0] not in (401, 429, 500), (method, path, first)
                assert first[1] not in ("role-forbidden", "scope-missing"), (method, path, first)
                assert second == (429, "rate-limited"), (method, path, asker)


def tokens_for(accounts: Accounts, access: Access, name: str) -> list[str | None]:
    """Two of a new account that is let in."""
    scope = access.scope or access.pictures_scope
    role = next(
        role
        for role, scopes in SCOPES_OF_ROLE.items()
        if (access.roles is None or role in access.roles) and (scope is None or scope in scopes)
    )
    account_id = accounts.create(role, name).account_id
    scopes = SCOPES_OF_ROLE[role] if scope is None else [scope]
    return [accounts.issue_token(account_id, scopes).secret for _ in range(2)]


def test_an_operation_that_nobody_decided_about_is_not_served(monkeypatch: pytest.MonkeyPatch) -> None:
    routers = [module.router for module in ROUTERS]
    require_rows(routers)
    assert set(operations(routers)) == set(ACCESS), "a row without an operation means nothing"
    another = APIRouter()
    another.add_api_route("/v1/backdoor", lambda: None)
    with pytest.raises(RuntimeError, match="backdoor"):
        require_rows([*routers, another])
    monkeypatch.setitem(ACCESS, ("POST", "/v1/backdoor"), Access())
    another = APIRouter()
    another.add_api_route("/v1/backdoor", lambda: None, methods=["POST"])
    with pytest.raises(RuntimeError, match=r"no limit for .*backdoor"):
        require_rows([*routers, another])
