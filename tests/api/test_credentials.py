"""Credentials of an uploaded file, over HTTP and on the page."""

from __future__ import annotations

from fastapi.testclient import TestClient

from ledger.answers.records import LookupAnswer, RecordAnswer
from ledger.image.credentials.write import with_credentials
from tests.applications import ART
from tests.image.credentials.samples import ASSERTION, PIXELS, foreign, signer

HOSTILE = "<script>alert(1)</script>"


def test_a_files_credentials_are_in_the_answer(client: TestClient) -> None:
    plain = sorted(ART.glob("*.png"))[7].read_bytes()
    data = foreign(plain, "image/png")
    for path, body in (("/v1/lookups", LookupAnswer), ("/v1/verifications", RecordAnswer)):
        answer = client.post(path, files={"image": data})
        told = body.model_validate(answer.json()).credentials
        assert told is not None
        assert (told.state, told.claim_generator, told.record) == ("untrusted", "Brush 3", None)
        assert client.post(path, files={"image": plain}).json()["credentials"] is None


def test_the_page_says_what_was_found_and_escapes_it(client: TestClient) -> None:
    data = with_credentials(PIXELS, "image/png", ASSERTION, signer(HOSTILE)).data
    page = client.post("/lookup", files={"image": data}).text
    assert "nobody that is known here" in page
    assert HOSTILE not in page
    assert "&lt;script&gt;" in page


def test_the_page_calls_a_missing_manifest_unknown(client: TestClient, drawing: bytes) -> None:
    page = client.post("/lookup", files={"image": drawing}).text
    assert "Content Credentials in the file" in page
    assert "unknown" in page.partition("Content Credentials in the file")[2][:300]
