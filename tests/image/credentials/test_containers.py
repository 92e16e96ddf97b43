"""Manifests are found where C2PA puts them, and no file makes the walk fail or go on for long."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.image.credentials import native
from ledger.image.credentials.containers import MAX_PARTS, embedded_manifest
from ledger.image.credentials.write import encode
from tests.image.credentials.samples import DRAWN, MEDIA_TYPES, PIXELS, signed, signer
from tests.image.samples import png_chunk

HEADS = {
    "image/png": b"\x89PNG\r\n\x1a\n",
    "image/jpeg": b"\xff\xd8",
    "image/webp": b"RIFF\xff\xff\xff\x00WEBP",
}


@pytest.mark.parametrize("media_type", MEDIA_TYPES)
@pytest.mark.parametrize("size", [10, 64_000, 200_001])
def test_finds_the_store_that_was_written(media_type: str, size: int) -> None:
    """In JPEG, 200,001 bytes take four segments."""
    manifest = {"assertions": [DRAWN, {"label": "org.example.long", "data": {"text": "x" * size}}]}
    data, store = native.sign(encode(PIXELS, media_type), media_type, manifest, signer())
    assert embedded_manifest(data, media_type) == store


@pytest.mark.parametrize("media_type", MEDIA_TYPES)
def test_finds_none_where_none_is(media_type: str) -> None:
    assert embedded_manifest(encode(PIXELS, media_type), media_type) is None
    assert embedded_manifest(b"", media_type) is None
    assert embedded_manifest(signed(media_type), "image/gif") is None


@pytest.mark.parametrize("media_type", MEDIA_TYPES)
def test_a_file_cut_short_has_none_or_the_whole(media_type: str) -> None:
    data = signed(media_type)
    whole = embedded_manifest(data, media_type)
    assert {embedded_manifest(data[:end], media_type) for end in range(0, len(data), 97)} <= {None, whole}


@pytest.mark.parametrize("media_type", MEDIA_TYPES)
@given(rest=st.binary(max_size=400))
def test_never_fails(media_type: str, rest: bytes) -> None:
    embedded_manifest(HEADS[media_type] + rest, media_type)


def test_walks_end() -> None:
    empty = png_chunk(b"teXt", b"")
    data = HEADS["image/png"] + empty * MAX_PARTS + png_chunk(b"caBX", b"late")
    assert embedded_manifest(data, "image/png") is None
    assert embedded_manifest(data[: -len(png_chunk(b"caBX", b"late")) - len(empty)] + png_chunk(b"caBX", b"in time"),
                             "image/png") == b"in time"  # fmt: skip
    assert embedded_manifest(HEADS["image/jpeg"] + b"\xff" * 10 * MAX_PARTS, "image/jpeg") is None
