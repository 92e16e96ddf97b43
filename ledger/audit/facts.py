"""Facts about earlier entries that the rules for the next one need: one per record, and the works."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from ledger.record.predicates import Kind


@dataclass(frozen=True, slots=True)
class Fact:
    """A record on the log."""

    kind: Kind
    leaf_hash: str
    about: tuple[str, ...] = ()
    """By kind. `registration`: work, artist, digest of the file. `consent`, `withdrawal`: work. `claim`: digest of its
    payload. `verdict`: record id of its claim. `model`: model, digest of its weights. Other kinds: empty."""


@dataclass(frozen=True, slots=True)
class WorkFact:
    """A registered work."""

    record_id: str
    """Record id of its registration."""
    artist_id: str
    sha256: str
    withdrawn: bool = False


class Facts(Protocol):
    """Source of facts for the rules: an auditor's memory, or the service's tables."""

    def record(self, record_id: str) -> Fact | None:
        """The record's fact; None if it is not on the log yet."""

    def work(self, work_id: str) -> WorkFact | None:
        """The work's fact; None if it is not registered yet."""


class LogFacts:
    """The facts of one log, in memory, added entry by entry."""

    def __init__(self) -> None:
        self._records: dict[str, Fact] = {}
        self._works: dict[str, WorkFact] = {}

    def record(self, record_id: str) -> Fact | None:
        return self._records.get(record_id)

    def work(self, work_id: str) -> WorkFact | None:
        return self._works.get(work_id)

    def add(self, record_id: str, fact: Fact) -> None:
        """Adds the next entry, which must satisfy the rules."""
        self._records[record_id] = fact
        if fact.kind == "registration":
            work_id, artist_id, sha256 = fact.about
            self._works[work_id] = WorkFact(record_id, artist_id, sha256)
        elif fact.kind == "withdrawal":
            [work_id] = fact.about
            self._works[work_id] = replace(self._works[work_id], withdrawn=True)
