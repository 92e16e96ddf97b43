"""Artists with accounts and keys, for the tests of what they may do."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from io import BytesIO

from PIL import Image

from ledger.app import Application
from ledger.audit.entries import EntryChecker
from ledger.flows.people.principal import SCOPES_OF_ROLE, Principal
from ledger.record.keys import Signer


@dataclass(frozen=True, slots=True)
class Person:
    """An artist's account, and the key where there is one."""

    artist_id: str
    name: str
    signer: Signer | None = None

    @property
    def principal(self) -> Principal:
        """As a request with a token for everything is known."""
        return Principal("artist", self.artist_id, SCOPES_OF_ROLE["artist"])

    @property
    def key(self) -> Signer:
        assert self.signer is not None
        return self.signer


def artist(application: Application, name: str, *, key: bool = False) -> Person:
    """A new artist, with a key that the log announces where `key` says so."""
    account = application.people.accounts.create("artist", name)
    signer = Signer.from_seed(hashlib.sha256(name.encode()).digest()) if key else None
    person = Person(account.account_id, name, signer)
    if signer is not None:
        application.people.keys.announce(account.account_id, signer, person.principal)
    return person


def require_good_log(application: Application) -> int:
    """Checks every entry as an auditor does; returns how many there are."""
    checker = EntryChecker(application.log.origin)
    size = application.store.entries.head().size
    for entry in application.store.entries.read(0, size):
        checker.check(entry.leaf_index, entry.leaf_hash, entry.envelope)
    return size


def changed(picture: bytes, quality: int = 60, scale: float = 1) -> bytes:
    """An edited copy: other bytes and pixels, the same look. `scale`: of its sides."""
    out = BytesIO()
    with Image.open(BytesIO(picture)) as opened:
        flat = Image.new("RGB", opened.size, "white")
        flat.paste(opened.convert("RGBA"), mask=opened.convert("RGBA").getchannel("A"))
    sides = (round(flat.width * scale), round(flat.height * scale))
    (flat if scale == 1 else flat.resize(sides)).save(out, "JPEG", quality=quality)
    return out.getvalue()
