"""Credentials that files bring along: valid, untrusted, tampered, none; whatever the bytes are, nothing is raised."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from ledger import __version__
from ledger.image import worker
from ledger.image.credentials import native
from ledger.image.credentials.containers import embedded_manifest
from ledger.image.credentials.content import INTACT, LABEL, TRAINED_ALGORITHMIC_MEDIA, FoundCredentials
from ledger.image.credentials.read import MALFORMED, MAX_PROBLEMS, UNREADABLE, found_in, read_credentials
from ledger.image.credentials.write import encode, with_credentials
from ledger.image.limits import DEFAULT_LIMITS
from ledger.image.pool import DecodePool
from tests.image.credentials.samples import (
    ASSERTION,
    MEDIA_TYPES,
    PIXELS,
    edited,
    foreign,
    our_roots,
    remote,
    signed,
    signer,
)
from tests.image.samples import png_chunk, save, textured

ALL = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp", "GIF": "image/gif", "TIFF": "image/tiff",
       "AVIF": "image/avif"}  # fmt: skip


@pytest.fixture(scope="module")
def pool() -> Iterator[DecodePool]:
    with DecodePool(workers=1) as running:
        yield running


def read(pool: DecodePool, data: bytes, media_type: str) -> FoundCredentials | None:
    """As the service reads whose signer is `signer()`."""
    return read_credentials(pool, data, media_type, our_roots)


def some(found: FoundCredentials | None) -> FoundCredentials:
    assert found is not None
    return found


@pytest.mark.parametrize("media_type", MEDIA_TYPES)
def test_our_own(pool: DecodePool, media_type: str) -> None:
    made = with_credentials(PIXELS, media_type, ASSERTION, signer())
    found = some(read(pool, made.data, media_type))
    assert found == FoundCredentials(
        state="valid",
        issuer="Here",
        claim_generator=f"Artledger {__version__}",
        digital_source_type=TRAINED_ALGORITHMIC_MEDIA,
        assertion=ASSERTION,
        from_ingredient=False,
        manifest_sha256=made.manifest_sha256,
        problems=(),
    )


def test_another_signer_is_untrusted(pool: DecodePool) -> None:
    """Anybody can write our assertion; the signer tells them apart."""
    found = some(read(pool, signed("image/png", "Pretender"), "image/png"))
    assert (found.state, found.issuer, found.assertion, found.problems) == ("untrusted", "Pretender", ASSERTION, ())
    assert some(read_credentials(pool, signed(), "image/png", lambda: "")).state == "untrusted"


@pytest.mark.parametrize("kind", ALL)
def test_no_manifest_is_unknown(pool: DecodePool, kind: str) -> None:
    assert read(pool, save(textured(90, 60), kind), ALL[kind]) is None


@pytest.mark.parametrize("kind", ALL)
def test_foreign_credentials_in_every_accepted_format(pool: DecodePool, kind: str) -> None:
    found = some(read(pool, foreign(save(textured(90, 60), kind), ALL[kind]), ALL[kind]))
    assert (found.state, found.claim_generator, found.assertion) == ("untrusted", "Brush 3", None)
    assert (found.manifest_sha256 is None) == (ALL[kind] not in MEDIA_TYPES)


@pytest.mark.parametrize("media_type", MEDIA_TYPES)
def test_saved_again_they_are_gone(pool: DecodePool, media_type: str) -> None:
    with Image.open(BytesIO(signed(media_type))) as picture:
        assert read(pool, save(picture.convert("RGB"), "PNG"), "image/png") is None


@pytest.mark.parametrize("media_type", MEDIA_TYPES)
def test_changed_after_signing(pool: DecodePool, media_type: str) -> None:
    data = bytearray(signed(media_type))
    store = some_store(bytes(data), media_type)
    place = len(data) - 40 if media_type != "image/webp" else 2_000
    assert not data.find(store[:64]) <= place < data.find(store[:64]) + len(store)
    data[place] ^= 1
    found = some(read(pool, bytes(data), media_type))
    assert found.state == "tampered"
    assert any(each.startswith("assertion.dataHash.mismatch") for each in found.problems)
    assert found.assertion == ASSERTION


def some_store(data: bytes, media_type: str) -> bytes:
    store = embedded_manifest(data, media_type)
    assert store is not None
    return store


def test_a_manifest_moved_to_another_picture(pool: DecodePool) -> None:
    other = encode(PIXELS[::-1], "image/png")
    moved = other[:33] + png_chunk(b"caBX", some_store(signed(), "image/png")) + other[33:]
    found = some(read(pool, moved, "image/png"))
    assert (found.state, found.assertion) == ("tampered", ASSERTION)


def test_edited_by_another_program_ours_is_an_ingredient(pool: DecodePool) -> None:
    found = some(read(pool, edited(signed("image/jpeg"), "image/jpeg"), "image/jpeg"))
    assert (found.state, found.issuer, found.claim_generator) == ("untrusted", "Elsewhere", "Brush")
    assert (found.assertion, found.from_ingredient) == (ASSERTION, True)


@pytest.mark.parametrize(
    "change",
    [
        {"origin": "two words"},
        {"record_id": "x"},
        {"reference": "x" * 2_000},
        {"copies": [{}]},
        {"copies": ASSERTION.to_json()["copies"] * 11},
        {"verdict": "<b>"},
        {"more": "x"},
    ],
)
def test_an_assertion_that_is_not_ours(pool: DecodePool, change: dict[str, Any]) -> None:
    data = foreign(signed(), "image/png", [{"label": LABEL, "data": ASSERTION.to_json() | change}])
    found = some(read(pool, data, "image/png"))
    assert (found.state, found.assertion) == ("untrusted", None)
    assert found.problems[0].startswith(MALFORMED)


@pytest.mark.parametrize("store", [b"", b"nonsense", b"\0\0\0\x10jumb" + bytes(8), bytes(100_000)])
def test_garbage_where_a_manifest_belongs(pool: DecodePool, store: bytes) -> None:
    plain = encode(PIXELS, "image/png")
    found = some(read(pool, plain[:33] + png_chunk(b"caBX", store) + plain[33:], "image/png"))
    assert (found.state, found.assertion) == ("invalid", None)
    assert found.problems[0].startswith(UNREADABLE)


@settings(max_examples=150, deadline=None)
@given(data=st.data(), media_type=st.sampled_from(MEDIA_TYPES))
def test_no_changed_byte_changes_what_is_vouched_for(pool: DecodePool, data: st.DataObject, media_type: str) -> None:
    """Signature padding may change unnoticed; the picture and what is said of it may not."""
    original = signed(media_type)
    changed = bytearray(original)
    for _ in range(data.draw(st.integers(1, 3))):
        changed[data.draw(st.integers(0, len(original) - 1))] ^= data.draw(st.integers(1, 255))
    found = read(pool, bytes(changed), media_type)
    if found is None or found.state not in INTACT:
        return
    assert (found.state, found.assertion) == ("valid", ASSERTION)
    start = original.find(some_store(original, media_type)[:64])
    end = start + len(some_store(original, media_type))
    # JPEG repeats headers in each segment, PNG has a checksum after the chunk: the excluded range is a little wider.
    assert changed[: start - 20] == original[: start - 20]
    assert changed[end + 20 :] == original[end + 20 :]


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.sampled_from(["active_manifest", "manifests", "assertions", "label", "data", "actions", "validation_status",
                         "claim_generator_info", "signature_info", "name", "issuer", "code", LABEL, "c2pa.actions"]),
        inner, max_size=6),
    max_leaves=30,
))  # fmt: skip
def test_no_report_makes_it_fail(document: object) -> None:
    assert found_in(json.dumps(document), None).state == "invalid"


def test_reports_are_bounded_and_cleaned() -> None:
    assert found_in("[" * 200_000, None).state == "invalid"
    statuses = ",".join(['{"code": "a\\u202eb\\u0000", "explanation": "' + "x" * 900 + '"}'] * 50)
    found = found_in('{"validation_status": [' + statuses + "]}", None)
    assert len(found.problems) == MAX_PROBLEMS
    assert all(each.startswith("ab: x") and len(each) < 450 for each in found.problems)


def test_nothing_is_fetched(tmp_path: Path) -> None:
    """A file that says that its manifest lies elsewhere."""
    asked: list[str] = []

    class Listener(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            pass

    with HTTPServer(("127.0.0.1", 0), Listener) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            data = remote(f"http://127.0.0.1:{server.server_address[1]}/manifest.c2pa")
            with pytest.raises(native.RemoteManifestError):
                native.validate(data, "image/jpeg", "")
        finally:
            server.shutdown()
            thread.join()
    assert asked == []


def test_it_is_read_without_a_file_or_socket_to_open(monkeypatch: pytest.MonkeyPatch) -> None:
    def opens(*_: object) -> str:
        return Path("/dev/null").read_text()

    monkeypatch.setattr(native, "validate", opens)
    with pytest.raises(OSError, match="Too many open files"):
        worker.manifest_job(signed(), DEFAULT_LIMITS, media_type="image/png", trusted="")


def test_what_the_workers_limits_refuse_is_unreadable() -> None:
    with DecodePool(workers=1, limits=replace(DEFAULT_LIMITS, max_bytes=100)) as strict:
        found = some(read_credentials(strict, signed(), "image/png", our_roots))
    assert (found.state, found.problems[0].partition(":")[0]) == ("unreadable", UNREADABLE)
