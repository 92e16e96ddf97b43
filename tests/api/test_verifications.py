"""Verifying and looking up over HTTP: the shapes of FORMAT.md, repeats, bundles that verify offline."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from ledger import canonical
from ledger.app import Application
from ledger.match.lists import MATCHES
from ledger.record.statement import parse_payload
from tests.applications import ART
from tests.generated import encoded
from tests.match.drawings import drawing as drawn

RECORD_KEYS = {
    "record_id", "kind", "leaf_index", "appended_at", "repeated", "reference", "statement", "envelope", "report",
    "links", "credentials", "frames", "headline",
}  # fmt: skip
REPORT_KEYS = {
    "verdict", "comparable", "works_compared", "alpha", "calibration", "notes", "matches", "shares", "unattributed",
    "artist_reference", "labels",
}  # fmt: skip
MATCH_KEYS = {
    "rank", "work_id", "title", "artist_id", "artist", "licence", "source", "relation", "score", "p_value", "n_null",
    "bin", "evidence", "preview", "withdrawn", "group", "artist_ids", "names", "verified", "contested",
}  # fmt: skip


def upload(client: TestClient, path: str, data: bytes, name: str = "image") -> Any:
    return client.post(path, files={name: ("picture", data, "application/octet-stream")})


@pytest.fixture(scope="session")
def drawing() -> bytes:
    """A registered file that no other module asks about."""
    return sorted(ART.glob("*.png"))[21].read_bytes()


@pytest.fixture(scope="module")
def verified(client: TestClient, application: Application, drawing: bytes) -> dict[str, Any]:
    response = upload(client, "/v1/verifications", drawing)
    assert response.status_code == 201, response.text
    application.log.publisher.publish()
    answer: dict[str, Any] = response.json()
    assert response.headers["location"] == f"/v1/records/{answer['record_id']}"
    return answer


def test_the_answer_has_the_promised_shape_and_says_what_is_true(verified: dict[str, Any], drawing: bytes) -> None:
    assert set(verified) == RECORD_KEYS
    assert set(verified["report"]) == REPORT_KEYS
    assert set(verified["report"]["matches"][0]) == MATCH_KEYS
    assert verified["kind"] == "verification"
    assert verified["repeated"] is False
    assert verified["report"]["verdict"] == "copy"
    assert verified["report"]["matches"][0]["relation"] == "exact"
    assert verified["report"]["matches"][0]["title"] in verified["reference"]
    payload = base64.b64decode(verified["envelope"]["payload"])
    assert canonical.dumps(verified["statement"]) == payload
    assert parse_payload(payload).subject_sha256 == hashlib.sha256(drawing).hexdigest()


def test_the_same_question_again_is_answered_with_the_same_record(
    client: TestClient, verified: dict[str, Any], drawing: bytes
) -> None:
    again = upload(client, "/v1/verifications", drawing)
    assert again.status_code == 200
    assert again.json() == verified | {"repeated": True}
    assert client.get(f"/v1/records/{verified['record_id']}").json() == verified


def test_the_bundle_verifies_offline(
    client: TestClient, application: Application, verified: dict[str, Any], verify_offline: Callable[[bytes], bool]
) -> None:
    response = client.get(verified["links"]["bundle"])
    assert response.headers["content-type"] == "application/vnd.artledger.bundle+json;version=1"
    assert response.headers["content-disposition"] == (
        f'attachment; filename="artledger-{verified["record_id"]}.bundle.json"'
    )
    assert json.loads(response.content)["envelope"] == verified["envelope"]
    assert verify_offline(response.content)
    assert not verify_offline(response.content.replace(b"index ", b"index 1", 1))


def test_a_record_that_no_checkpoint_covers_yet_says_when_to_come_back(
    client: TestClient, application: Application
) -> None:
    unasked = encoded(drawn(733, 256), "PNG")
    answer = upload(client, "/v1/verifications", unasked).json()
    early = client.get(answer["links"]["bundle"])
    assert early.status_code == 503
    assert early.json()["code"] == "not-yet-published"
    assert int(early.headers["retry-after"]) >= 1
    assert "waits for the next checkpoint" in client.get(answer["links"]["page"]).text
    application.log.publisher.publish()
    assert client.get(answer["links"]["bundle"]).status_code == 200


def test_a_lookup_appends_nothing(
    client: TestClient, application: Application, verified: dict[str, Any], drawing: bytes
) -> None:
    before = application.store.entries.head()
    by_file = upload(client, "/v1/lookups", drawing)
    assert by_file.status_code == 200
    found = by_file.json()
    assert set(found) == {
        "sha256", "records", "matches", "reference", "notes", "similar_records", "credentials", "frames",
        "headline", "artist_reference", "labels",
    }  # fmt: skip
    assert set(found["matches"][0]) == MATCH_KEYS
    assert verified["record_id"] in [record["record_id"] for record in found["records"]]
    by_digest = client.post("/v1/lookups", json={"sha256": found["sha256"]}).json()
    assert verified["record_id"] in [record["record_id"] for record in by_digest["records"]]
    assert by_digest["matches"] == []
    assert application.store.entries.head() == before


def test_top_k_bounds_what_is_shown_and_never_what_is_recorded(client: TestClient, drawing: bytes) -> None:
    """Whoever asks first must not decide how much a record says."""
    assert len(upload(client, "/v1/lookups?top_k=2", drawing).json()["matches"]) == 2
    asked = encoded(drawn(734, 256), "PNG")
    first = upload(client, "/v1/verifications?top_k=1", asked).json()
    again = upload(client, "/v1/verifications", asked).json()
    assert first["record_id"] == again["record_id"]
    assert len(first["report"]["matches"]) == 1
    recorded = first["statement"]["predicate"]["matches"]
    assert len(recorded) == len(again["report"]["matches"]) == min(MATCHES, first["report"]["works_compared"])
    for top_k in ("0", "101", "x"):
        assert upload(client, f"/v1/lookups?top_k={top_k}", drawing).status_code == 422
        assert upload(client, f"/v1/verifications?top_k={top_k}", drawing).status_code == 422


@pytest.mark.parametrize("path", ["/v1/verifications", "/v1/lookups"])
@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", (422, "empty-file")),
        (b"just text, whatever the name says", (422, "not-an-image")),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), (422, "truncated")),
        (bytes(2**20 + 1), (413, "too-large")),
    ],
)
def test_bad_pictures_are_refused_and_leave_no_trace(
    client: TestClient, application: Application, path: str, data: bytes, problem: tuple[int, str]
) -> None:
    before = application.store.entries.head()
    response = upload(client, path, data)
    assert (response.status_code, response.json()["code"]) == problem
    assert response.json()["detail"]
    assert application.store.entries.head() == before


def test_other_bodies_are_refused(client: TestClient, drawing: bytes) -> None:
    assert upload(client, "/v1/verifications", drawing, "picture").json()["code"] == "unexpected-field"
    assert client.post("/v1/verifications", content=drawing).status_code == 415
    assert client.post("/v1/lookups", json={"sha256": "AB"}).json()["code"] == "invalid-request"
    assert client.post("/v1/lookups", json={"sha256": "0" * 64, "extra": 1}).json()["code"] == "invalid-request"
    assert client.post("/v1/lookups", json=[]).json()["code"] == "invalid-request"


def test_pages_of_other_sites_cannot_make_records(client: TestClient, drawing: bytes) -> None:
    for headers in (
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://evil.example"},
    ):
        response = client.post("/v1/verifications", files={"image": drawing}, headers=headers)
        assert response.status_code == 403
        assert response.json()["code"] == "cross-origin"
    same = client.post("/v1/lookups", files={"image": drawing}, headers={"origin": "http://testserver"})
    assert same.status_code == 200
