"""Webhooks, domains and notices over HTTP, and on the desk's page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from ledger.app import Application
from ledger.flows.people.principal import LOCAL, SCOPES_OF_ROLE
from ledger.record.keys import Signer
from tests.applications import application_with
from tests.conftest import DatabaseUrl


@pytest.fixture(scope="module")
def application(
    database_server: DatabaseUrl, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Application]:
    folder: Path = tmp_path_factory.mktemp("told") / "data"
    with application_with(database_server, template, folder) as opened:
        yield opened


@pytest.fixture(scope="module")
def client(application: Application) -> Iterator[TestClient]:
    with TestClient(create_app(application)) as opened:
        yield opened


@pytest.fixture(scope="module")
def ada(application: Application) -> tuple[str, dict[str, str]]:
    """Her account, and what her requests carry."""
    account_id = application.people.accounts.create("artist", "Ada Told").account_id
    token = application.people.accounts.issue_token(account_id, SCOPES_OF_ROLE["artist"]).secret
    application.people.keys.announce(account_id, Signer.generate(), LOCAL)
    return account_id, {"authorization": f"Bearer {token}"}


def test_notices_are_read(client: TestClient, ada: tuple[str, dict[str, str]]) -> None:
    own = f"/v1/accounts/{ada[0]}/notices"
    answer = client.get(own, headers=ada[1])
    assert answer.headers["cache-control"] == "no-store"
    page = answer.json()
    assert ([each["reason"] for each in page["notices"]], page["unread"]) == (["own-name"], 1)
    read = client.post(f"{own}/read", json={"through": page["notices"][0]["leaf_index"]}, headers=ada[1])
    assert read.status_code == 204
    assert client.get(own, headers=ada[1]).json()["unread"] == 0
    assert client.get(own, params={"limit": 0}, headers=ada[1]).status_code == 422


def test_a_webhook_is_added_tested_and_removed(client: TestClient, ada: tuple[str, dict[str, str]]) -> None:
    own = f"/v1/accounts/{ada[0]}/webhooks"
    refused = client.post(own, json={"url": "https://192.168.1.1/"}, headers=ada[1])
    assert (refused.status_code, refused.json()["code"]) == (422, "private-address")
    assert client.post(own, json={"url": "http://ada.example/"}, headers=ada[1]).json()["code"] == "bad-address"
    made = client.post(own, json={"url": "https://localhost/hook"}, headers=ada[1])
    assert made.status_code == 201
    assert made.headers["cache-control"] == "no-store"
    assert made.json()["secret"].startswith("whsec_")
    listed = client.get(own, headers=ada[1])
    assert "whsec_" not in listed.text
    hook = listed.json()["webhooks"][0]["webhook_id"]
    tested = client.post(f"{own}/{hook}/tests", headers=ada[1]).json()
    assert (tested["ok"], tested["status"]) == (False, None)
    assert client.post(f"{own}/{hook}/removals", headers=ada[1]).status_code == 204
    assert client.post(f"{own}/{hook}/removals", headers=ada[1]).status_code == 404
    assert client.get(own, headers=ada[1]).json()["webhooks"] == []


def test_a_domain_is_prepared_and_refused(client: TestClient, ada: tuple[str, dict[str, str]]) -> None:
    own = f"/v1/accounts/{ada[0]}/domains"
    prepared = client.post(own, params={"prepare": True}, json={"domain": "Ada.Example"}, headers=ada[1]).json()
    assert prepared == {
        "domain": "ada.example",
        "url": "https://ada.example/.well-known/artledger-account",
        "dns_name": "_artledger.ada.example",
        "text": f"artledger-account={ada[0]}",
    }
    refused = client.post(own, json={"domain": "localhost.localdomain"}, headers=ada[1])
    assert refused.status_code in (422, 502)
    assert client.post(own, json={"domain": "10.0.0.1"}, headers=ada[1]).json()["code"] == "bad-domain"
    assert client.get(own).json() == {"domains": []}


def test_pages_say_whether_a_name_is_verified(
    application: Application, client: TestClient, ada: tuple[str, dict[str, str]]
) -> None:
    assert "name not verified" in client.get(f"/artists/{ada[0]}", headers={"accept": "text/html"}).text
    domains = application.people.domains
    domains._record(ada[0], "ada.example", "dns")
    page = client.get(f"/artists/{ada[0]}", headers={"accept": "text/html"}).text
    assert "verified: <strong>ada.example</strong>" in page
    assert client.get(f"/v1/accounts/{ada[0]}/domains").json()["domains"][0]["domain"] == "ada.example"
    token = ada[1]["authorization"].removeprefix("Bearer ")
    client.post("/me/session", data={"token": token})
    desk = client.get("/me/connections").text
    assert "ada.example" in desk
    client.cookies.clear()
