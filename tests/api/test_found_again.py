"""An edited copy of a generated picture finds its record over HTTP and on the page."""

from __future__ import annotations

from fastapi.testclient import TestClient

from ledger.app import Application
from tests.generated import encoded, generated
from tests.match.drawings import drawing


def test_a_generated_picture_is_found_again(client: TestClient, application: Application) -> None:
    made = generated(application, drawing(200, 128))
    edited = encoded(drawing(200, 128).resize((100, 100)), "JPEG", quality=60)

    found = client.post("/v1/lookups", files={"image": edited}).json()

    assert found["records"] == []
    (similar,) = found["similar_records"]
    assert set(similar) == {"record", "relation", "evidence", "phash_distance"}
    assert similar["record"] == client.get(f"/v1/records/{made.record_id}").json() | {"headline": None}
    assert similar["relation"] == "near-duplicate"
    page = client.post("/lookup", files={"image": edited}, headers={"origin": "http://testserver"}).text
    assert "Generated pictures that this one is a copy of" in page
    assert f'href="/records/{made.record_id}"' in page
    assert "edited copy" in page
    other = client.post("/v1/lookups", files={"image": encoded(drawing(201, 128), "PNG")}).json()
    assert other["similar_records"] == []
