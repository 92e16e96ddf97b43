from __future__ import annotations

import base64
import json
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from ledger import canonical
from ledger.audit.bundle import MAX_BUNDLE_BYTES, MEDIA_TYPE, make_bundle, parse_bundle
from ledger.errors import VerificationError
from tests.audit.material import BUNDLE, ENTRIES, LOG_OF_SEVEN, VERIFIED_INDEX, Log, leaf_of
from tests.record.kinds import ALL
from tests.record.samples import OTHER, SIGNER, key_record


def test_one_encoding() -> None:
    bundle = parse_bundle(BUNDLE)
    assert bundle.to_bytes() == BUNDLE == rfc8785.dumps(json.loads(BUNDLE))
    assert bundle.leaf == ENTRIES[VERIFIED_INDEX]
    assert bundle.proof.extra == SIGNER.public_raw
    assert json.loads(BUNDLE)["mediaType"] == MEDIA_TYPE
    assert bundle == LOG_OF_SEVEN.bundle(VERIFIED_INDEX)


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_bundles_of_every_kind_and_place_survive(size: int) -> None:
    log = Log([leaf_of(predicate, SIGNER, OTHER) for predicate in ALL[:size]])
    for index in range(size):
        bundle = log.bundle(index, SIGNER, OTHER)
        assert parse_bundle(bundle.to_bytes()) == bundle
        assert list(bundle.keys) == [SIGNER.keyid, OTHER.keyid]


def _with(**changes: Any) -> bytes:
    return canonical.dumps(json.loads(BUNDLE) | changes)


def _proof(old: str, new: str) -> bytes:
    text = json.loads(BUNDLE)["proof"]
    assert old in text
    return _with(proof=text.replace(old, new))


KEY = base64.b64encode(SIGNER.public_raw).decode()
BOTH = base64.b64encode(SIGNER.public_raw + OTHER.public_raw).decode()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "not-canonical"),
        (b"{}", "bundle-shape"),
        (b"[]", "bundle-shape"),
        (BUNDLE + b"\n", "not-canonical"),
        (json.dumps(json.loads(BUNDLE)).encode(), "not-canonical"),
        (_with(note=1), "bundle-shape"),
        (_with(mediaType=MEDIA_TYPE.replace("1", "2")), "bundle-shape"),
        (_with(envelope="x"), "bundle-shape"),
        (_with(envelope={}), "envelope-shape"),
        (_with(proof=1), "bundle-shape"),
        (_with(proof=""), "bad-proof"),
        (_proof(f"extra {KEY}\n", ""), "bundle-shape"),
        (_proof(KEY, base64.b64encode(OTHER.public_raw).decode()), "bundle-shape"),
        (_proof(KEY, BOTH), "bundle-shape"),
        (_proof(KEY, ""), "bundle-shape"),
        (_proof(KEY, base64.b64encode(bytes(32)).decode()), "unsound-key"),
        (_proof("index 5", "index 05"), "bad-number"),
        (_proof("index 5", "index -5"), "bad-number"),
        (_proof("index 5", f"index {10**30}"), "bad-number"),
        (b"x" * 10_000_000, "bundle-too-large"),
        (b"[" * MAX_BUNDLE_BYTES, "not-canonical"),
    ],
)
def test_refusals_have_codes(data: bytes, code: str) -> None:
    with pytest.raises(VerificationError) as caught:
        parse_bundle(data)
    assert caught.value.code == code


@given(st.binary(max_size=500) | st.binary(max_size=100).map(lambda tail: BUNDLE[:-100] + tail))
def test_rubbish_is_refused_with_one_kind_of_error(data: bytes) -> None:
    if data != BUNDLE:
        with pytest.raises(VerificationError):
            parse_bundle(data)


def test_making_a_bundle_needs_the_signers_keys() -> None:
    with pytest.raises(VerificationError) as caught:
        make_bundle(leaf_of(key_record()), 0, [], LOG_OF_SEVEN.checkpoint, {OTHER.keyid: OTHER.public_raw})
    assert caught.value.code == "unknown-key"
    with pytest.raises(VerificationError):
        make_bundle(b"{}", 0, [], LOG_OF_SEVEN.checkpoint, {})
