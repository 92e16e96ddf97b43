"""Ids of keys: full for programs, short for people. A small module, so that help and start-up are fast."""

from __future__ import annotations

import hashlib

SHORT = 16


def keyid_of(public_raw: bytes) -> str:
    """Key id (FORMAT.md): lowercase hex SHA-256 of the raw 32-byte public key."""
    return hashlib.sha256(public_raw).hexdigest()


def short_keyid(keyid: str) -> str:
    """A key id as shown to people: its first 16 digits. JSON and records hold all 64."""
    return keyid[:SHORT]
