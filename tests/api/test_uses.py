"""Uses and statements of use over HTTP, of a real drawing's artist."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient

from ledger.answers.uses import UsageAnswer
from ledger.app import Application
from ledger.audit.checks import AuditVerdict
from ledger.audit.usage import audit_usage
from ledger.flows.people.principal import Scope
from ledger.flows.people.usage import moment
from ledger.log.vkey import parse_vkey
from tests.applications import UNKNOWN_ID

USE_KEYS = {
    "leaf_index", "record_id", "kind", "generated_at", "verdict", "generator_id", "origin_of_image", "guard", "work_id",
    "title", "withdrawn", "relation", "score", "p_value", "n_null", "works", "share", "contested_share", "counted",
}  # fmt: skip


@pytest.fixture(scope="module")
def nearest(client: TestClient, drawing: bytes, hostile_drawing: bytes) -> dict[str, Any]:
    """The first match of a registered drawing that was verified; so was another picture."""
    for each in (drawing, hostile_drawing):
        response = client.post("/v1/verifications", files={"image": ("picture", each, "image/png")})
        assert response.status_code in (200, 201), response.text
    answer = client.post("/v1/verifications", files={"image": ("picture", drawing, "image/png")}).json()
    match: dict[str, Any] = answer["report"]["matches"][0]
    return match | {"record_id": answer["record_id"]}


@pytest.fixture(scope="module")
def path(nearest: dict[str, Any]) -> str:
    return f"/v1/artists/{nearest['artist_id']}/uses"


@pytest.fixture(scope="module")
def stated(application: Application, nearest: dict[str, Any]) -> UsageAnswer:
    return application.people.usage.make(nearest["artist_id"], moment("2020-01-01"), datetime.now(UTC))


def uses_of(client: TestClient, path: str, **query: object) -> list[dict[str, Any]]:
    response = client.get(path, params={name: str(value) for name, value in query.items()})
    assert response.status_code == 200, response.text
    uses: list[dict[str, Any]] = response.json()["uses"]
    return uses


def test_the_record_is_among_the_uses_with_relation_share_and_p_value(
    client: TestClient, path: str, nearest: dict[str, Any]
) -> None:
    answer = client.get(path).json()
    assert set(answer) == {"artist_id", "uses", "next_after"}
    use = next(each for each in answer["uses"] if each["record_id"] == nearest["record_id"])
    assert set(use) == USE_KEYS
    assert use["relation"] == "exact"
    assert use["counted"] is True
    assert {name: use[name] for name in ("p_value", "n_null", "title", "score", "work_id")} == {
        name: nearest[name] for name in ("p_value", "n_null", "title", "score", "work_id")
    }
    assert 0 < float(use["share"]) <= 1


def test_filters(client: TestClient, path: str, nearest: dict[str, Any]) -> None:
    every = uses_of(client, path, limit=200)
    assert uses_of(client, path, relation="exact", max_p=0.01, work_id=nearest["work_id"], kind="verification")
    assert uses_of(client, path, kind="generation", generator_id=UNKNOWN_ID) == []
    assert uses_of(client, path, since=every[-1]["generated_at"])[-1]["record_id"] == every[-1]["record_id"]
    assert uses_of(client, path, until=every[0]["generated_at"]) == []
    wrong = ("kind=registration", "relation=inspired-by", "max_p=1.5", "max_p=nan", "since=yesterday", "limit=201",
             "work_id=1", "format=xml", "more=1")  # fmt: skip
    for query in wrong:
        assert client.get(f"{path}?{query}").status_code == 422, query


@pytest.mark.parametrize(
    ("accept", "query", "media_type"),
    [
        ("text/csv", "", "text/csv; charset=utf-8"),
        ("application/jsonl", "", "application/jsonl"),
        ("application/x-ndjson", "", "application/jsonl"),
        ("text/html, text/csv;q=0.5, application/jsonl;q=0.9", "", "application/jsonl"),
        ("text/csv;q=x, */*", "", "application/json"),
        ("text/html", "", "application/json"),
        ("text/csv;q=0", "", "application/json"),
        ("text/csv", "format=json", "application/json"),
        ("application/json", "format=csv", "text/csv; charset=utf-8"),
        ("*/*", "format=jsonl", "application/jsonl"),
    ],
)
def test_the_form_is_what_was_asked_for(
    client: TestClient, path: str, accept: str, query: str, media_type: str
) -> None:
    response = client.get(f"{path}?{query}", headers={"Accept": accept})
    assert (response.status_code, response.headers["content-type"]) == (200, media_type)
    assert response.headers["vary"] == "Accept"


def test_lines_have_the_rows_of_the_pages_and_link_to_the_next(client: TestClient, path: str) -> None:
    every = uses_of(client, path, limit=200)
    assert len(every) > 1
    lines: list[dict[str, Any]] = []
    url: str | None = f"{path}?format=jsonl&limit=1"
    while url is not None:
        response = client.get(url)
        lines += map(json.loads, response.text.splitlines())
        url = response.links["next"]["url"] if "next" in response.links else None
    assert lines == every
    rows = list(csv.DictReader(io.StringIO(client.get(f"{path}?format=csv&limit=200").text)))
    assert [row["record_id"] for row in rows] == [each["record_id"] for each in every]


def test_the_artist_leads_to_the_uses(client: TestClient, path: str, nearest: dict[str, Any]) -> None:
    assert client.get(f"/v1/artists/{nearest['artist_id']}").json()["links"]["uses"] == path
    assert f'href="{path}?' in client.get(f"/artists/{nearest['artist_id']}").text


def test_nobodys_uses_are_not_found(client: TestClient) -> None:
    assert client.get(f"/v1/artists/{UNKNOWN_ID}/uses").json()["code"] == "artist-not-found"
    assert client.get("/v1/artists/Ada/uses").status_code == 422


def test_a_statement_is_served_by_its_digest_and_counted_again(
    client: TestClient, application: Application, service_url: str, stated: UsageAnswer
) -> None:
    response = client.get(stated.links["statement"])
    assert hashlib.sha256(response.content).hexdigest() == stated.sha256
    assert "immutable" in response.headers["cache-control"]
    application.log.publisher.publish()
    key = parse_vkey(application.log.vkey)
    for location in (str(application.store.data_dir / "log"), service_url):
        assert audit_usage(response.content, location, key).verdict is AuditVerdict.VERIFIED
    assert client.get(f"/v1/records/{stated.record.record_id}").json()["kind"] == "usage"
    assert client.get(f"/v1/usages/{'0' * 64}").json()["code"] == "usage-not-found"


def test_the_artist_and_administrators_have_statements_made(
    application: Application, client: TestClient, nearest: dict[str, Any]
) -> None:
    accounts = application.people.accounts
    own = accounts.create("artist", "Has a statement made").account_id
    other = accounts.create("artist", "Has none made").account_id
    administrator = accounts.create("administrator", "Some administrator").account_id

    def ask(account_id: str, artist_id: str, until: str = "2020-02-01", scope: Scope = "works") -> tuple[int, str]:
        secret = accounts.issue_token(account_id, [scope]).secret
        response = client.post(
            f"/v1/artists/{artist_id}/usage",
            params={"since": "2020-01-01", "until": until},
            headers={"Authorization": f"Bearer {secret}"},
        )
        body = response.json()
        if response.status_code < 300:
            assert response.headers["location"] == body["links"]["statement"]
            assert body["statement"]["period"]["end"] == "2020-02-01T00:00:00.000Z"
            return response.status_code, body["record"]["kind"]
        return response.status_code, body["code"]

    assert ask(own, own) == (201, "usage")
    assert ask(own, own) == ask(administrator, own) == (200, "usage")
    assert ask(administrator, nearest["artist_id"]) == (201, "usage")
    assert ask(other, own) == (403, "wrong-account")
    assert ask(own, own, scope="claims") == (403, "scope-missing")
    assert ask(own, own, until="2999-01-01") == (422, "period-open")
    assert ask(own, own, until="soon") == (422, "bad-time")
    assert ask(administrator, UNKNOWN_ID) == (404, "artist-not-found")
    assert client.post(f"/v1/artists/{own}/usage?since=2020-01-01&until=2020-02-01").status_code == 401
