"""Generations over HTTP: pictures with their records, reports before pictures, and pictures of others' generators."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from ledger.app import Application
from ledger.image.credentials.read import read_credentials
from ledger.settings import Settings
from tests.applications import ART, application_with
from tests.conftest import DatabaseUrl
from tests.generate.tiny import save_tiny_sd

WEIGHTS = hashlib.sha256(b"weights elsewhere").hexdigest()
HERE = ("127.0.0.1", 50_000)
ELSEWHERE = ("203.0.113.7", 50_000)


@pytest.fixture(scope="module")
def application(
    database_server: DatabaseUrl, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Application]:
    folder = save_tiny_sd(tmp_path_factory.mktemp("tiny") / "sd")
    with application_with(
        database_server,
        template,
        tmp_path_factory.mktemp("data"),
        [ART],
        generator=str(folder),
    ) as opened:
        yield opened


@pytest.fixture(scope="module")
def client(application: Application) -> Iterator[TestClient]:
    with TestClient(create_app(application), raise_server_exceptions=False, client=HERE) as opened:
        yield opened


@pytest.fixture
def elsewhere(client: TestClient) -> TestClient:
    """Another machine's: the service runs already."""
    return TestClient(client.app, raise_server_exceptions=False, client=ELSEWHERE)


def ask(client: TestClient, **more: object) -> Any:
    return client.post("/v1/generations", json={"prompt": "a red car", "steps": 2} | more)


def test_pictures_come_with_their_records(client: TestClient, application: Application) -> None:
    response = ask(client, seed=7, count=2)
    assert response.status_code == 201, response.text
    assert response.headers["cache-control"] == "no-store"
    first, second = response.json()["images"]
    assert response.headers["location"] == first["links"]["self"]
    for image, seed in ((first, "7"), (second, "8")):
        assert image["kind"] == "generation"
        assert image["statement"]["predicate"]["seed"] == seed
        assert image["guard"] in ("allow", "warn")
        assert image["reference"]
        assert image["reveal"]["value"] == {"prompt": "a red car", "negative_prompt": ""}
        data = base64.b64decode(image["image"])
        asset = client.get(f"/v1/records/{image['asset_record_id']}").json()
        assert asset["statement"]["subject"][0]["digest"]["sha256"] == hashlib.sha256(data).hexdigest()
        found = read_credentials(
            application.pictures.images, data, "image/png", application.pictures.credential_keys.roots
        )
        assert found is not None
        assert found.assertion is not None
        assert found.assertion.record_id == image["record_id"]
    assert client.get(f"/v1/records/{first['record_id']}").json()["report"] == first["report"]


def test_with_confirm_the_report_comes_first_and_the_picture_once(client: TestClient) -> None:
    (image,) = ask(client, seed=3, confirm=True, media_type="image/webp").json()["images"]
    assert image["image"] is None
    assert image["asset_record_id"] is None
    assert image["report"]["works_compared"] > 0
    confirmation = image["confirmation"]
    assert confirmation["expires_in"] > 0
    taken = client.post(confirmation["path"])
    assert taken.status_code == 201, taken.text
    assert taken.json()["record_id"] == image["record_id"]
    assert base64.b64decode(taken.json()["image"])[8:12] == b"WEBP"
    assert client.post(confirmation["path"]).json()["code"] == "confirmation-not-found"
    assert client.post(f"/v1/generations/{'A' * 43}/confirmations").status_code == 404
    assert client.post("/v1/generations/short/confirmations").status_code == 422


def test_a_confirmation_outlives_the_process_that_gave_it(client: TestClient, application: Application) -> None:
    (image,) = ask(client, seed=4, confirm=True).json()["images"]
    with TestClient(create_app(application), client=HERE) as another:
        assert another.post(image["confirmation"]["path"]).status_code == 201


@pytest.mark.parametrize(
    ("wrong", "status", "code"),
    [
        ({"prompt": ""}, 422, "bad-prompt"),
        ({"prompt": "a\u0007b"}, 422, "bad-prompt"),
        ({"prompt": "x" * 70_000}, 413, "too-large"),
        ({"seed": -1}, 422, "bad-seed"),
        ({"seed": 2**64}, 422, "bad-seed"),
        ({"seed": "seven"}, 422, "invalid-request"),
        ({"steps": -3}, 422, "bad-steps"),
        ({"steps": "many"}, 422, "invalid-request"),
        ({"width": 33}, 422, "bad-size"),
        ({"count": 10**6}, 422, "bad-count"),
        ({"guidance": -1}, 422, "bad-guidance"),
        ({"media_type": "image/gif"}, 422, "invalid-request"),
        ({"confirm": "yes"}, 422, "invalid-request"),
        ({"colour": "red"}, 422, "invalid-request"),
    ],
)
def test_bad_requests_leave_no_trace(
    client: TestClient, application: Application, wrong: dict[str, object], status: int, code: str
) -> None:
    before = application.store.entries.head()
    response = ask(client, **wrong)
    assert (response.status_code, response.json()["code"]) == (status, code), response.text
    assert application.store.entries.head() == before


