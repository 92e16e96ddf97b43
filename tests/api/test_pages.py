"""Pages say what the records say, escape what others wrote, and carry the headers that protect the reader."""

from __future__ import annotations

import html
import re
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from ledger.answers.notes import OVER_BLACK
from ledger.answers.works import WorkAnswer
from ledger.app import Application
from tests.api.conftest import HOSTILE_ARTIST, HOSTILE_TITLE, RIGHT_TO_LEFT_OVERRIDE
from tests.image.samples import save, textured

INLINE = re.compile(
    r"<script(?! type=\"module\" src=\"/static/(verify|ask|copy|digest)\.js\"></script>)|style=|\son\w+=\""
)
"""A script or a style in the page itself."""
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
        f"/p/{hostile.sha256}",
        f"/search?q={quote(HOSTILE_ARTIST)}",
        "/works",
        "/works?licence=CC0-1.0&use=match&contested=false&after=3",
        "/artists",
        "/models",
        "/claims",
        "/claims?after=5",
        "/claims?standing=overturned",
        "/gallery",
        "/how",
        "/limits",
        "/for-artists",
        "/for-auditors",
        "/operate",
        "/me",
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
        assert not INLINE.search(response.text), path


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
    assert f"with all {stats.works} works by {stats.artists} artists" in start
    assert f"a log of {stats.tree_size} entries" in start
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
    assert "<b>" not in client.get("/search", params={"q": "<b>"}, headers=BROWSER).text


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


def test_works_are_filtered_and_paged(client: TestClient, hostile: WorkAnswer) -> None:
    whole = client.get("/works", headers=BROWSER).text
    assert f'href="/works/{hostile.work_id}"' in whole
    for address in ("/works?use=train", "/works?licence=GPL-3.0-only", "/works?contested=true"):
        assert f'href="/works/{hostile.work_id}"' not in client.get(address, headers=BROWSER).text, address
    assert "selected>CC0-1.0" in client.get("/works?licence=CC0-1.0", headers=BROWSER).text
    last = client.get(f"/works?after={hostile.registration_index}", headers=BROWSER).text
    assert "That was the last one." in last
    assert 'href="/works?after=-1"' in last
    assert client.get("/works?use=nothing", headers=BROWSER).status_code == 422
    assert client.get("/works?colour=red", headers=BROWSER).status_code == 422


def test_words_find_titles_and_names(client: TestClient, hostile: WorkAnswer) -> None:
    for words in ("ALERT(1)", "  script>alert ", hostile.title[:20]):
        assert f'href="/works/{hostile.work_id}"' in client.get("/search", params={"q": words}, headers=BROWSER).text
    by_name = client.get("/search", params={"q": "src=x ONERROR"}, headers=BROWSER).text
    assert f'href="/artists/{hostile.artist_id}"' in by_name
    assert "No title contains these words" in by_name
    for wild in ("%%", "__", "\\\\"):
        assert f'href="/works/{hostile.work_id}"' not in client.get("/search", params={"q": wild}, headers=BROWSER).text
    short = client.get("/search", params={"q": "a"}, headers=BROWSER)
    assert short.status_code == 422
    assert "at least 2 letters" in short.text


def test_a_file_has_an_address_that_can_be_passed_on(client: TestClient, hostile: WorkAnswer) -> None:
    moved = client.get(f"/search?q={hostile.sha256.upper()}", headers=BROWSER, follow_redirects=False)
    assert (moved.status_code, moved.headers["location"]) == (303, f"/p/{hostile.sha256}")
    assert "This is “" in client.get(f"/p/{hostile.sha256}", headers=BROWSER).text
    assert "We have no record of this file" in client.get(f"/p/{'0' * 64}", headers=BROWSER).text
    assert client.get("/p/nothing", headers=BROWSER).status_code in (404, 422)
