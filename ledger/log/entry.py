"""The log's contract with whatever stores its entries."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar, Protocol

from ledger.errors import PushbackError
from ledger.record import dsse
from ledger.record.parts import Ref
from ledger.record.statement import Statement, parse_payload

MAX_ENTRY_BYTES = 65_535
"""tlog-tiles entry bundles carry a uint16 length."""


Alongside = Callable[[Any], None]
"""Called with the store's open transaction: rows that must become durable together with the entries."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A signed entry that has no place in the log yet."""

    record_id: str
    envelope: bytes
    """The leaf's exact bytes."""
    dedup_key: bytes | None = None
    """32 bytes: two drafts with the same key are the same question; the first one's leaf answers both."""
    alongside: Alongside | None = None
    """This draft's own rows: called when it becomes a leaf, not when it is a repeat, whose rows came with the first."""


@dataclass(frozen=True)
class Entry:
    """A leaf as stored. Its statement is parsed once, when it is first asked for."""

    leaf_index: int
    record_id: str
    leaf_hash: bytes
    envelope: bytes
    appended_at: datetime

    @cached_property
    def payload(self) -> bytes:
        """What was signed. Raises VerificationError where the leaf is no envelope."""
        return dsse.parse(self.envelope).payload

    @cached_property
    def statement(self) -> Statement:
        """Raises VerificationError where the leaf holds no statement of a ledger."""
        return parse_payload(self.payload)

    @property
    def ref(self) -> Ref:
        """As other records name it."""
        return Ref(leaf_hash=self.leaf_hash.hex(), record_id=self.record_id)


@dataclass(frozen=True, slots=True)
class Appended:
    entry: Entry
    repeated: bool
    """True when the record id or the dedup key was on the log already: `entry` is the earlier one."""


@dataclass(frozen=True, slots=True)
class TreeHead:
    """Size and root of the committed (not necessarily published) tree."""

    size: int
    root: bytes


class CommitUnknownError(PushbackError):
    """The connection was lost while committing: the drafts are all on the log, or none of them is.

    Looking up the record ids tells; appending the same drafts again is safe.
    """

    default_code: ClassVar[str] = "commit-unknown"


class EntryStore(Protocol):
    """Durable, gapless, append only. `append` is one transaction: all drafts and what goes alongside, or nothing."""

    def append(self, drafts: Sequence[Draft], alongside: Alongside | None = None) -> Sequence[Appended]:
        """Locks the head, gives gapless indexes in order, commits. One result per draft, in their order.

        A draft whose record id or dedup key is on the log, or stands earlier in `drafts`, adds no leaf and is answered
        with the first one's entry as `repeated`. Each new leaf's own `Draft.alongside` runs, then, where any leaf is
        new, `alongside`. Raises PushbackError when the store is unreachable,
        CommitUnknownError when that happened during the commit itself.
        """

    def origin(self) -> str:
        """The name of the log (C2SP tlog-checkpoint), which every statement repeats; it never changes."""

    def head(self) -> TreeHead: ...

    def read(self, start: int, end: int) -> Iterator[Entry]:
        """Entries with start <= leaf_index < end, in order."""

    def get(self, record_id: str) -> Entry | None: ...

    def by_dedup_key(self, key: bytes) -> Entry | None: ...
