from __future__ import annotations

import hashlib
import hmac
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import InputError, VerificationError
from ledger.record.commitment import commit, commitment_digest, require_reveal

_plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(max_codepoint=126), max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(_plain, st.binary(min_size=32, max_size=32))
def test_digest_is_hmac_over_rfc_8785(value: Any, key: bytes) -> None:
    assert commitment_digest(key, value) == hmac.new(key, rfc8785.dumps(value), hashlib.sha256).hexdigest()


@given(_plain)
def test_reveal(value: Any) -> None:
    made = commit(value)
    require_reveal(made.digest, made.key, value)
    assert commit(value).digest != made.digest
    with pytest.raises(VerificationError) as caught:
        require_reveal(made.digest, made.key, [value])
    assert caught.value.code == "commitment-mismatch"
    with pytest.raises(VerificationError):
        require_reveal(made.digest, bytes(32), value)
    assert made.key.hex() not in repr(made)
    assert repr(made.key) not in repr(made)


@pytest.mark.parametrize("value", [1.0, float("nan"), {"é": 1}, {1: 2}, 2**53, "\ud800", b"x", (1,), {"a": [1.5]}])
def test_values_without_one_encoding_are_refused(value: Any) -> None:
    with pytest.raises(InputError) as caught:
        commit(value)
    assert caught.value.code == "not-committable"


def test_deep_nesting_and_short_keys_are_refused() -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(InputError):
        commit(deep)
    with pytest.raises(InputError, match="32 bytes"):
        commitment_digest(b"short", {})
