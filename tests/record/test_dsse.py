from __future__ import annotations

import base64
import json
from typing import Any

import pytest
import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st
from securesystemslib.dsse import Envelope as OracleEnvelope
from securesystemslib.signer import Key, SSlibKey  # type: ignore[attr-defined]

from ledger import canonical
from ledger.errors import InputError, LedgerError, VerificationError
from ledger.record import dsse
from ledger.record.keys import Signer
from tests.record.samples import OTHER, SIGNER

PAYLOAD = b'{"a":"\xc3\xa9"}'
LEAF = dsse.sign(PAYLOAD, [SIGNER, OTHER])
KEYS = dsse.keys_by_id([SIGNER.public_raw, OTHER.public_raw])


def test_pae_of_the_protocol() -> None:
    assert dsse.pae(b"hello world") == b"DSSEv1 28 application/vnd.in-toto+json 11 hello world"


@given(st.binary(min_size=1, max_size=2000))
def test_assembled_bytes_are_canonical_json(payload: bytes) -> None:
    leaf = dsse.sign(payload, [SIGNER, OTHER])
    value = canonical.loads(leaf)
    assert rfc8785.dumps(value) == leaf
    assert value["payload"] == base64.b64encode(payload).decode()
    envelope = dsse.parse(leaf)
    assert envelope.payload == payload
    assert [signature.keyid for signature in envelope.signatures] == [SIGNER.keyid, OTHER.keyid]
    dsse.verify(envelope, KEYS)


def test_securesystemslib_verifies_ours() -> None:
    keys: list[Key] = [
        SSlibKey(signer.keyid, "ed25519", "ed25519", {"public": signer.public_raw.hex()}) for signer in (SIGNER, OTHER)
    ]
    envelope = OracleEnvelope.from_dict(json.loads(LEAF))
    assert len(envelope.verify(keys, 2)) == 2
    assert envelope.payload == PAYLOAD


@given(st.integers(0, len(LEAF) - 1), st.integers(0, 255))
def test_any_changed_byte_is_refused(position: int, byte: int) -> None:
    changed = LEAF[:position] + bytes([byte]) + LEAF[position + 1 :]
    if changed != LEAF:
        with pytest.raises(VerificationError):
            dsse.verify(dsse.parse(changed), KEYS)


_signature = st.fixed_dictionaries(
    {
        "keyid": st.sampled_from([SIGNER.keyid, OTHER.keyid, SIGNER.keyid.upper(), "ab", 1]),
        "sig": st.sampled_from(["A" * 86 + "==", "A" * 85 + "B==", "A" * 88, "A" * 86, ""]),
    },
    optional={"extra": st.just(1)},
)
_envelope = st.fixed_dictionaries(
    {
        "payload": st.sampled_from(["YQ==", "YQ=", "YQ", "YR==", "", "YWI=", "YWJj", "Y WI=", "-_==", "YQ==YQ=="]),
        "payloadType": st.sampled_from([dsse.PAYLOAD_TYPE, "text/plain"]),
        "signatures": st.lists(_signature, max_size=3),
    },
    optional={"extra": st.none()},
)


def _closed(value: Any) -> bool:
    """FORMAT.md in the plainest words, as an oracle for the pattern."""
    if not isinstance(value, dict) or set(value) != {"payload", "payloadType", "signatures"}:
        return False
    if value["payloadType"] != dsse.PAYLOAD_TYPE or not _is_base64(value["payload"]) or not value["payload"]:
        return False
    keyids = [signature.get("keyid") for signature in value["signatures"]]
    return (
        0 < len(keyids) == len(set(keyids))
        and all(set(signature) == {"keyid", "sig"} for signature in value["signatures"])
        and all(keyid in (SIGNER.keyid, OTHER.keyid) for keyid in keyids)
        and all(_is_base64(signature["sig"]) and len(signature["sig"]) == 88 for signature in value["signatures"])
        and all(len(base64.b64decode(signature["sig"])) == 64 for signature in value["signatures"])
    )


def _is_base64(text: str) -> bool:
    try:
        return base64.b64encode(base64.b64decode(text, validate=True)).decode() == text
    except ValueError:
        return False


@given(_envelope, st.sampled_from([(",", ":"), (", ", ":")]), st.booleans())
@example({"payload": "YQ==", "payloadType": dsse.PAYLOAD_TYPE, "signatures": []}, (",", ":"), True)
def test_accepts_exactly_the_canonical_closed_envelopes(
    value: dict[str, Any], separators: tuple[str, str], sort: bool
) -> None:
    data = json.dumps(value, separators=separators, sort_keys=sort).encode()
    expected = rfc8785.dumps(value) == data and _closed(value)
    try:
        dsse.parse(data)
    except LedgerError:
        assert not expected
    else:
        assert expected


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "not-canonical"),
        (b"\xff", "not-canonical"),
        (b"[]", "envelope-shape"),
        (b'{"payload":"","payloadType":"application/vnd.in-toto+json","signatures":[]}', "envelope-shape"),
        (LEAF + b"\n", "not-canonical"),
        (LEAF.replace(b'"payload":', b'"payload": '), "not-canonical"),
        (LEAF.replace(b"in-toto", b"in-toot"), "envelope-shape"),
        (b" " * 65_536, "leaf-too-large"),
        (b"[" * 60_000, "not-canonical"),
    ],
)
def test_refusals_have_codes(data: bytes, code: str) -> None:
    with pytest.raises(VerificationError) as caught:
        dsse.parse(data)
    assert caught.value.code == code


def test_one_signature_per_key() -> None:
    value = json.loads(LEAF)
    value["signatures"][1] = value["signatures"][0]
    with pytest.raises(VerificationError, match="two signatures by one key"):
        dsse.parse(canonical.dumps(value))
    with pytest.raises(ValueError, match="different signers"):
        dsse.sign(PAYLOAD, [SIGNER, SIGNER])


def test_unknown_key_and_key_under_anothers_id() -> None:
    envelope = dsse.parse(dsse.sign(PAYLOAD, [SIGNER]))
    for keys in ({}, {OTHER.keyid: OTHER.public_raw}, {SIGNER.keyid: OTHER.public_raw}):
        with pytest.raises(VerificationError) as caught:
            dsse.verify(envelope, keys)
        assert caught.value.code == "unknown-key"


def test_size_limit_is_exact() -> None:
    overhead = len(dsse.sign(b"abc", [SIGNER])) - 4
    largest = (65_535 - overhead) // 4 * 3
    assert len(dsse.sign(bytes(largest), [SIGNER])) <= 65_535
    with pytest.raises(InputError) as caught:
        dsse.sign(bytes(largest + 1), [SIGNER])
    assert caught.value.code == "leaf-too-large"


def test_weak_keys_never_get_into_the_key_table() -> None:
    with pytest.raises(VerificationError, match="small order"):
        dsse.keys_by_id([bytes(32)])


def test_signer_is_not_needed_to_be_generated_twice() -> None:
    assert dsse.sign(PAYLOAD, [Signer.from_seed(bytes(range(32)))]) == dsse.sign(PAYLOAD, [SIGNER])
