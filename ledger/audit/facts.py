"""What the rules for the next entry need to know of earlier ones: a small fact of each record, and the works."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from ledger.record.predicates import Kind


@dataclass(frozen=True, slots=True)
class Fact:
    """A record that stands on the log."""

    kind: Kind
    leaf_hash: str
    about: tuple[str, ...] = ()
    """By kind. `registration`: work, artist, digest of the file. `consent`, `withdrawal`: work. `claim`: digest of its
    payload. `verdict`: record id of its claim. `model`: model, digest of its weights. Others: nothing."""


@dataclass(frozen=True, slots=True)
class WorkFact:
    """A work that was registered."""

    record_id: str
    """Of its registration."""
    artist_id: str
    sha256: str
    withdrawn: bool = False


class Facts(Protocol):
    """Where the rules look facts up: an auditor's memory, or the service's tables."""

    def record(self, record_id: str) -> Fact | None:
        """None for a record that no leaf holds yet."""

    def work(self, work_id: str) -> WorkFact | None:
        """None for a work that nobody registered yet."""


class LogFacts:
    """The facts of one log, in memory, taken in leaf after leaf."""

    def __init__(self) -> None:
        self._records: dict[str, Fact] = {}
        self._works: dict[str, WorkFact] = {}

    def record(self, record_id: str) -> Fact | None:
        return self._records.get(record_id)

    def work(self, work_id: str) -> WorkFact | None:
        return self._works.get(work_id)

    def add(self, record_id: str, fact: Fact) -> None:
        """The next leaf, which the rules admit."""
        self._records[record_id] = fact
        if fact.kind == "registration":
            work_id, artist_id, sha256 = fact.about
            self._works[work_id] = WorkFact(record_id, artist_id, sha256)
        elif fact.kind == "withdrawal":
            [work_id] = fact.about
            self._works[work_id] = replace(self._works[work_id], withdrawn=True)
