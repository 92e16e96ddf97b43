"""HEAD and OPTIONS at every address, and the log's documents as browsers and caches of other sites read them."""

from __future__ import annotations

import gzip
import hashlib

import pytest
from fastapi import Request
from fastapi.testclient import TestClient

from api.http.access import ACCESS, ANYBODY, Access
from api.http.published import MAX_COMPRESSED, published
from ledger.app import Application
from ledger.log.checkpoint import open_checkpoint
from ledger.log.tiles import tile_at
from ledger.log.vkey import parse_vkey
from tests.applications import UNKNOWN_ID

SITE = {"Origin": "https://monitor.example", "Sec-Fetch-Site": "cross-site"}
PLAIN = {"Accept-Encoding": "identity"}
PACKED = {"Accept-Encoding": "gzip"}
WELL_KNOWN = "/.well-known/artledger.json"
KNOWN = {"token_id": "ab" * 16, "token": "A" * 43, "digest": "ab" * 32, "path:path": "0/000"}
TEMPLATES = sorted({template for _, template in ACCESS})


@pytest.fixture(scope="module")
def entries(application: Application) -> str:
    """Path of a bundle of log entries."""
    checkpoint = application.log.objects.get("checkpoint")
    assert checkpoint is not None
    return f"/{tile_at(None, 0, open_checkpoint(checkpoint, parse_vkey(application.log.vkey)).size).path}"


@pytest.fixture(scope="module")
def documents(entries: str) -> list[str]:
    return ["/checkpoint", entries, WELL_KNOWN]


def filled(template: str) -> str:
    for name in [part[1:-1] for part in template.split("/") if part.startswith("{")]:
        template = template.replace(f"{{{name}}}", KNOWN.get(name, UNKNOWN_ID))
    return template


def offered(template: str) -> str:
    methods = {method for method, each in ACCESS if each == template}
    reading = ["GET", "HEAD"] if "GET" in methods else []
    return ", ".join([*reading, *(["POST"] if "POST" in methods else []), "OPTIONS"])


@pytest.mark.parametrize("address", [*TEMPLATES, "/v1/openapi.json", "/static/style.css"])
def test_options_and_refusals_name_the_methods(client: TestClient, address: str) -> None:
    path, allow = filled(address), offered(address) if address in TEMPLATES else "GET, HEAD, OPTIONS"
    asked = client.options(path, headers={"Authorization": "Bearer wrong"})
    assert (asked.status_code, asked.headers["allow"], asked.content) == (204, allow, b"")
    assert asked.headers["x-content-type-options"] == "nosniff"
    for method in ("PUT", "DELETE", *(each for each in ("GET", "POST") if each not in allow)):
        refused = client.request(method, path)
        assert (refused.status_code, refused.headers["allow"]) == (405, allow), method


@pytest.mark.parametrize("address", [*TEMPLATES, "/v1/openapi.json", "/static/style.css", "/nothing"])
def test_head_is_get_without_a_body(client: TestClient, address: str) -> None:
    path = filled(address)
    got, head = client.get(path, follow_redirects=False), client.head(path, follow_redirects=False)
    assert (head.status_code, head.content) == (got.status_code, b"")
    changing = {"date", "retry-after"} | ({"content-length", "etag"} if address in ("/", "/log") else set())
    named = [{name: value for name, value in each.headers.items() if name not in changing} for each in (got, head)]
    assert named[0] == named[1]


def test_other_addresses_offer_nothing(client: TestClient) -> None:
    assert client.options("/v1/nothing").status_code == 404
    assert client.request("OPTIONS", "*").status_code in (400, 404)
    assert client.options("/checkpoint", headers={"Host": "rebound.example"}).status_code == 421
    assert "access-control-allow-origin" not in client.get("/checkpoint", headers={"Host": "rebound.example"}).headers


