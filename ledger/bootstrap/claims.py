"""Claims: what they are judged by, filed with, and read by."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from ledger.bootstrap.people import PeopleParts
from ledger.errors import NotFoundError

if TYPE_CHECKING:
    from ledger.answers.claims import ClaimAnswer
    from ledger.flows.claims.evidence import ClaimEvidence
    from ledger.flows.claims.file import Claims
    from ledger.flows.claims.reading import ClaimReading
    from ledger.storage.people.claims import ClaimDetails


class ClaimParts(PeopleParts):
    """Claims and everything that is said of them."""

    @cached_property
    def claim_evidence(self) -> ClaimEvidence:
        from ledger.claim.rules import current_rules
        from ledger.flows.claims.evidence import ClaimEvidence
        from ledger.flows.claims.registered_hashes import RegisteredHashes
        from ledger.flows.claims.rivals import Rivals

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
        from ledger.storage.people.claims import ClaimDetails

        return ClaimDetails(self.database)

    @cached_property
    def claim_reading(self) -> ClaimReading:
        from ledger.claim.rules import current_rules
        from ledger.flows.claims.reading import ClaimReading

        return ClaimReading(
            evidence=self.claim_evidence,
            details=self.claim_details,
            accounts=self.accounts,
            rules=current_rules(),
        )

    def _claims_about(self, sha256: str) -> tuple[ClaimAnswer, ...]:
        from ledger.flows.pictures.headlines import MOST_CLAIMS

        return self.claim_reading.page(sha256=sha256, limit=MOST_CLAIMS).claims

    @cached_property
    def claims(self) -> Claims:
        from ledger.claim.rules import current_rules
        from ledger.flows.claims.file import Claims
        from ledger.flows.claims.requirements import ClaimTerms

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

    def claim_rules_file(self, digest: str) -> bytes:
        """Raises NotFoundError (`claim-rules-not-found`)."""
        from ledger.claim.rules import published_rules

        found = published_rules(digest)
        if found is None:
            raise NotFoundError(f"there are no rules {digest} for claims", code="claim-rules-not-found")
        return found.to_bytes()
