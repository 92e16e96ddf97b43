"""Canonical base64, as C2SP formats require: every value has exactly one text."""

from __future__ import annotations

import base64
import binascii

from ledger.errors import VerificationError


def encode(data: bytes) -> str:
    """Standard alphabet, padded (RFC 4648 section 4)."""
    return base64.b64encode(data).decode("ascii")


def decode(text: str, what: str) -> bytes:
    """The bytes of a canonical encoding. Raises VerificationError (`bad-base64`), naming `what`, for any other text:
    white space, wrong or missing padding, another alphabet, stray bits in the last character."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise VerificationError(f"{what}: not base64: {error}", code="bad-base64") from error
    if encode(data) != text:
        raise VerificationError(f"{what}: base64 is not in its canonical form", code="bad-base64")
    return data
