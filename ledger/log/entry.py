"""The interface of a store of log entries."""

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
"""Called with the store's open transaction, to write rows that must become durable together with the entries."""


def together(*parts: Alongside) -> Alongside:
    """Writes the rows of all."""

    def write(transaction: Any) -> None:
        for part in parts:
            part(transaction)

    return write


@dataclass(frozen=True, slots=True)
class Draft:
    """A signed statement that is not on the log yet."""

    record_id: str
    envelope: bytes
    """The leaf's exact bytes."""
    dedup_key: bytes | None = None
    """32 bytes. Drafts with equal keys ask the same question, and the first one's entry answers all of them."""
    alongside: Alongside | None = None
    """Writes this draft's own rows. Called if the draft becomes an entry, not if it is a repeat."""


@dataclass(frozen=True)
class Entry:
    """A stored log entry. Its statement is parsed once, on first use."""

    leaf_index: int
    record_id: str
    leaf_hash: bytes
    envelope: bytes
    appended_at: datetime

    @cached_property
    def payload(self) -> bytes:
        """The signed payload. Raises VerificationError if the entry is no envelope."""
        return dsse.parse(self.envelope).payload

    @cached_property
    def statement(self) -> Statement:
        """The parsed statement. Raises VerificationError if the entry holds no statement of a ledger."""
        return parse_payload(self.payload)

    @property
    def ref(self) -> Ref:
        """The reference by which other records name this entry."""
        return Ref(leaf_hash=self.leaf_hash.hex(), record_id=self.record_id)


@dataclass(frozen=True, slots=True)
class Appended:
    entry: Entry
    repeated: bool
    """True if the record id or dedup key was already on the log; `entry` is then the earlier entry."""


@dataclass(frozen=True, slots=True)
class TreeHead:
    """Size and root of the committed (not necessarily published) tree."""

    size: int
    root: bytes


class CommitUnknownError(PushbackError):
    """The connection was lost during a commit: either all drafts are on the log or none is.

    Look up the record ids to find out. Appending the same drafts again is safe.
    """

    default_code: ClassVar[str] = "commit-unknown"


class EntryStore(Protocol):
    """A durable, gapless, append-only store. `append` is one transaction: all drafts and their rows, or nothing."""

    def append(self, drafts: Sequence[Draft], alongside: Alongside | None = None) -> Sequence[Appended]:
        """Locks the head, assigns gapless indexes in order, commits. One result per draft, in their order.

        A draft adds no entry if its record id or dedup key is on the log or occurs earlier in `drafts`; its result is
        the first entry, marked `repeated`. Calls the `Draft.alongside` of each new entry, then `alongside` if there is
        any new entry. Raises PushbackError if the store is unreachable, CommitUnknownError if the connection was lost
        during the commit.
        """

    def origin(self) -> str:
        """The log's name (C2SP tlog-checkpoint), which every statement repeats. It never changes."""

    def head(self) -> TreeHead: ...

    def read(self, start: int, end: int) -> Iterator[Entry]:
        """Entries with start <= leaf_index < end, in order."""

    def get(self, record_id: str) -> Entry | None: ...

    def by_dedup_key(self, key: bytes) -> Entry | None: ...
