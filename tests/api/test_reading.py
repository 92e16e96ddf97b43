"""What is read over HTTP: works, artists, documents, the log; with the keys that are promised to stay."""

from __future__ import annotations

import hashlib

import pytest
from fastapi.testclient import TestClient

from ledger import canonical
from ledger.app import Application
from ledger.log.checkpoint import open_checkpoint
from ledger.log.tiles import parse_path, tile_at, unpack_entries, unpack_hashes
from ledger.log.vkey import parse_vkey

WORK_KEYS = {
    "work_id", "title", "artist_id", "artist", "licence", "allowed_uses", "source", "sha256", "pixel_sha256",
    "registration_record_id", "registration_index", "withdrawn", "preview", "links",
    "credit_line", "link", "terms", "file_terms", "contested",
}  # fmt: skip
NOBODY = "01890a5d-ac96-774b-bcce-b302099a8057"


@pytest.fixture(scope="module")
def registration(client: TestClient) -> dict[str, object]:
    answer = client.get("/v1/records", params={"kind": "registration", "limit": 1}).json()
    record: dict[str, object] = answer["records"][0]
    return record


@pytest.fixture(scope="module")
def work_id(client: TestClient) -> str:
    record = client.get("/v1/records", params={"kind": "registration", "limit": 1}).json()["records"][0]
    return str(record["statement"]["predicate"]["work_id"])


def test_a_work_its_preview_and_its_artist(client: TestClient, work_id: str) -> None:
    work = client.get(f"/v1/works/{work_id}").json()
    assert set(work) == WORK_KEYS
    preview = client.get(work["preview"])
    assert preview.headers["content-type"] == "image/webp"
    assert preview.headers["cache-control"] == "public, max-age=300", "a work that is withdrawn is soon gone everywhere"
    assert preview.content[8:12] == b"WEBP"
    artist = client.get(f"/v1/artists/{work['artist_id']}").json()
    assert set(artist) == {"artist_id", "name", "works", "sample", "links"}
    assert artist["name"] == work["artist"]
    assert set(artist["sample"][0]) == WORK_KEYS


def test_an_artists_works_come_in_pages(client: TestClient, application: Application) -> None:
    name, count = application.works.catalogue.stats().largest_artists[0]
    assert count > 1
    page = client.get("/v1/records", params={"kind": "registration", "limit": 200}).json()
    artists = {record["statement"]["predicate"]["artist_id"] for record in page["records"]}
    artist_id = next(each for each in artists if client.get(f"/v1/artists/{each}").json()["name"] == name)
    seen: list[str] = []
    after: int | None = -1
    while after is not None:
        answer = client.get(f"/v1/artists/{artist_id}/works", params={"after": after, "limit": 1}).json()
        assert set(answer) == {"works", "next_after"}
        seen += [work["work_id"] for work in answer["works"]]
        after = answer["next_after"]
    assert len(set(seen)) == len(seen) == count


