"""Tells the store, while it appends, that a signer's key was revoked: by the dedup key of the revocation's entry."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import lru_cache

from ledger.errors import ConflictError
from ledger.log.entry import Draft
from ledger.record.dsse import signers_of
from ledger.record.keyid import short_keyid


@lru_cache(maxsize=1024)
def event_key(event: str, keyid: str) -> bytes:
    """Dedup key of the `key` record of a key's event; each event happens once."""
    return hashlib.sha256(f"artledger/key/v1\n{event}\n{keyid}\n".encode()).digest()


FOUNDING_KEY = event_key("announced", "first")
"""Dedup key of a log's first key record; of several installations that start a log at once, one succeeds."""


def revocation_key(keyid: str) -> bytes:
    return event_key("revoked", keyid)


def signers(drafts: Iterable[Draft]) -> frozenset[str]:
    """Ids of all keys that signed one of the drafts."""
    return frozenset(keyid for draft in drafts for keyid in signers_of(draft.envelope))


def refused(keyid: str) -> ConflictError:
    return ConflictError(
        f"signed by key {short_keyid(keyid)}, which was revoked on the log. Nothing was appended",
        code="key-revoked",
        hint="Sign with a valid key: artledger keys show",
    )