def test_seeds_of_64_bits_may_come_as_text(client: TestClient) -> None:
    (image,) = ask(client, seed=str(2**64 - 1)).json()["images"]
    assert image["statement"]["predicate"]["seed"] == str(2**64 - 1)


def test_other_bodies_are_refused(client: TestClient) -> None:
    assert client.post("/v1/generations", content=b"a red car").status_code == 415
    assert client.post("/v1/generations", content=b"{", headers={"content-type": "application/json"}).status_code == 400
    crossed = client.post("/v1/generations", json={"prompt": "a car"}, headers={"sec-fetch-site": "cross-site"})
    assert crossed.json()["code"] == "cross-origin"


@pytest.fixture(scope="module")
def operators(application: Application) -> dict[str, str]:
    """Headers of a generator's operator."""
    account_id = application.people.accounts.create("generator", "Painter 8").account_id
    return {"authorization": f"Bearer {application.people.accounts.issue_token(account_id, ['generations']).secret}"}


def report(client: TestClient, data: bytes, weights: str | None = WEIGHTS, **headers: str) -> Any:
    params = {} if weights is None else {"weights_sha256": weights}
    return client.post("/v1/generations", params=params, files={"image": ("made.png", data)}, headers=headers)


def test_a_reported_picture_is_its_operators_claim(
    client: TestClient, application: Application, operators: dict[str, str]
) -> None:
    data = sorted(ART.glob("*.png"))[3].read_bytes()
    response = report(client, data, **operators)
    assert response.status_code == 201, response.text
    (image,) = response.json()["images"]
    predicate = image["statement"]["predicate"]
    assert predicate["origin_of_image"] == "reported"
    assert predicate["model"]["weights_sha256"] == WEIGHTS
    for undisclosed in ("prompt", "seed", "sampler"):
        assert predicate[undisclosed] == "unknown"
    assert (predicate["settings"], predicate["policy"]) == ({}, None)
    assert predicate["verdict"] == "copy"
    assert image["guard"] == "allow"
    assert image["image"] is None
    assert "Nothing here proves that" in image["reasons"][0]
    again = report(client, data, **operators)
    assert again.status_code == 200
    assert again.json()["images"][0]["record_id"] == image["record_id"]
    model = application.log.models.get(predicate["model"]["model_id"])
    assert model.format == "reported"
    page = client.get(f"/records/{image['record_id']}").text
    assert "no proof" in page
    assert re.search(r"/models/[0-9a-f-]{36}", page)


def test_who_may_report(client: TestClient, elsewhere: TestClient, application: Application) -> None:
    data = sorted(ART.glob("*.png"))[5].read_bytes()
    accounts = application.people.accounts
    operator = accounts.create("generator", "Painter 9")
    good, narrow = (
        accounts.issue_token(operator.account_id, [scope]).secret for scope in ("generations", "verifications")
    )
    artists = accounts.issue_token(accounts.create("artist", "Ada").account_id, ["works"]).secret
    before = application.store.entries.head()
    for refused, status, code in (
        (report(elsewhere, data), 401, "token-required"),
        (report(elsewhere, data, authorization="Bearer wrong"), 401, "bad-token"),
        (report(elsewhere, data, authorization=f"Basic {good}"), 401, "bad-token"),
        (report(client, data, authorization="Bearer wrong"), 401, "bad-token"),
        (report(client, data), 401, "token-required"),
        (report(client, data, **{"x-forwarded-for": "127.0.0.1"}), 401, "token-required"),
        (report(elsewhere, data, authorization=f"Bearer {artists}"), 403, "role-forbidden"),
        (report(elsewhere, data, authorization=f"Bearer {narrow}"), 403, "scope-missing"),
    ):
        assert (refused.status_code, refused.json()["code"]) == (status, code)
        assert ("www-authenticate" in refused.headers) is (status == 401)
    owners = TestClient(create_app(Application(Settings(trust_loopback=True))), client=HERE)
    assert report(owners, data).json()["code"] == "token-required", "the machine's owner is nobody's operator"
    operators = {"authorization": f"Bearer {good}"}
    assert report(client, data, None, **operators).json()["code"] == "missing-model"
    assert report(client, data, "AB", **operators).status_code == 422
    assert application.store.entries.head() == before
    allowed = report(elsewhere, data, authorization=f"Bearer {good}")
    assert allowed.status_code == 201, allowed.text
    assert good not in allowed.text
    model_id = allowed.json()["images"][0]["statement"]["predicate"]["model"]["model_id"]
    assert application.log.models.get(model_id).description["operator_id"] == operator.account_id


def test_pages_say_what_was_decided(client: TestClient) -> None:
    (image,) = ask(client, seed=31).json()["images"]
    page = client.get(f"/records/{image['record_id']}").text
    assert "How this server made it" in page
    assert "<dt>Seed</dt><dd>31</dd>" in page
    assert "made by StableDiffusionPipeline (weights " in page
    asset = client.get(f"/records/{image['asset_record_id']}").text
    assert f"/records/{image['record_id']}" in asset
