"""Claims: what they are judged by, filed with, and read by."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ledger.bootstrap.people import PeopleParts
from ledger.errors import NotFoundError

if TYPE_CHECKING:
    from ledger.flows.claim_answers import ClaimAnswer
    from ledger.flows.claim_evidence import ClaimEvidence
    from ledger.flows.claim_reading import ClaimReading
    from ledger.flows.claim_trial import ClaimTrial
    from ledger.flows.claims import Claims
    from ledger.storage.claims import ClaimDetails


class ClaimParts(PeopleParts):
    """Claims and everything that is said of them."""

    @cached_property
    def claim_evidence(self) -> ClaimEvidence:
        from ledger.claim.rules import current_rules
        from ledger.flows.claim_evidence import ClaimEvidence
        from ledger.flows.claim_rivals import Rivals
        from ledger.flows.registered import RegisteredHashes

        return ClaimEvidence(
            verification=lambda: self.verification,
            records=self.records,
            registered=RegisteredHashes(self.record_store),
            seen=self.seen,
            models=self.models,
            credentials=self.credentials,
            rivals=Rivals(lambda: self.verification, self.works, self.index, current_rules().measures),
            rules=current_rules(),
        )

    @cached_property
    def claim_details(self) -> ClaimDetails:
        from ledger.storage.claims import ClaimDetails

        return ClaimDetails(self.database)

    @cached_property
    def claim_reading(self) -> ClaimReading:
        from ledger.claim.rules import current_rules
        from ledger.flows.claim_reading import ClaimReading

        return ClaimReading(
            evidence=self.claim_evidence,
            details=self.claim_details,
            accounts=self.accounts,
            rules=current_rules(),
        )

    def _claims_about(self, sha256: str) -> tuple[ClaimAnswer, ...]:
        from ledger.flows.headlines import MOST_CLAIMS

        return self.claim_reading.page(sha256=sha256, limit=MOST_CLAIMS).claims

    @cached_property
    def claims(self) -> Claims:
        from ledger.claim.rules import current_rules
        from ledger.flows.claim_terms import ClaimTerms
        from ledger.flows.claims import Claims

        return Claims(
            terms=ClaimTerms(self.works, self.models),
            evidence=self.claim_evidence,
            reading=self.claim_reading,
            details=self.claim_details,
            accounts=self.accounts,
            keys=self.log_keys,
            cosigning=self.cosigning,
            admission=self.admission,
            sequencer=lambda: self.sequencer,
            rules=current_rules(),
        )

    def claim_trial(self, folder: Path) -> ClaimTrial:
        """For `ledger.evaluate.claims`, on a throw-away installation; `folder` takes works' files."""
        from ledger.flows.claim_trial import ClaimTrial

        return ClaimTrial(
            folder=folder,
            open_source=self.open_source,
            ingestion=self.ingestion,
            attributor=self.attributor,
            reports=self.reports,
            models=self.models,
            claims=self.claims,
            verification=self.verification,
            index=self.index,
            compare=self.deduplication.compare,
            works=self.works,
            records=self.record_store,
        )

    def claim_rules_file(self, digest: str) -> bytes:
        """Raises NotFoundError (`claim-rules-not-found`)."""
        from ledger.claim.rules import published_rules

        found = published_rules(digest)
        if found is None:
            raise NotFoundError(f"there are no rules {digest} for claims", code="claim-rules-not-found")
        return found.to_bytes()
