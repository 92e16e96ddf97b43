"""Registration, terms and withdrawals over HTTP: by the artist's token, signed where the artist has a key."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from api.app import create_app
from ledger.answers.roles import AccountRole
from ledger.app import Application, open_application
from ledger.flows.people.principal import LOCAL, SCOPES_OF_ROLE
from ledger.flows.works.register import WorkDetails
from ledger.record import dsse
from tests.api.conftest import HERE
from tests.applications import DRAWINGS, GENEROUS, UNKNOWN_ID
from tests.conftest import DatabaseUrl, copied
from tests.image.samples import png_chunk
from tests.people import Person, artist, changed
from tests.xmp_samples import KEYWORD, mining

SAID: dict[str, Any] = {
    "title": "<b>Crow</b>\u202e", "licence": "CC-BY-4.0", "allowed_uses": ["match", "style"],
    "credit_line": "<script>alert(1)</script>", "link": "https://ada.example/?q=<x>",
}  # fmt: skip


@pytest.fixture(scope="module")
def application(
    database_server: DatabaseUrl, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Application]:
    with (
        copied(database_server, template) as url,
        open_application(
            data_dir=tmp_path_factory.mktemp("data"), database_url=url, max_image_bytes=2**20, **GENEROUS
        ) as opened,
    ):
        yield opened


@pytest.fixture(scope="module")
def client(application: Application) -> Iterator[TestClient]:
    with TestClient(create_app(application), raise_server_exceptions=False, client=HERE) as opened:
        yield opened


@pytest.fixture(scope="module")
def ada(application: Application) -> Person:
    return artist(application, "Ada", key=True)


@pytest.fixture(scope="module")
def ben(application: Application) -> Person:
    return artist(application, "Ben")


def headers(application: Application, account_id: str, role: AccountRole = "artist") -> dict[str, str]:
    token = application.people.accounts.issue_token(account_id, SCOPES_OF_ROLE[role]).secret
    return {"authorization": f"Bearer {token}"}


def send(client: TestClient, picture: bytes, said: object, token: dict[str, str], **query: str) -> Response:
    files: dict[str, tuple[str | None, bytes]] = {
        "image": ("secret name.png", picture),
        "work": (None, json.dumps(said).encode()),
    }
    return client.post("/v1/works", files=files, headers=token, params=query)


def envelope(person: Person, prepared: Response) -> dict[str, Any]:
    """What `artledger keys sign` makes of a prepared payload."""
    assert prepared.status_code == 200, prepared.text
    found: dict[str, Any] = json.loads(dsse.sign(base64.b64decode(prepared.json()["payload"]), [person.key]))
    return found


def code(response: Response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


def test_what_the_file_forbids_is_taken_away_and_shown(
    client: TestClient, application: Application, ben: Person
) -> None:
    value = "DMI-PROHIBITED-AIMLTRAINING"
    chunk = png_chunk(b"iTXt", KEYWORD + b"\0\0\0\0\0" + mining(f"{value}<!--<b>-->"))
    plain = DRAWINGS[21].read_bytes()
    made = send(client, plain[:33] + chunk + plain[33:], SAID, headers(application, ben.artist_id))
    assert made.status_code == 201, made.text
    work = client.get(f"/v1/works/{made.json()['work']['work_id']}").json()
    [term] = work["file_terms"]
    assert (work["allowed_uses"], made.json()["record"]["statement"]["predicate"]["allowed_uses"]) == (["match"],) * 2
    assert (term["value"], term["forbids"], term["place"]) == (value, ["train", "style"], "in the file")
    page = client.get(f"/works/{work['work_id']}", headers={"accept": "text/html"}).text
    assert f"{value} (IPTC/PLUS Data Mining, IPTC Photo Metadata 2023.1)" in page


def test_from_registration_to_withdrawal_without_a_key(
    client: TestClient, application: Application, ben: Person
) -> None:
    token, picture = headers(application, ben.artist_id), DRAWINGS[0].read_bytes()
    made = send(client, picture, SAID, token)
    assert made.status_code == 201, made.text
    work = made.json()["work"]
    assert made.headers["location"] == f"/v1/works/{work['work_id']}"
    assert (work["title"], work["artist_id"], work["allowed_uses"]) == (
        "<b>Crow</b>",
        ben.artist_id,
        ["match", "style"],
    )
    assert "secret name" not in made.text
    page = client.get(f"/works/{work['work_id']}", headers={"accept": "text/html"}).text
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page
    assert 'href="https://ada.example/?q=&lt;x&gt;"' in page
    assert send(client, picture, SAID, token).status_code == 200
    terms = client.post(f"/v1/works/{work['work_id']}/consents", json={"allowed_uses": ["match"]}, headers=token)
    assert (terms.status_code, terms.json()["kind"]) == (201, "consent")
    same = client.post(f"/v1/works/{work['work_id']}/consents", json={"allowed_uses": ["match"]}, headers=token)
    assert (same.status_code, same.json()["repeated"]) == (200, True)
    assert same.json()["record_id"] == terms.json()["record_id"]
    assert client.get(f"/v1/works/{work['work_id']}").json()["allowed_uses"] == ["match"]
    gone = client.post(f"/v1/works/{work['work_id']}/withdrawals", json={}, headers=token)
    assert (gone.status_code, gone.json()["statement"]["predicate"]["reason"]) == (201, "artist")
    assert client.get(f"/v1/works/{work['work_id']}/preview").status_code == 404
    again = client.post(f"/v1/works/{work['work_id']}/withdrawals", json={}, headers=token)
    assert code(again) == (409, "work-withdrawn")
    assert client.get(f"/works/{work['work_id']}", headers={"accept": "text/html"}).status_code == 200


def test_an_artist_with_a_key_signs_everything(client: TestClient, application: Application, ada: Person) -> None:
    token, picture = headers(application, ada.artist_id), DRAWINGS[1].read_bytes()
    assert code(send(client, picture, SAID, token)) == (422, "signature-required")
    prepared = send(client, picture, SAID, token, prepare="true")
    signed = {"envelope": envelope(ada, prepared), "metadata_key": prepared.json()["metadata_key"]}
    mismatch = send(client, picture, SAID | {"title": "Raven", "signed": signed}, token)
    assert code(mismatch) == (422, "statement-mismatch")
    made = send(client, picture, SAID | {"signed": signed}, token)
    assert made.status_code == 201, made.text
    assert len(made.json()["record"]["envelope"]["signatures"]) == 2
    assert made.json()["work"]["work_id"] == prepared.json()["work_id"]
    path = f"/v1/works/{prepared.json()['work_id']}"
    for action, asked in (("consents", {"allowed_uses": ["match"]}), ("withdrawals", {})):
        assert code(client.post(f"{path}/{action}", json=asked, headers=token)) == (422, "signature-required")
        draft = client.post(f"{path}/{action}", json=asked, headers=token, params={"prepare": "true"})
        sent = {"envelope": envelope(ada, draft)}
        answer = client.post(f"{path}/{action}", json=sent, headers=token)
        assert answer.status_code == 201, answer.text
        assert client.post(f"{path}/{action}", json=sent, headers=token).status_code == 200, "the same again"
    assert client.get(path).json()["withdrawn"] is True


def test_others_are_turned_away(client: TestClient, application: Application, ada: Person, ben: Person) -> None:
    picture = DRAWINGS[2].read_bytes()
    work_id = send(client, picture, {}, headers(application, ben.artist_id)).json()["work"]["work_id"]
    path, other = f"/v1/works/{work_id}", headers(application, ada.artist_id)
    assert code(client.post(f"{path}/consents", json={"allowed_uses": []}, headers=other)) == (403, "wrong-account")
    assert code(client.post(f"{path}/withdrawals", json={}, headers=other)) == (403, "wrong-account")
    assert code(client.post(f"{path}/withdrawals", json={"reason": "legal"}, headers=other)) == (
        403,
        "not-administrator",
    )
    administrator = application.people.accounts.create("administrator", "Root").account_id
    token = headers(application, administrator, "administrator")
    assert code(client.post(f"{path}/withdrawals", json={}, headers=token)) == (403, "wrong-account")
    taken_out = client.post(f"{path}/withdrawals", json={"reason": "operator"}, headers=token)
    assert taken_out.json()["statement"]["predicate"]["reason"] == "operator"
    missing = client.post(f"/v1/works/{UNKNOWN_ID}/consents", json={"allowed_uses": []}, headers=other)
    assert code(missing) == (404, "work-not-found")


def test_the_second_registrant_is_shown_as_contesting(
    client: TestClient, application: Application, ben: Person
) -> None:
    picture = DRAWINGS[3].read_bytes()
    first = send(client, picture, {}, headers(application, ben.artist_id)).json()["work"]
    cleo = artist(application, "Cleo")
    second = send(client, changed(picture), {}, headers(application, cleo.artist_id)).json()["work"]
    assert [other["work_id"] for other in second["contested"]] == [first["work_id"]]
    page = client.get(f"/works/{first['work_id']}", headers={"accept": "text/html"}).text
    assert "Contested" in page
    assert f"/works/{second['work_id']}" in page
    found = client.post("/v1/lookups", files={"image": picture}).json()
    assert found["matches"][0]["contested"] is True


@pytest.mark.parametrize(
    ("work", "expected"),
    [
        ("no json", (400, "bad-request")),
        ([], (422, "invalid-request")),
        ({"colour": "red"}, (422, "invalid-request")),
        ({"allowed_uses": ["everything"]}, (422, "invalid-request")),
        ({"allowed_uses": "match"}, (422, "invalid-request")),
        ({"licence": "not a licence"}, (422, "licence")),
        ({"link": "javascript:alert(1)"}, (422, "bad-link")),
        ({"signed": {"envelope": {}, "metadata_key": "00"}}, (422, "invalid-request")),
        ({"title": 3}, (422, "invalid-request")),
    ],
)
def test_bad_details(
    client: TestClient, application: Application, ben: Person, work: object, expected: tuple[int, str]
) -> None:
    token = headers(application, ben.artist_id)
    text = work if isinstance(work, str) else json.dumps(work)
    files: dict[str, tuple[str | None, bytes]] = {
        "image": ("p.png", DRAWINGS[4].read_bytes()),
        "work": (None, text.encode()),
    }
    assert code(client.post("/v1/works", files=files, headers=token)) == expected


def test_bad_forms_and_bodies(client: TestClient, application: Application, ben: Person) -> None:
    token = headers(application, ben.artist_id)
    without = client.post("/v1/works", files={"work": (None, "{}")}, headers=token)
    assert code(without) == (422, "missing-image")
    assert code(client.post("/v1/works", json={}, headers=token)) == (415, "media-type")
    assert code(send(client, b"text", {}, token)) == (422, "not-an-image")
    path = f"/v1/works/{UNKNOWN_ID}/consents"
    bodies: list[Any] = [{}, {"allowed_uses": [], "envelope": {}}, {"licence": "CC0-1.0"}, {"allowed_uses": ["all"]}]
    for body in bodies:
        assert code(client.post(path, json=body, headers=token)) == (422, "invalid-request")


def test_the_opt_out_list_is_public_and_honoured(client: TestClient, application: Application, ben: Person) -> None:
    picture = DRAWINGS[5].read_bytes()
    listed = application.works.opting_out.of_picture(picture)
    application.works.opting_out.add(application.works.opting_out.plan([], [picture]))
    first = client.get("/v1/opt-outs", params={"limit": 1}).json()
    rest = client.get("/v1/opt-outs", params={"after": first["next_after"]}).json()
    values = {entry["value"] for page in (first, rest) for entry in page["entries"]}
    assert values == {entry.value for entry in listed}
    assert code(client.get("/v1/opt-outs", params={"after": "x"})) == (422, "invalid-request")
    refused = send(client, changed(picture), {}, headers(application, ben.artist_id))
    assert code(refused) == (409, "opted-out")


def test_who_registers_copies_of_others_works_is_slowed_down(
    database_server: DatabaseUrl, template: str, tmp_path: Path
) -> None:
    """Each copy is marked contested at once, more than the day's number are refused with when to come again, by every
    process and after every restart; what is no copy is registered all the same."""
    original, copies = (
        DRAWINGS[0].read_bytes(),
        [changed(DRAWINGS[0].read_bytes(), quality) for quality in (40, 55, 70)],
    )
    with copied(database_server, template) as url:
        settings: dict[str, Any] = {"database_url": url, "contested_per_day": 2}
        with (
            open_application(data_dir=tmp_path, **settings) as first,
            TestClient(create_app(first), client=HERE) as web,
        ):
            ada, ben = artist(first, "Ada"), artist(first, "Ben")
            work = send(web, original, SAID, headers(first, ada.artist_id)).json()["work"]["work_id"]
            token = headers(first, ben.artist_id)
            for copy in copies[:2]:
                made = send(web, copy, SAID, token)
                assert made.status_code == 201
                assert [each["work_id"] for each in made.json()["work"]["contested"]] == [work]
            for query in ({}, {"prepare": "true"}):
                refused = send(web, copies[2], SAID, token, **query)
                assert (refused.status_code, refused.json()["code"]) == (429, "too-many-contested")
                assert 80_000 < int(refused.headers["retry-after"]) <= 86_400
            assert send(web, copies[1], SAID, token).status_code == 200, "what is registered already is no new copy"
            assert send(web, DRAWINGS[7].read_bytes(), SAID, token).status_code == 201
        with (
            open_application(data_dir=tmp_path, **settings) as again,
            TestClient(create_app(again), client=HERE) as web,
        ):
            assert send(web, copies[2], SAID, token).status_code == 429
            assert send(web, copies[2], SAID, headers(again, ada.artist_id)).status_code == 201, (
                "one's own are no copies"
            )
            kept = again.works.catalogue.work(work).contested
            assert len(kept) == 2
            done = again.works.registering.register(copies[2], WorkDetails(), ben.artist_id, LOCAL)
            assert [each.artist for each in done.work.contested] == ["Ada", "Ada"], "marked, whoever registers it"
