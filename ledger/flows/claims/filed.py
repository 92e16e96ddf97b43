"""Claims that are on the log, and the records about them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from ledger.errors import NotFoundError
from ledger.flows.records.records import Records
from ledger.log.entry import Entry
from ledger.record.parts import Ref
from ledger.record.predicates import Claim, Resolution, Response
from ledger.record.statement import Statement

_PAGE = 200
StepKind = Literal["verdict", "response", "resolution"]
"""Kinds of records about a claim."""


@dataclass(frozen=True, slots=True)
class FiledClaim:
    """A claim on the log."""

    entry: Entry
    statement: Statement
    claim: Claim
    payload_sha256: str
    """The subject of every record about the claim."""

    @property
    def ref(self) -> Ref:
        return self.entry.ref


@dataclass(frozen=True, slots=True)
class FiledClaims:
    """Only reads."""

    records: Records

    def get(self, claim_id: str) -> FiledClaim:
        """Raises NotFoundError (`claim-not-found`), InputError (`bad-id`)."""
        try:
            entry = self.records.entry(claim_id)
        except NotFoundError as error:
            raise _unknown(claim_id) from error
        return self.of(entry)

    def of(self, entry: Entry) -> FiledClaim:
        """The claim in an entry. Raises NotFoundError (`claim-not-found`) for a record of another kind."""
        claim = entry.statement.predicate
        if not isinstance(claim, Claim):
            raise _unknown(entry.record_id)
        return FiledClaim(entry, entry.statement, claim, hashlib.sha256(entry.payload).hexdigest())

    def every(self) -> Iterator[FiledClaim]:
        """All claims, in the order of the log."""
        after = -1
        while page := self.records.store.find(kind="claim", after=after, limit=_PAGE):
            yield from map(self.of, page)
            after = page[-1].leaf_index

    def about(self, filed: FiledClaim, kind: StepKind) -> list[Entry]:
        """Records about the claim, in the order of the log."""
        found: list[Entry] = []
        after = filed.entry.leaf_index
        while page := self.records.store.find(sha256=filed.payload_sha256, kind=kind, after=after, limit=_PAGE):
            found += page
            after = page[-1].leaf_index
        return found

    def verdicts(self, filed: FiledClaim) -> list[Entry]:
        """Verdicts on the claim, in the order of the log."""
        return self.about(filed, "verdict")

    def parties(self, filed: FiledClaim, kind: Literal["response", "resolution"]) -> list[tuple[str, str]]:
        """Party and record id of each response or resolution, in the order of the log."""
        steps = [entry.statement.predicate for entry in self.about(filed, kind)]
        return [(party_id_of(each), each.record_id) for each in steps if isinstance(each, Response | Resolution)]


def party_id_of(step: Response | Resolution) -> str:
    """The party that made the statement."""
    return step.party_id if isinstance(step, Response) else step.auditor_id


def _unknown(claim_id: str) -> NotFoundError:
    return NotFoundError(f"there is no claim {claim_id} on this log", code="claim-not-found")
