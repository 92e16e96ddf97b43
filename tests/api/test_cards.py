"""Cards, sheets and badges say what the record's page says, whatever names hold; and the pages that explain."""

from __future__ import annotations

import io
import re

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from api.pages.presentation import plotted, thresholds
from ledger.app import Application
from tests.api.conftest import HOSTILE_ARTIST

BROWSER = {"accept": "text/html"}


@pytest.fixture(scope="module")
def record_id(application: Application, hostile_drawing: bytes) -> str:
    """Of the work whose names mean harm."""
    return application.pictures.verify(hostile_drawing).record_id


def test_a_card_and_a_sheet_are_pictures(client: TestClient, record_id: str) -> None:
    for name, size in (("card.png", (1200, 630)), ("sheet.png", (1240, 1754))):
        answer = client.get(f"/records/{record_id}/{name}")
        assert answer.status_code == 200, answer.text
        with Image.open(io.BytesIO(answer.content)) as picture:
            assert picture.size == size
            colours = picture.convert("RGB").getcolors(1 << 20)
            assert colours is not None
            assert len(colours) > 200, "text and a picture were drawn"


def test_a_sheet_can_be_read(client: TestClient, record_id: str) -> None:
    answer = client.get(f"/records/{record_id}/sheet.pdf")
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")
    assert answer.content == client.get(f"/records/{record_id}/sheet.pdf").content
    assert b"/FontFile2" in answer.content, "the font is in the file: every name can be read everywhere"


def test_a_badge_is_a_safe_picture(client: TestClient, record_id: str) -> None:
    answer = client.get(f"/records/{record_id}/badge.svg")
    assert answer.headers["content-type"] == "image/svg+xml"
    assert "Registered work" in answer.text
    assert "<script" not in answer.text
    assert "<img" not in answer.text


def test_records_without_a_picture_have_no_card(application: Application, client: TestClient) -> None:
    key = application.records.page(kind="key", limit=1).records[0].record_id
    refused = client.get(f"/records/{key}/card.png")
    assert (refused.status_code, refused.json()["code"]) == (404, "no-card")


def test_a_shared_link_shows_title_and_card(client: TestClient, record_id: str) -> None:
    page = client.get(f"/records/{record_id}", headers=BROWSER).text
    assert f'<meta property="og:image" content="http://testserver/records/{record_id}/card.png">' in page
    title = re.search('<meta property="og:title" content="([^"]*)">', page)
    assert title is not None
    assert HOSTILE_ARTIST not in title[0]
    assert "What this does not mean" in page
    assert "How sure is this?" in page


@pytest.mark.parametrize("path", ["/gallery", "/how", "/limits", "/for-artists", "/for-auditors", "/operate"])
def test_pages_that_explain(client: TestClient, path: str) -> None:
    page = client.get(path, headers=BROWSER)
    assert page.status_code == 200, page.text
    assert page.text.count("<h1>") == 1
    assert "style=" not in page.text


def test_how_shows_the_error_rates_in_force(application: Application, client: TestClient) -> None:
    newest = application.records.newest("calibration", 1)[0]
    page = client.get("/how", headers=BROWSER).text
    for each in newest.statement["predicate"]["bins"]:
        assert f"{each['n']:,}" in page
    assert f'href="/records/{newest.record_id}"' in page


def test_thresholds_as_lines() -> None:
    """Closer to the right, rarer upward; style is on another scale."""
    bins = thresholds(
        [
            {"bin": "flat", "n": 9, "thresholds": {"0.1": "-1.0", "0.01": "1.0"}},
            {"bin": "style-flat", "n": 9, "thresholds": {"0.1": "50.0", "0.01": "60.0"}},
            {"bin": "few", "n": 1, "thresholds": {"0.1": "9.0"}},
        ]
    )
    (line,) = plotted(bins)
    assert (line.bin, line.points, line.end) == ("flat", "0,150 1000,0", (1000, 0))
    assert plotted([]) == ()


def test_the_log_shows_its_growth(application: Application, client: TestClient) -> None:
    size = application.store.entries.head().size
    assert application.records.growth(4)[-1][1] == size
    assert f"{size:,}" in client.get("/log", headers=BROWSER).text


def test_the_log_can_be_walked(application: Application, client: TestClient) -> None:
    record = application.records.latest(1)[0]
    for path in (f"/log/{record.leaf_index}", f"/r/{record.record_id}"):
        led = client.get(path, headers=BROWSER, follow_redirects=False)
        assert (led.status_code, led.headers["location"]) == (303, f"/records/{record.record_id}")
    assert client.get(f"/log/{record.leaf_index + 10**6}", headers=BROWSER).status_code == 404
    assert client.get("/log/-1", headers=BROWSER).status_code == 422
    older = client.get("/log?before=3", headers=BROWSER).text
    assert "log entry 2 " in older
    assert "log entry 3 " not in older
    assert client.get("/log?before=0", headers=BROWSER).status_code == 200