def test_records_come_in_pages_and_filtered(client: TestClient, work_id: str) -> None:
    first = client.get("/v1/records", params={"limit": 5}).json()
    assert set(first) == {"records", "next_after"}
    assert [record["leaf_index"] for record in first["records"]] == [0, 1, 2, 3, 4]
    second = client.get("/v1/records", params={"limit": 5, "after": first["next_after"]}).json()
    assert second["records"][0]["leaf_index"] == 5
    of_work = client.get("/v1/records", params={"work_id": work_id, "kind": "registration"}).json()["records"]
    assert [record["kind"] for record in of_work] == ["registration"]
    sha256 = of_work[0]["statement"]["subject"][0]["digest"]["sha256"]
    assert of_work[0] in client.get("/v1/records", params={"sha256": sha256}).json()["records"]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        (f"/v1/records/{NOBODY}", 404, "record-not-found"),
        (f"/v1/records/{NOBODY}/bundle", 404, "record-not-found"),
        (f"/v1/works/{NOBODY}", 404, "work-not-found"),
        (f"/v1/works/{NOBODY}/preview", 404, "preview-not-found"),
        (f"/v1/artists/{NOBODY}", 404, "artist-not-found"),
        (f"/v1/calibrations/{'0' * 64}", 404, "calibration-not-found"),
        (f"/v1/specs/{'0' * 64}", 404, None),
        (f"/v1/records/{NOBODY.upper()}", 422, "invalid-request"),
        ("/v1/records/9f86d081-884c-4d65-9a2f-eaa0c55ad015", 422, "invalid-request"),
        ("/v1/records?limit=0", 422, "invalid-request"),
        ("/v1/records?limit=201", 422, "invalid-request"),
        ("/v1/records?after=-2", 422, "invalid-request"),
        ("/v1/records?kind=blessing", 422, "invalid-request"),
        ("/v1/records?sha256=AB", 422, "invalid-request"),
        ("/v1/records?colour=red", 422, "invalid-request"),
        ("/v1/nothing", 404, "not-found"),
        ("/tile/0/x001", 404, "bad-tile-path"),
        ("/tile/0/999", 404, "tile-not-found"),
        ("/tile/0/000.p/0", 404, "bad-tile-path"),
        ("/tile/../keys/log.pem", 404, None),
        ("/tile/%2e%2e/keys/log.pem", 404, None),
        ("/static/%2e%2e/app.py", 404, None),
    ],
)
def test_what_is_not_there_or_not_asked_properly(client: TestClient, path: str, status: int, code: str | None) -> None:
    response = client.get(path)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert code is None or response.json()["code"] == code


def test_append_only(client: TestClient) -> None:
    for method in ("PUT", "PATCH", "DELETE"):
        response = client.request(method, f"/v1/records/{NOBODY}")
        assert response.status_code == 405
        assert response.json()["code"] == "method-not-allowed"


def test_the_service_document_names_what_verifies(client: TestClient) -> None:
    document = client.get("/.well-known/artledger.json").json()
    assert set(document) == {"origin", "log_vkey", "record_keys", "witnesses", "specs", "calibrations", "policy",
                             "verifier"}  # fmt: skip
    assert parse_vkey(document["log_vkey"]).name == document["origin"]
    assert len(document["record_keys"]) == 1
    spec = client.get(f"/v1/specs/{document['specs'][0]}").json()
    assert hashlib.sha256(canonical.dumps(spec)).hexdigest() == document["specs"][0]


def test_the_log_is_served_as_tiles(client: TestClient, application: Application) -> None:
    response = client.get("/checkpoint")
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert response.headers["cache-control"] == "public, max-age=2"
    signed = open_checkpoint(response.content, parse_vkey(application.log.vkey))
    assert signed.size >= 31
    for level in (0, None):
        tile = tile_at(level, 0, signed.size)
        answer = client.get(f"/{tile.path}")
        assert answer.headers["content-type"] == "application/octet-stream"
        assert "immutable" in answer.headers["cache-control"]
        unpack = unpack_entries if level is None else unpack_hashes
        assert len(unpack(answer.content, parse_path(tile.path))) == signed.size


def test_health_and_readiness(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "alive"}
    ready = client.get("/readyz")
    assert ready.status_code == 200
    assert ready.json()["ready"] is True


def test_openapi_documents_every_route_with_examples(client: TestClient) -> None:
    document = client.get("/v1/openapi.json").json()
    assert {"/v1/verifications", "/v1/lookups", "/v1/records", "/checkpoint", "/tile/{path}"} <= set(document["paths"])
    for path, methods in document["paths"].items():
        for operation in methods.values():
            assert operation["summary"], path
            assert operation["description"], path
    schemas = document["components"]["schemas"]
    assert "example" in schemas["RecordAnswer"]
    assert "example" in schemas["ProblemDocument"]
    assert all(schema.get("additionalProperties") is False for name, schema in schemas.items() if name.endswith("Body"))
