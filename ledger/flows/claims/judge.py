"""Verdicts by the published rules: one for each state of the evidence, each referring to the one before it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from ledger.claim.case import ClaimFinding, Exhibit, Judgement
from ledger.claim.decide import decide
from ledger.claim.rules import ClaimRules
from ledger.flows.claims.claimed_picture import ClaimedPicture
from ledger.flows.claims.evidence import NO_EARLIER_EVIDENCE, ClaimEvidence, EarlierEvidence, GatheredEvidence
from ledger.flows.claims.exhibits import exhibit_of
from ledger.flows.claims.filed import FiledClaim, FiledClaims
from ledger.flows.claims.submission import MAX_WAIT
from ledger.log.append import Sequencer
from ledger.record.ids import new_id
from ledger.record.parts import EvidenceRef, Ref
from ledger.record.predicates import Claim, ClaimVerdictRecord, Verification, refs_of
from ledger.record.statement import statement_payload
from ledger.record.times import now_text
from ledger.storage.people.claims import NOTHING, ClaimDetail, ClaimDetails


@dataclass(frozen=True, slots=True)
class LastVerdict:
    """The newest verdict on a claim, with its evidence."""

    ref: Ref
    record: ClaimVerdictRecord
    evidence: EarlierEvidence

    def repeats(self, decision: Judgement, rules: ClaimRules) -> bool:
        """Whether a new verdict would say the same, for the same reasons, by the same rules."""
        findings = tuple(ClaimFinding.of(each.finding, each.ref) for each in self.record.evidence)
        last = (self.record.verdict, findings, self.record.rules)
        return last == (decision.verdict, decision.findings, rules.digest)


@dataclass(frozen=True, slots=True)
class ClaimJudge:
    """Threads may share it."""

    filed: FiledClaims
    evidence: ClaimEvidence
    details: ClaimDetails
    sequencer: Callable[[], Sequencer]
    rules: ClaimRules

    def judge(self, filed: FiledClaim, picture: ClaimedPicture | None) -> bool:
        """Appends a verdict where there is none, or where the evidence differs from that of the last verdict.

        Returns whether it appended one. Raises PushbackError.
        """
        last = self._last_verdict(filed)
        earlier = NO_EARLIER_EVIDENCE if last is None else last.evidence
        gathered = self.evidence.gather(filed.claim, filed.statement.subject_sha256, picture, earlier)
        decision = decide(gathered.case, self.rules)
        if last is not None and last.repeats(decision, self.rules):
            return False
        predicate = ClaimVerdictRecord(
            evidence=tuple(EvidenceRef(finding=each.code, ref=each.ref) for each in decision.findings),
            generated_at=now_text(),
            origin=self.sequencer().origin,
            record_id=new_id(),
            refs=_verdict_refs(filed, gathered, None if last is None else last.ref),
            rules=self.rules.digest,
            verdict=decision.verdict,
        )
        payload = statement_payload("claim", filed.payload_sha256, predicate)
        # Two that judge at the same time find the same evidence. Only one verdict may follow another.
        before = "first" if last is None else last.ref.record_id
        once = hashlib.sha256(f"artledger/verdict/v1\n{filed.ref.record_id}\n{before}\n".encode()).digest()
        detail = ClaimDetail(measured=gathered.measured)
        writer = self.details.writer(predicate.record_id, detail) if gathered.measured else None
        return not self.sequencer().submit(predicate.record_id, payload, once, writer).result(MAX_WAIT).repeated

    def forecast(self, claim: Claim, subject_sha256: str, picture: ClaimedPicture | None) -> Judgement:
        """What the rules would say of a claim that is not filed. Nothing is appended."""
        return decide(self.evidence.gather(claim, subject_sha256, picture, NO_EARLIER_EVIDENCE).case, self.rules)

    def _last_verdict(self, filed: FiledClaim) -> LastVerdict | None:
        newest = self.filed.verdicts(filed)[-1:]
        if not newest:
            return None
        record = newest[0].statement.predicate
        assert isinstance(record, ClaimVerdictRecord)  # noqa: S101 - found by its kind
        detail = self.details.get([record.record_id]).get(record.record_id, NOTHING)
        considered = tuple(ref.record_id for ref in refs_of(record))
        return LastVerdict(newest[0].ref, record, EarlierEvidence(self._picture(record), detail.measured, considered))

    def _picture(self, record: ClaimVerdictRecord) -> Exhibit | None:
        """The `verification` of the claim's picture."""
        for ref in record.refs:
            exhibit = exhibit_of(self.filed.records.entry(ref.record_id))
            if isinstance(exhibit.statement.predicate, Verification):
                return exhibit
        return None


def _verdict_refs(filed: FiledClaim, gathered: GatheredEvidence, last: Ref | None) -> tuple[Ref, ...]:
    """The claim, the picture's verification, the previous verdict, and all records considered: with these, an auditor
    has the whole case."""
    case = gathered.case
    picture = () if case.picture is None else (case.picture.ref,)
    return (filed.ref, *picture, *(() if last is None else (last,)), *(each.ref for each in case.exhibits))
