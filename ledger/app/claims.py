"""Claims: what they are judged by, filed with, and read by."""

from __future__ import annotations

from ledger.app.log import Log
from ledger.app.people import People
from ledger.app.pictures import Pictures
from ledger.app.store import Store
from ledger.claim.rules import current_rules
from ledger.flows.claims.evidence import ClaimEvidence
from ledger.flows.claims.file import Claims
from ledger.flows.claims.reading import ClaimReading
from ledger.flows.claims.registered_hashes import RegisteredHashes
from ledger.flows.claims.requirements import ClaimTerms
from ledger.flows.claims.rivals import Rivals
from ledger.storage.people.claims import ClaimDetails


def claims_of(store: Store, log: Log, people: People, pictures: Pictures) -> Claims:
    """Filing, judging and answering claims; `.reading` shows them."""
    rules = current_rules()
    evidence = ClaimEvidence(
        verification=lambda: pictures.verification,
        records=log.records,
        registered=RegisteredHashes(store.records),
        seen=pictures.recognition,
        models=log.models,
        credentials=pictures.credentials,
        rivals=Rivals(lambda: pictures.verification, store.works, store.index, rules.measures),
        rules=rules,
    )
    details = ClaimDetails(store.database)
    return Claims(
        terms=ClaimTerms(store.works, log.models),
        evidence=evidence,
        reading=ClaimReading(evidence=evidence, details=details, accounts=people.accounts, rules=rules),
        details=details,
        accounts=people.accounts,
        keys=people.log_keys,
        cosigning=people.cosigning,
        admission=people.admission,
        sequencer=lambda: log.sequencer,
        rules=rules,
    )
