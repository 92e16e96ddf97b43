"""The opt-out list: pictures that are never matched and never trained on, whoever registered them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from ledger.corpus.optout import OptOut
from ledger.errors import InputError
from ledger.fingerprint.complexity import comparable, complexity
from ledger.fingerprint.hashes import query_views
from ledger.flows.consent import Consents, Reason
from ledger.flows.progress import Progress, silent
from ledger.image.pool import DecodePool
from ledger.storage.optouts import OptOutStore
from ledger.storage.works import WorkReader
from ledger.text import clean_text

MAX_PAGE = 1000
_ENTRY = re.compile("(?:(sha256|phash):)?([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class OptOutSummary:
    entries: tuple[OptOut, ...]
    added: int
    """Of these entries, those that were not on the list."""
    withdrawn: tuple[str, ...]
    """Work ids: registered works that the entries name, which are withdrawn now."""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class OptOutPage:
    """Entries by kind and value; `next_after` continues (`after=`), None at the end."""

    entries: tuple[OptOut, ...]
    next_after: str | None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class OptingOut:
    """Ingest and registration ask the list for every work, `artledger train` for every picture."""

    images: DecodePool
    store: OptOutStore
    works: WorkReader
    consents: Consents

    def of_picture(self, data: bytes) -> tuple[OptOut, ...]:
        """The entries for one picture: its bytes, its pixels and, where there is enough to see in it, the pHash of it
        turned and mirrored. Raises InputError."""
        image = self.images.decode(data)
        digests = [OptOut("sha256", image.sha256), OptOut("sha256", image.pixel_sha256)]
        if comparable(image, complexity(image.working)) is not None:
            return tuple(digests)
        views = dict.fromkeys(view.hex() for view in query_views(image.working)[0])
        return (*digests, *(OptOut("phash", view) for view in views))

    def add(self, entries: Iterable[OptOut], reason: Reason = "operator", progress: Progress = silent) -> OptOutSummary:
        """Puts entries on the list, and withdraws every registered work that they name, on the log.

        The caller has asked who may. Raises PushbackError.
        """
        wanted = tuple(dict.fromkeys(entries))
        added = self.store.add(wanted)
        named = list(self.works.works(self.store.named(wanted)).values())
        self.consents.withdraw_many(named, reason, progress)
        return OptOutSummary(wanted, added, tuple(work.work_id for work in named))

    def remove(self, entries: Iterable[OptOut]) -> int:
        """Takes entries off the list; returns how many were on it. Works that were withdrawn may be registered anew."""
        return self.store.remove(entries)

    def page(self, *, after: str | None = None, limit: int = 50) -> OptOutPage:
        """Raises InputError (`bad-limit`, `bad-opt-out`)."""
        if not 1 <= limit <= MAX_PAGE:
            raise InputError(f"limit is {limit}; it must be 1 to {MAX_PAGE}", code="bad-limit")
        found = self.store.page(after=None if after is None else parse_opt_out(after), limit=limit + 1)
        page = found[:limit]
        return OptOutPage(tuple(page), f"{page[-1].kind}:{page[-1].value}" if len(found) > limit else None)


def parse_opt_out(text: str) -> OptOut:
    """`sha256:HEX`, `phash:HEX`, or a bare SHA-256. Raises InputError (`bad-opt-out`)."""
    match = _ENTRY.fullmatch(text.strip().lower())
    if match is None:
        raise InputError(
            f"{clean_text(text, 80)!r} is no entry of the opt-out list",
            code="bad-opt-out",
            hint="a picture's file, sha256: or phash: and 64 hexadecimal digits",
        )
    return OptOut("phash" if match[1] == "phash" else "sha256", match[2])
