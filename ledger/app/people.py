"""Accounts, their keys, the statements that they sign, and what artists can read about their works."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from ledger.app.log import Log
from ledger.app.store import Store
from ledger.flows.people.accounts import Accounts
from ledger.flows.people.domains import Domains
from ledger.flows.people.holder_keys import HolderKeys
from ledger.flows.people.inbox import Inbox
from ledger.flows.people.names import Names
from ledger.flows.people.sessions import Sessions
from ledger.flows.people.usage import UsageStatements
from ledger.flows.people.uses import Uses
from ledger.flows.people.webhooks import Webhooks
from ledger.flows.records.admission import Admission, StoredFacts
from ledger.flows.records.cosigned import Cosigning
from ledger.flows.records.log_keys import LogKeys
from ledger.outbound import Outbound, text_records
from ledger.storage.locks import HOLDER_KEYS, WEBHOOKS, ProcessLock, TurnLock
from ledger.storage.people.domains import DomainStore
from ledger.storage.people.names import NameStore
from ledger.storage.people.sessions import SessionStore
from ledger.storage.people.webhooks import WebhookStore


@dataclass(frozen=True)
class People:
    """Artists, operators of generators, auditors, administrators."""

    store: Store
    log: Log

    @cached_property
    def accounts(self) -> Accounts:
        return Accounts(self.store.accounts)

    @cached_property
    def sessions(self) -> Sessions:
        return Sessions(SessionStore(self.store.database), self.accounts)

    @cached_property
    def names(self) -> Names:
        return Names(NameStore(self.store.database), self.log.models.names)

    @cached_property
    def log_keys(self) -> LogKeys:
        return LogKeys(self.store.records)

    @cached_property
    def keys(self) -> HolderKeys:
        return HolderKeys(
            accounts=self.accounts,
            keys=self.log_keys,
            entries=self.store.entries,
            service=self.log.keys.signer,
            turn=TurnLock(self.store.database, HOLDER_KEYS),
            committed=self.log.committed,
        )

    @cached_property
    def admission(self) -> Admission:
        """Applies the auditor's rules to statements of other people."""
        facts = StoredFacts(self.store.entries, self.store.works)
        return Admission(self.log_keys, facts, lambda: self.log.keys.signer())  # noqa: PLW0108 - asking for keys announces them

    @cached_property
    def cosigning(self) -> Cosigning:
        """Accepts statements that their makers sign."""
        return Cosigning(self.log_keys, self.admission, lambda: self.log.sequencer)

    @cached_property
    def inbox(self) -> Inbox:
        return Inbox(self.log.records, self.store.accounts)

    @cached_property
    def outbound(self) -> Outbound:
        return Outbound(private=self.store.settings.outbound_private)

    @cached_property
    def webhooks(self) -> Webhooks:
        return Webhooks(
            store=WebhookStore(self.store.database),
            accounts=self.accounts,
            inbox=self.inbox,
            outbound=self.outbound,
            turn=ProcessLock(self.store.database, WEBHOOKS),
        )

    @cached_property
    def domains(self) -> Domains:
        return Domains(
            store=DomainStore(self.store.database),
            accounts=self.accounts,
            outbound=self.outbound,
            text_records=text_records,
            sequencer=lambda: self.log.sequencer,
        )

    @cached_property
    def uses(self) -> Uses:
        return Uses(self.store.records, self.store.works)

    @cached_property
    def usage(self) -> UsageStatements:
        return UsageStatements(
            uses=self.uses,
            records=self.log.records,
            documents=self.store.documents,
            sequencer=lambda: self.log.sequencer,
            origin=self.log.origin,
        )