@pytest.mark.parametrize("address", TEMPLATES)
def test_other_sites_read_the_log_and_nothing_else(client: TestClient, address: str) -> None:
    shared = {each for (_, each), access in ACCESS.items() if access.shared}
    assert shared == {"/checkpoint", "/tile/{path:path}", WELL_KNOWN}
    asked = SITE | {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    preflight = client.options(filled(address), headers=asked)
    answers = [preflight, *(client.request(method, filled(address), headers=SITE) for method in ("GET", "POST"))]
    for answer in answers:
        granted = {name for name in answer.headers if name.startswith("access-control-")}
        assert "access-control-allow-credentials" not in granted
        if address not in shared:
            assert not granted
    if address in shared:
        assert preflight.headers["access-control-allow-origin"] == "*"
        assert preflight.headers["access-control-allow-methods"] == "GET, HEAD"
        assert "authorization" not in preflight.headers["access-control-allow-headers"].lower()
        assert answers[1].headers["access-control-allow-origin"] == "*"
        assert "ETag" in answers[1].headers["access-control-expose-headers"]
        assert answers[2].status_code == 403, "writing for another site stays refused"


@pytest.mark.parametrize(
    "change", [{"roles": frozenset({"artist"})}, {"limited": True}, {"pictures_scope": "verifications"}]
)
def test_what_needs_a_token_or_has_a_limit_is_never_shared(change: dict[str, object]) -> None:
    assert not ANYBODY.shared
    with pytest.raises(ValueError, match="shared"):
        Access(shared=True, **change)  # type: ignore[arg-type]  # names of fields


def test_an_unchanged_document_is_not_sent_again(client: TestClient, documents: list[str]) -> None:
    for path in documents:
        for coding in (PLAIN, PACKED):
            first = client.get(path, headers=coding)
            tag = first.headers["etag"]
            assert first.headers["vary"] == "Accept-Encoding"
            for stated in (tag, f"W/{tag}", f'"x", {tag}', "*"):
                again = client.get(path, headers=coding | {"If-None-Match": stated})
                assert (again.status_code, again.content) == (304, b""), (path, stated)
                assert again.headers["cache-control"] == first.headers["cache-control"]
                assert "content-type" not in again.headers
            for stated in ('"x"', tag[:-1], "x" * 10_000, '"' * 9_999, ""):
                assert client.get(path, headers=coding | {"If-None-Match": stated}).status_code == 200
    assert client.get(documents[2]).headers["cache-control"] == "no-cache", "keys may change"


def test_smaller_where_the_asker_reads_gzip(client: TestClient, entries: str) -> None:
    plain, packed = client.get(entries, headers=PLAIN), client.get(entries, headers=PACKED)
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) < len(plain.content) == len(packed.content)
    assert packed.headers["etag"] != plain.headers["etag"], "other bytes, another tag"
    for stated in ("gzip;q=0", "*;q=0", "br", "gzip;q=x", "gzip;q=nan", "gzip;q=0, *", ""):
        assert "content-encoding" not in client.get(entries, headers={"Accept-Encoding": stated}).headers, stated
    for stated in ("br, GZIP;q=0.1", "*", "deflate,gzip"):
        assert client.get(entries, headers={"Accept-Encoding": stated}).headers["content-encoding"] == "gzip"


@pytest.mark.parametrize(("size", "encoding"), [(MAX_COMPRESSED, "gzip"), (MAX_COMPRESSED + 1, None)])
def test_what_is_large_costs_no_compression(size: int, encoding: str | None) -> None:
    """Everybody may ask for the log without a limit."""
    asked = Request({"type": "http", "method": "GET", "headers": [(b"accept-encoding", b"gzip")]})
    answer = published(asked, bytes(size), {})
    assert answer.headers.get("content-encoding") == encoding
    assert MAX_COMPRESSED <= 2**18


def test_nothing_else_is_compressed(client: TestClient) -> None:
    """Where an answer holds a secret beside what others chose, its compressed length tells the secret (BREACH)."""
    for path in ("/", "/v1/records", "/v1/nothing", "/tile/0/999", "/v1/openapi.json", f"/v1/works/{UNKNOWN_ID}"):
        assert "content-encoding" not in client.get(path, headers=PACKED).headers, path


