"""Pages say what the records say, escape what others wrote, and carry the headers that protect the reader."""

from __future__ import annotations

import html
import re

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from ledger.answers.notes import OVER_BLACK
from ledger.answers.works import WorkAnswer
from ledger.app import Application
from tests.api.conftest import HOSTILE_ARTIST, HOSTILE_TITLE, RIGHT_TO_LEFT_OVERRIDE
from tests.image.samples import save, textured

BROWSER = {"accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}


@pytest.fixture(scope="module")
def hostile(application: Application) -> WorkAnswer:
    registered = application.records.page(kind="registration", limit=200).records
    works = [application.works.catalogue.work(record.statement["predicate"]["work_id"]) for record in registered]
    return next(work for work in works if work.artist == HOSTILE_ARTIST)


def pages(hostile: WorkAnswer) -> list[str]:
    return [
        "/",
        "/log",
        f"/works/{hostile.work_id}",
        f"/artists/{hostile.artist_id}",
        f"/records/{hostile.registration_record_id}",
        f"/search?q={hostile.sha256}",
    ]


def test_every_page_is_html_with_protection(client: TestClient, hostile: WorkAnswer) -> None:
    for path in pages(hostile):
        response = client.get(path, headers=BROWSER)
        assert response.status_code == 200, path
        assert response.headers["content-type"] == "text/html; charset=utf-8"
        policy = response.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["referrer-policy"] == "no-referrer"
        assert not re.search(
            r"<script(?! type=\"module\" src=\"/static/verify\.js\"></script>)|style=|\son\w+=\"", response.text
        )


def test_names_that_others_chose_are_text(client: TestClient, hostile: WorkAnswer) -> None:
    assert hostile.title.startswith("<script>")
    for path in pages(hostile)[2:4]:
        text = client.get(path, headers=BROWSER).text
        assert "<script>alert" not in text
        assert "<img src=x" not in text
        assert f"<bdi>{html.escape(HOSTILE_ARTIST)}</bdi>" in text.replace("&#34;", "&quot;")
    work_page = client.get(f"/works/{hostile.work_id}").text
    assert f"<bdi>{html.escape(HOSTILE_TITLE)}</bdi>" in work_page.replace("&#34;", "&quot;")
    assert RIGHT_TO_LEFT_OVERRIDE not in work_page


def test_protection_is_on_every_answer(client: TestClient) -> None:
    for path in ("/v1/nothing", "/checkpoint", "/static/style.css", "/v1/openapi.json", "/healthz"):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in headers["content-security-policy"]


def test_figures_on_the_start_page_and_the_log_page(client: TestClient, application: Application) -> None:
    stats = application.works.catalogue.stats()
    start = client.get("/").text
    assert f"<dd>{stats.works}</dd>" in start
    assert f"<dd>{stats.artists}</dd>" in start
    log = client.get("/log").text
    checkpoint = application.log.objects.get("checkpoint")
    assert checkpoint is not None
    assert html.escape(checkpoint.decode()) in log
    assert application.log.vkey in log
    assert "artledger audit log http://testserver --key" in log


def test_a_record_page_names_its_proof(client: TestClient, application: Application, hostile: WorkAnswer) -> None:
    text = client.get(f"/records/{hostile.registration_record_id}").text
    assert f"artledger audit bundle artledger-{hostile.registration_record_id}.bundle.json --key" in text
    assert application.log.vkey in text
    assert f'href="/v1/records/{hostile.registration_record_id}/bundle"' in text
    assert f'href="/works/{hostile.work_id}"' in text


def test_search_knows_ids_and_digests(client: TestClient, hostile: WorkAnswer) -> None:
    found = client.get("/search", params={"q": f" {hostile.registration_record_id.upper()} "}, follow_redirects=False)
    assert found.status_code == 303
    assert found.headers["location"] == f"/records/{hostile.registration_record_id}"
    assert f"/records/{hostile.registration_record_id}" in client.get("/search", params={"q": hostile.sha256}).text
    refused = client.get("/search", params={"q": "<b>"}, headers=BROWSER)
    assert refused.status_code == 422
    assert "neither a SHA-256 nor a record id" in refused.text


def test_people_get_problems_as_pages_and_programs_as_documents(client: TestClient) -> None:
    path = "/records/01890a5d-ac96-774b-bcce-b302099a8057"
    page = client.get(path, headers=BROWSER)
    assert page.status_code == 404
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "record-not-found" in page.text
    assert client.get(path).json()["code"] == "record-not-found"
    assert client.get(f"/v1{path}", headers=BROWSER).json()["code"] == "record-not-found"


def test_verify_says_which_frame_was_compared(client: TestClient) -> None:
    """The record does not say it, so the address that /verify leads to does."""
    several = save(Image.new("RGB", (90, 70)), "GIF", save_all=True, append_images=[textured(90, 70, 4)])
    files = {"image": ("a.gif", several, "image/gif")}
    sent = client.post("/verify", files=files, follow_redirects=False)
    assert sent.status_code == 303
    address = sent.headers["location"]
    assert address.endswith("?frames=2&frame=2&tried=2")
    note = "2 frames; the 2nd was compared, the first is blank."
    assert note in client.get(address).text
    plain = address.partition("?")[0]
    assert note not in client.get(plain).text
    assert OVER_BLACK in client.get(f"{plain}?over_black=true").text
    for wrong in ("frames=0", "frames=99999", "frame=17", "tried=-1", "over_black=maybe", "frames=<b>"):
        assert client.get(f"{plain}?{wrong}").status_code == 422
