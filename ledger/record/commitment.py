"""Salted commitments: a record binds personal data (prompt, names, metadata) without showing it (FORMAT.md, Values)."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Any

from ledger import canonical
from ledger.errors import InputError, VerificationError

KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Commitment:
    """`digest` goes into a record; `key` is stored with the object. Without the key, the digest reveals nothing."""

    key: bytes
    digest: str

    def __repr__(self) -> str:
        return f"Commitment(digest={self.digest!r})"


def commit(value: Any) -> Commitment:
    """Commits to a JSON object under a fresh key. Raises InputError (`not-committable`), see `commitment_digest`."""
    key = secrets.token_bytes(KEY_BYTES)
    return Commitment(key, commitment_digest(key, value))


def commitment_digest(key: bytes, value: Any) -> str:
    """Lowercase hex HMAC-SHA-256 with `key` (32 bytes) over the RFC 8785 bytes of `value`.

    Raises InputError (`not-committable`) for values without a unique encoding: floats, keys that are not ASCII,
    integers from 2^53, lone surrogates; and for a key of another length.
    """
    if len(key) != KEY_BYTES:
        raise InputError(
            f"the key of a commitment has {KEY_BYTES} bytes, but this one has {len(key)}", code="not-committable"
        )
    try:
        _require_plain(value)
        data = canonical.dumps(value)
    except (ValueError, RecursionError) as error:
        raise InputError(f"this object cannot be committed to: {error}", code="not-committable") from error
    return hmac.new(key, data, hashlib.sha256).hexdigest()


def require_reveal(digest: str, key: bytes, value: Any) -> None:
    """Requires that `digest` commits to `value` under `key`. Raises VerificationError (`commitment-mismatch`)."""
    if not hmac.compare_digest(commitment_digest(key, value), digest):
        raise VerificationError(
            "the record commits to another object, or under another key", code="commitment-mismatch"
        )


def _require_plain(value: Any) -> None:
    match value:
        case None | bool() | str():
            return
        case int() if abs(value) <= canonical.MAX_INTEGER:
            return
        case list():
            for item in value:
                _require_plain(item)
        case dict():
            for name, item in value.items():
                if not isinstance(name, str) or not name.isascii():
                    raise ValueError(f"key {name!r} is not ASCII text")
                _require_plain(item)
        case _:
            raise ValueError(f"{type(value).__name__} {value!r:.40} has no canonical form here")
