"""Signed-in browsers: what their cookie is, what it may do, when it ends; and pages of the desk without scripts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from api.app import create_app
from ledger.answers.roles import AccountRole
from ledger.app import Application
from ledger.flows.people.principal import SCOPES_OF_ROLE
from tests.applications import UNKNOWN_ID, application_with
from tests.conftest import DatabaseUrl

ELSEWHERE = ("203.0.113.7", 50_000)
BROWSER = {"accept": "text/html"}
PAGES = (
    "/me",
    "/me/inbox",
    "/me/key",
    "/me/register",
    "/me/works",
    "/me/erase",
    "/claims/new",
    f"/me/claims/{UNKNOWN_ID}",
)


@pytest.fixture(scope="module")
def application(
    database_server: DatabaseUrl, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Application]:
    folder: Path = tmp_path_factory.mktemp("sessions") / "data"
    with application_with(database_server, template, folder, allowed_hosts="ledger.example") as opened:
        yield opened


@pytest.fixture
def client(application: Application) -> Iterator[TestClient]:
    with TestClient(
        create_app(application), base_url="https://ledger.example", client=ELSEWHERE, follow_redirects=False
    ) as opened:
        yield opened


def account(application: Application, role: AccountRole, name: str) -> tuple[str, str]:
    """Its id, and a token with all scopes."""
    account_id = application.people.accounts.create(role, name).account_id
    return account_id, application.people.accounts.issue_token(account_id, SCOPES_OF_ROLE[role]).secret


def sign_in(client: TestClient, token: str, following: str = "/me") -> str:
    """The cookie's header."""
    answer = client.post("/me/session", data={"token": token, "next": following})
    assert answer.status_code == 303, answer.text
    cookie: str = answer.headers["set-cookie"]
    return cookie


def test_the_cookie_is_for_this_host_alone_and_no_script_sees_it(application: Application, client: TestClient) -> None:
    account_id, token = account(application, "artist", "Cookie Monster")
    cookie = sign_in(client, token)
    assert cookie.startswith("__Host-artledger-session=")
    assert {"HttpOnly", "Secure", "Path=/", "SameSite=lax"} <= {part.strip() for part in cookie.split(";")}
    assert "Domain" not in cookie
    assert token not in cookie
    assert client.get(f"/v1/accounts/{account_id}").json()["name"] == "Cookie Monster"
    page = client.get("/me", headers=BROWSER)
    assert page.headers["cache-control"] == "no-store"
    assert "Cookie Monster" in page.text