def test_a_part_of_a_document(client: TestClient, documents: list[str]) -> None:
    for path in documents:
        whole = client.get(path, headers=PLAIN)
        data, size, tag = whole.content, len(whole.content), whole.headers["etag"]
        assert whole.headers["accept-ranges"] == "bytes"
        for stated, first, last in (
            ("bytes=0-0", 0, 0), ("bytes=3-9", 3, 9), (f"bytes=5-{10**17}", 5, size - 1), ("bytes=7-", 7, size - 1),
            ("bytes=-4", size - 4, size - 1), (f"bytes=-{10**17}", 0, size - 1), (" BYTES=1-2 ", 1, 2),
        ):  # fmt: skip
            part = client.get(path, headers=PACKED | {"Range": stated, "If-Range": tag})
            assert (part.status_code, part.content) == (206, data[first : last + 1]), stated
            assert part.headers["content-range"] == f"bytes {first}-{last}/{size}"
            assert part.headers["etag"] == tag
            assert "content-encoding" not in part.headers
        for stated in (f"bytes={size}-", "bytes=-0", f"bytes={10**17}-"):
            refused = client.get(path, headers={"Range": stated})
            assert (refused.status_code, refused.json()["code"]) == (416, "range-not-satisfiable"), stated
            assert refused.headers["content-range"] == f"bytes */{size}"


@pytest.mark.parametrize(
    "stated",
    ["bytes=0-0,1-1", "bytes=" + ",".join(["0-"] * 2_000), "bytes=" + "0-0," * 2_000, "bytes=5-4", "bytes=-", "bytes=",
     "bytes=--1", "lines=0-1", "bytes=0x1-2", "bytes=1-2;", "bytes=" + "9" * 5_000 + "-", "bytes=٣-٤".encode(), "\x00"],
)  # fmt: skip
def test_other_ranges_are_answered_with_all_once(client: TestClient, entries: str, stated: str | bytes) -> None:
    whole = client.get(entries, headers=PLAIN)
    value = stated if isinstance(stated, bytes) else stated.encode()
    answer = client.get(entries, headers={b"range": value, b"accept-encoding": b"identity"})
    assert (answer.status_code, answer.content) == (200, whole.content)
    assert hashlib.sha256(answer.content).hexdigest()[:32] == answer.headers["etag"].strip('"')


def test_what_ranges_do_not_apply_to(client: TestClient, entries: str) -> None:
    tag = client.get(entries, headers=PLAIN).headers["etag"]
    part = {"Range": "bytes=0-9"}
    assert client.get(entries, headers=part | {"If-Range": '"other"'}).status_code == 200
    assert client.get(entries, headers=part | {"If-Range": f"W/{tag}"}).status_code == 200, "compared strongly"
    assert client.get(entries, headers=part | {"If-None-Match": tag}).status_code == 304
    assert client.head(entries, headers=part).status_code == 200
    assert client.get("/tile/0/999", headers=part).status_code == 404
    assert client.get("/v1/records", headers=part).status_code == 200


def test_over_a_real_connection(service_url: str, entries: str) -> None:
    """The server itself must agree with how long an answer without a body says that it is."""
    import httpx2

    with httpx2.Client(base_url=service_url) as connection:
        for path in ("/", entries, "/v1/records", "/static/style.css", "/nothing"):
            got, head = connection.get(path), connection.head(path)
            assert head.status_code == got.status_code
            assert head.content == b""
            assert head.headers["content-length"] == got.headers["content-length"]
        packed = connection.send(connection.build_request("GET", entries, headers=PACKED), stream=True)
        raw = b"".join(packed.iter_raw())
        assert gzip.decompress(raw) == connection.get(entries, headers=PLAIN).content
        assert connection.options("/v1/works").headers["allow"] == "POST, OPTIONS"
