"""Claims: the parts that file, judge and read them."""

from __future__ import annotations

from ledger.answers.claim_clock import ClaimTimes
from ledger.app.log import Log
from ledger.app.people import People
from ledger.app.pictures import Pictures
from ledger.app.store import Store
from ledger.claim.rules import current_rules
from ledger.flows.claims.bundles import ClaimBundles
from ledger.flows.claims.claimed_picture import ClaimedPictures
from ledger.flows.claims.contesting_works import ContestingWorks
from ledger.flows.claims.evidence import ClaimEvidence
from ledger.flows.claims.file import Claims
from ledger.flows.claims.filed import FiledClaims
from ledger.flows.claims.judge import ClaimJudge
from ledger.flows.claims.reading import ClaimReading
from ledger.flows.claims.registered_hashes import RegisteredHashes
from ledger.flows.claims.requirements import ClaimRequirements
from ledger.flows.claims.submission import Submissions
from ledger.settings import Settings
from ledger.storage.log.claim_board import ClaimBoard
from ledger.storage.people.claims import ClaimDetails


def claims_of(store: Store, log: Log, people: People, pictures: Pictures) -> Claims:
    """Filing, judging and answering claims; `.reading` shows them."""
    rules, details, filed = current_rules(), ClaimDetails(store.database), FiledClaims(log.records)
    evidence = ClaimEvidence(
        records=log.records,
        registered=RegisteredHashes(store.records),
        generated=pictures.recognition,
        models=log.models,
        contesting=ContestingWorks(lambda: pictures.verification, store.works, store.index, rules.measures),
        rules=rules,
    )
    submissions = Submissions(
        accounts=people.accounts,
        works=store.works,
        keys=people.log_keys,
        cosigning=people.cosigning,
        admission=people.admission,
        details=details,
        sequencer=lambda: log.sequencer,
    )
    return Claims(
        requirements=ClaimRequirements(store.works, log.models),
        pictures=ClaimedPictures(lambda: pictures.verification, pictures.credentials),
        submissions=submissions,
        judge=ClaimJudge(filed, evidence, details, lambda: log.sequencer, rules),
        filed=filed,
        reading=ClaimReading(
            filed, details, people.accounts, store.works, rules, ClaimBoard(store.records), _times(store.settings)
        ),
        bundles=ClaimBundles(filed, log.records, log.models, rules),
        sequencer=lambda: log.sequencer,
    )


def _times(settings: Settings) -> ClaimTimes:
    return ClaimTimes(settings.claim_answer_days, settings.claim_decide_days)