@pytest.mark.parametrize("headers", [{"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}])
def test_another_sites_page_does_nothing_with_it(
    application: Application, client: TestClient, headers: dict[str, str]
) -> None:
    account_id, token = account(application, "artist", f"Visitor of {headers}")
    sign_in(client, token)
    for path in (f"/v1/artists/{account_id}/erasures", "/me/session/end", "/me/inbox/read", "/me/session"):
        refused = client.post(path, headers=headers, json={"name": f"Visitor of {headers}"})
        assert (refused.status_code, refused.json()["code"]) == (403, "cross-origin")
    assert application.people.accounts.get(account_id).name


def test_a_session_ends_with_its_token_with_time_and_when_one_signs_out(
    application: Application, client: TestClient
) -> None:
    account_id, token = account(application, "artist", "Short Stay")
    own = f"/v1/accounts/{account_id}"
    sign_in(client, token)
    assert client.get(own).status_code == 200
    assert client.post("/me/session/end").status_code == 303
    assert client.get(own).status_code == 401
    cookie = sign_in(client, token).partition(";")[0]
    assert client.get(own).status_code == 200
    client.post("/me/session/end")
    kept = {"cookie": cookie}
    client.cookies.clear()
    assert client.get(own, headers=kept).json()["code"] == "session-ended", "a copy of the cookie is worth nothing"
    sign_in(client, token)
    with application.store.database.begin() as connection:
        connection.execute(sa.text("UPDATE session SET expires_at = now() - interval '1 second'"))
    assert client.get(own).json()["code"] == "session-ended"
    assert "the session has ended" in client.get("/me/works", headers=BROWSER).text
    sign_in(client, token)
    application.people.accounts.revoke_token(token.split("_")[1])
    assert client.get(own).json()["code"] == "session-ended"
    with application.store.database.begin() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM session WHERE expires_at <= now()")).scalar() == 0


def test_a_session_may_do_what_its_token_may(application: Application, client: TestClient) -> None:
    account_id = application.people.accounts.create("artist", "Narrow").account_id
    token = application.people.accounts.issue_token(account_id, ["claims"]).secret
    sign_in(client, token)
    refused = client.post(f"/v1/artists/{account_id}/erasures", json={"name": "Narrow"})
    assert (refused.status_code, refused.json()["code"]) == (403, "scope-missing")


@pytest.mark.parametrize(
    ("following", "led_to"),
    [
        ("/me/works?after=3", "/me/works?after=3"),
        ("/claims/new?work=0190-7000", "/claims/new?work=0190-7000"),
        ("//evil.example/me", "/me"),
        ("https://evil.example/", "/me"),
        ("/me/../v1", "/me"),
        ("/me\r\nX: y", "/me"),
        ("", "/me"),
    ],
)  # fmt: skip
def test_signing_in_leads_to_own_pages_only(
    application: Application, client: TestClient, following: str, led_to: str
) -> None:
    _, token = account(application, "artist", f"Traveller to {following!r}")
    answer = client.post("/me/session", data={"token": token, "next": following})
    assert answer.headers["location"] == led_to


@pytest.mark.parametrize("path", PAGES)
def test_whoever_is_not_signed_in_is_asked_to(client: TestClient, path: str) -> None:
    page = client.get(path, headers=BROWSER)
    assert page.status_code == 200
    assert 'name="token"' in page.text
    assert f'value="{path}"' in page.text


@pytest.mark.parametrize("role", list(SCOPES_OF_ROLE))
def test_every_page_for_every_role(application: Application, client: TestClient, role: AccountRole) -> None:
    """Each role sees its pages, or why not; none of them fails."""
    _, token = account(application, role, f"<b>Some {role}</b>")
    sign_in(client, token)
    for path in PAGES:
        page = client.get(path, headers=BROWSER)
        assert page.status_code in (200, 403, 404), (role, path, page.text)
        assert "<b>Some" not in page.text
    refused = client.get("/me/register", headers=BROWSER)
    assert refused.status_code == (200 if role == "artist" else 403)


@pytest.mark.parametrize("data", [{}, {"through": "x"}, {"through": "1e5"}])
def test_a_broken_form_is_said_to_be_one(application: Application, client: TestClient, data: dict[str, str]) -> None:
    _, token = account(application, "artist", f"Broken {data}")
    sign_in(client, token)
    refused = client.post("/me/inbox/read", data=data or None)
    assert refused.status_code in (400, 415)
    assert client.post("/me/inbox/read", data={"through": str(10**40)}).status_code == 303, "a replay or a wild number"


def test_a_thief_of_the_token_erases_nobody_who_has_a_key(application: Application, client: TestClient) -> None:
    from ledger.flows.people.principal import LOCAL
    from ledger.record.keys import Signer

    account_id, token = account(application, "artist", "Key Holder")
    application.people.keys.announce(account_id, Signer.generate(), LOCAL)
    sign_in(client, token)
    path = f"/v1/artists/{account_id}/erasures"
    refused = client.post(path, json={"name": "Key Holder"})
    assert (refused.status_code, refused.json()["code"]) == (403, "signature-required")
    other_id, other_token = account(application, "artist", "No Key")
    sign_in(client, other_token)
    assert client.post(path, json={"name": "Key Holder"}).json()["code"] == "wrong-account"
    own = f"/v1/artists/{other_id}/erasures"
    assert client.post(own, json={"name": "no key"}).json()["code"] == "other-name"
    erased = client.post(own, json={"name": "No Key"})
    assert erased.status_code == 200, erased.text
    assert client.get(f"/v1/accounts/{other_id}").status_code == 401, "the account and its session are gone"


def test_names_of_300_characters_and_with_markup(application: Application, client: TestClient) -> None:
    name = '<img src=x onerror="alert(1)">' + "Ы" * 270
    account_id, token = account(application, "artist", name)
    sign_in(client, token)
    for path in ("/me", "/me/erase", "/me/key"):
        page = client.get(path, headers=BROWSER)
        assert page.status_code == 200
        assert "<img src=x" not in page.text
    assert application.people.accounts.get(account_id).name.endswith("Ы")
