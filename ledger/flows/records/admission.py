"""Applies the auditor's own rules to other people's statements before they are queued, so that nothing is appended that
an audit would refuse.

Tests hold the service's own statements to the same rules. Keys, withdrawals and work ids may change between this check
and the append. The store checks them again under the lock of the log's head.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ledger.audit.facts import Fact, Facts, WorkFact
from ledger.audit.statement_rules import fact_of, gist_of, maker_of, require_origin, require_references
from ledger.flows.records.log_keys import LogKeys
from ledger.record.keys import Signer
from ledger.record.statement import Statement
from ledger.storage.log.entries import PostgresEntryStore
from ledger.storage.works.works import WorkReader


@dataclass(frozen=True, slots=True)
class StoredFacts(Facts):
    """The facts of the log in the database. Each is read when it is needed."""

    entries: PostgresEntryStore
    works: WorkReader

    def record(self, record_id: str) -> Fact | None:
        entry = self.entries.get(record_id)
        if entry is None:
            return None
        return fact_of(gist_of(entry.statement, entry.payload), entry.leaf_hash.hex())

    def work(self, work_id: str) -> WorkFact | None:
        work = self.works.works([work_id]).get(work_id)
        if work is None:
            return None
        return WorkFact(work.registration_record_id, work.artist_id, work.sha256, work.withdrawn)


@dataclass(frozen=True, slots=True)
class Admission:
    """Threads may share it."""

    keys: LogKeys
    facts: StoredFacts
    service: Callable[[], Signer]

    def require(self, statement: Statement, payload: bytes, signers: Sequence[str] = ()) -> None:
        """Checks that a replay of the log would accept the statement as the next entry, signed by the service first and
        then by the keys with the ids `signers`. Their signatures are valid already.

        A statement that is on the log already is accepted, because appending it again makes no second entry. Raises
        VerificationError: `wrong-origin`, and what `KeyRing.require_signers` and `require_references` raise.
        """
        if self.facts.entries.get(statement.record_id) is not None:
            return
        require_origin(statement.predicate.origin, self.facts.entries.origin())
        gist = gist_of(statement, payload)
        require_references(gist, self.facts)
        self.keys.require_signers((self.service().keyid, *signers), maker_of(gist, self.facts))
