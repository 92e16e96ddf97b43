"""Atom feeds: what concerns an artist comes newest first, well-formed whatever names hold."""

from __future__ import annotations

from xml.etree import ElementTree as Xml

import pytest
from fastapi.testclient import TestClient

from ledger.app import Application
from tests.api.conftest import HOSTILE_ARTIST

ATOM = "{http://www.w3.org/2005/Atom}"


def entries(client: TestClient, path: str) -> tuple[Xml.Element, list[Xml.Element]]:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/atom+xml"
    whole = Xml.fromstring(answer.text)  # noqa: S314 - our own
    return whole, whole.findall(f"{ATOM}entry")


def text(element: Xml.Element, name: str) -> str:
    return element.findtext(f"{ATOM}{name}") or ""


@pytest.fixture(scope="module")
def artist_id(application: Application, hostile_drawing: bytes) -> str:
    """The artist whose name means harm, with a copy of their work on record."""
    answer = application.pictures.verify(hostile_drawing)
    assert answer.report is not None
    return next(match.artist_id for match in answer.report.matches if match.artist == HOSTILE_ARTIST)


def test_a_copy_is_told_and_registrations_are_not(client: TestClient, artist_id: str) -> None:
    whole, found = entries(client, f"/artists/{artist_id}.atom")
    assert text(whole, "title") == f"Artledger: {HOSTILE_ARTIST}"
    assert text(whole, "updated") == text(found[0], "updated")
    times = [text(entry, "updated") for entry in found]
    assert times == sorted(times, reverse=True)
    for entry in found:
        assert text(entry, "id").startswith("urn:uuid:")
        link = entry.find(f"{ATOM}link")
        assert link is not None
        assert link.attrib["href"].startswith("http://testserver/records/")
        assert "Registration" not in text(entry, "summary")
    assert any("Verification" in text(entry, "summary") for entry in found)
    page = client.get(f"/artists/{artist_id}", headers={"accept": "text/html"}).text
    assert f'href="/artists/{artist_id}.atom"' in page


def test_a_feed_without_entries_is_one(client: TestClient) -> None:
    whole, found = entries(client, "/claims.atom")
    assert text(whole, "id") == "http://testserver/claims.atom"
    assert all("Claim" in text(entry, "summary") for entry in found)


def test_nobodys_feed(client: TestClient) -> None:
    assert client.get("/artists/01890a5d-ac96-774b-bcce-b302099a8057.atom").status_code == 404
    assert client.get("/artists/nothing.atom").status_code == 422
