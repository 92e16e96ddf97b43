"""Blank, near-blank, one-colour, tiny and extremely long pictures over HTTP: said aloud, never a match."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from tests.api.test_verifications import upload
from tests.bad_pictures import KINDS, WORDS, not_comparable


@pytest.mark.parametrize("kind", KINDS)
def test_the_record_the_lookup_and_the_page_say_so(kind: str, client: TestClient) -> None:
    data = not_comparable()[kind][0]
    looked_up = upload(client, "/v1/lookups", data)
    made = upload(client, "/v1/verifications", data)
    assert (looked_up.status_code, made.status_code) == (200, 201)
    report = made.json()["report"]
    assert (report["verdict"], report["comparable"], report["matches"]) == ("not-comparable", False, [])
    assert looked_up.json()["matches"] == []
    assert made.json()["statement"]["predicate"]["verdict"] == "not-comparable"
    for said in (report, looked_up.json()):
        (note,) = said["notes"]
        assert WORDS[kind] in note
    page = client.get(made.json()["links"]["page"]).text
    assert "Not comparable: " in page
    assert "None is identical, and no other could be compared." in page
    assert made.json()["headline"]["title"] == "This picture is too small or too plain to compare"
    assert upload(client, "/v1/verifications", data).json()["report"] == report


def test_readiness_tells_what_the_error_rates_rest_on(client: TestClient) -> None:
    upload(client, "/v1/verifications", not_comparable()["blank"][1])
    state = client.get("/readyz").json()["calibration"]
    assert (state["state"], state["detail"]) == ("current", None)
    assert state["works"] == state["corpus_works"] == 31
    assert client.get(f"/v1/calibrations/{state['digest']}").status_code == 200
