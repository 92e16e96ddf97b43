"""Accounts, their keys, and statements that they sign."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from ledger.bootstrap.generation import GenerationParts

if TYPE_CHECKING:
    from ledger.flows.people.accounts import Accounts
    from ledger.flows.people.holder_keys import HolderKeys
    from ledger.flows.records.admission import Admission
    from ledger.flows.records.cosigned import Cosigning
    from ledger.flows.records.log_keys import LogKeys


class PeopleParts(GenerationParts):
    """Artists, operators of generators, auditors, administrators."""

    @cached_property
    def accounts(self) -> Accounts:
        from ledger.flows.people.accounts import Accounts
        from ledger.storage.people.accounts import AccountStore

        return Accounts(AccountStore(self.database))

    @cached_property
    def log_keys(self) -> LogKeys:
        from ledger.flows.records.log_keys import LogKeys

        return LogKeys(self.record_store)

    @cached_property
    def holder_keys(self) -> HolderKeys:
        from ledger.flows.people.holder_keys import HolderKeys
        from ledger.storage.locks import HOLDER_KEYS, TurnLock

        keys = self.keys
        return HolderKeys(
            accounts=self.accounts,
            keys=self.log_keys,
            entries=self.entries,
            service=keys.signer,
            turn=TurnLock(self.database, HOLDER_KEYS),
            committed=self._committed,
        )

    @cached_property
    def cosigning(self) -> Cosigning:
        """Statements that their makers sign."""
        from ledger.flows.records.cosigned import Cosigning

        return Cosigning(self.log_keys, self.admission, lambda: self.sequencer)

    @cached_property
    def admission(self) -> Admission:
        """The auditor's rules for what others state."""
        from ledger.flows.records.admission import Admission, StoredFacts

        return Admission(self.log_keys, StoredFacts(self.entries, self.works), self.keys.signer)
