"""Claims: filed by artists and operators of generators, judged by the published rules, answered, resolved by
auditors."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from ledger.answers.claims import ClaimAnswer
from ledger.answers.drafts import Forecast, ForecastDraft, StatementDraft
from ledger.claim.words import is_contested, limits, reasons
from ledger.errors import ConflictError, InputError
from ledger.flows.claims.bundles import ClaimBundles
from ledger.flows.claims.claimed_picture import ClaimedPictures
from ledger.flows.claims.filed import FiledClaim, FiledClaims
from ledger.flows.claims.judge import ClaimJudge
from ledger.flows.claims.reading import ClaimReading
from ledger.flows.claims.requirements import ClaimRequirements
from ledger.flows.claims.statements import ClaimOrder, claim_draft, opened_text, resolution_draft, response_draft
from ledger.flows.claims.submission import SentStatement, Submissions
from ledger.flows.people.principal import Principal
from ledger.flows.progress import Progress, silent
from ledger.log.append import Sequencer
from ledger.record.parts import Ref
from ledger.record.predicates import Claim, ClaimVerdict, Resolution, Response
from ledger.record.repeats import claim_key
from ledger.record.statement import Statement, parse_payload

MAX_RESPONSES = 20
"""How many responses one party may make to one claim. Without a limit, a claim could become too long to read or
audit."""
MAX_RESOLUTIONS = 5
"""How many resolutions one auditor may make of one claim."""
MOST_ANSWERS = {"response": 100, "resolution": 20}
"""How many statements all parties together may make about one claim."""
MAX_VERDICTS = 12
"""How many verdicts a claim may have. With MAX_EXHIBITS for each, a claim's bundle stays below MAX_RECORDS."""


@dataclass(frozen=True, slots=True)
class Claims:
    """Threads may share it."""

    requirements: ClaimRequirements
    pictures: ClaimedPictures
    submissions: Submissions
    judge: ClaimJudge
    filed: FiledClaims
    reading: ClaimReading
    bundles: ClaimBundles
    sequencer: Callable[[], Sequencer]

    def draft(self, order: ClaimOrder, claimant_id: str, data: bytes | None, principal: Principal) -> StatementDraft:
        """The claim as its maker signs it. Nothing is appended. `data`: the picture's file. Some types of claim need
        none; they are about the file of the first work named.

        Raises InputError (`bad-claim`, `claim-image`, `bad-claim-text`, `bad-id`, `work-withdrawn`), NotFoundError
        (`work-not-found`, `model-not-found`), AccessError (`scope-missing`, `wrong-account`, `work-not-yours`,
        `bad-claimant`).
        """
        self.submissions.require_party(principal, claimant_id, "claims")
        subject = self.requirements.subject(order, claimant_id, data)
        return claim_draft(
            order, claimant_id, subject.sha256, subject.refs, subject.model, origin=self.sequencer().origin
        )

    def forecast(self, order: ClaimOrder, claimant_id: str, data: bytes | None, principal: Principal) -> ForecastDraft:
        """The claim as its maker signs it, and what the rules would say of it now. Raises as `draft` does, and
        InputError for bytes that are not a usable picture."""
        draft = self.draft(order, claimant_id, data, principal)
        statement = parse_payload(draft.payload)
        claim = statement.predicate
        assert isinstance(claim, Claim)  # noqa: S101 - just drafted
        picture = None if data is None else self.pictures.unrecorded(self.pictures.compare(data))
        judged = self.judge.forecast(claim, statement.subject_sha256, picture)
        expected = Forecast(
            verdict=judged.verdict,
            because=judged.because,
            contested=is_contested(judged.findings),
            reasons=reasons(judged.findings, self.judge.rules),
            limits=limits(claim.claim_type, self.judge.rules),
        )
        return ForecastDraft(**dict(draft), expected=expected)

    def file(self, sent: SentStatement, data: bytes | None, principal: Principal) -> ClaimAnswer:
        """Puts a claim on the log, with a verdict by the rules. Filing the same claim again gives the existing one.

        Raises as `draft` does, and what `Cosigning.accept` raises; InputError (`signature-required`, and for bytes that
        are not a usable picture), PushbackError.
        """
        accepted = self.submissions.accept(sent, principal, "claim")
        statement, claim = accepted.statement, accepted.statement.predicate
        assert isinstance(claim, Claim)  # noqa: S101 - the kind was asked for
        self.submissions.require_party(principal, claim.claimant_id, "claims")
        self.requirements.require(statement, claim, data)
        detail = opened_text(claim.text, sent.text, sent.text_key)
        # Checked before the claim is on the log for good: bytes that are not a picture are refused.
        compared = None if data is None else self.pictures.compare(data)
        once = claim_key(claim, statement.subject_sha256)
        appended = self.submissions.append(accepted, detail, claim.claimant_id, once)
        filed = self.filed.of(appended.entry)
        if not self.filed.verdicts(filed):
            self.judge.judge(filed, None if compared is None else self.pictures.record(compared))
        return self.reading.answer(filed, repeated=appended.repeated)

    def review(self, claim_id: str, data: bytes | None = None) -> ClaimAnswer:
        """Looks for new evidence. If there is any, appends a new verdict that refers to the last one.

        With the picture, everything is compared again. Without it, what was registered, generated or disclosed since is
        compared by digests and hashes. Raises NotFoundError (`claim-not-found`), InputError (`other-image`),
        ConflictError (`too-many-verdicts`).
        """
        filed = self.filed.get(claim_id)
        if data is not None and hashlib.sha256(data).hexdigest() != filed.statement.subject_sha256:
            raise InputError("the claim is about another file, not this one", code="other-image")
        if len(self.filed.verdicts(filed)) >= MAX_VERDICTS:
            raise ConflictError(
                f"claim {claim_id} has {MAX_VERDICTS} verdicts, the most that a claim may have",
                code="too-many-verdicts",
                hint="An auditor can resolve the claim.",
            )
        self.judge.judge(filed, None if data is None else self.pictures.verify(data))
        return self.reading.answer(filed)

    def review_all(self, progress: Progress = silent) -> tuple[int, tuple[str, ...]]:
        """Reviews every claim on the log without its picture, except those that have reached MAX_VERDICTS.

        Returns how many were reviewed, and the ids of those with a new verdict.
        """
        reviewed, changed = 0, []
        for filed in self.filed.every():
            progress("reviewing claims", reviewed, None)
            if len(self.filed.verdicts(filed)) >= MAX_VERDICTS:
                continue
            if self.judge.judge(filed, None):
                changed.append(filed.ref.record_id)
            reviewed += 1
        return reviewed, tuple(changed)

    def draft_response(self, claim_id: str, party_id: str, text: str, principal: Principal) -> StatementDraft:
        """Raises NotFoundError (`claim-not-found`), InputError (`bad-claim-text`), AccessError as `draft` does."""
        self.submissions.require_party(principal, party_id, "claims")
        filed = self.filed.get(claim_id)
        return response_draft(filed.ref, filed.payload_sha256, party_id, text, origin=self.sequencer().origin)

    def respond(self, claim_id: str, sent: SentStatement, principal: Principal) -> ClaimAnswer:
        """Appends the other side's answer to a claim, or the claimant's answer to that. Raises as `draft_response` and
        `file` do; ConflictError (`too-many-responses`)."""
        filed = self.filed.get(claim_id)
        accepted = self.submissions.accept(sent, principal, "response")
        response = accepted.statement.predicate
        assert isinstance(response, Response)  # noqa: S101 - the kind was asked for
        self.submissions.require_party(principal, response.party_id, "claims")
        _require_about(accepted.statement, filed, response.refs)
        self._require_room(filed, "response", response.party_id, response.record_id, MAX_RESPONSES)
        detail = opened_text(response.text, sent.text, sent.text_key)
        self.submissions.append(accepted, detail, response.party_id)
        return self.reading.answer(filed)

    def draft_resolution(
        self, claim_id: str, auditor_id: str, outcome: ClaimVerdict, text: str, principal: Principal
    ) -> StatementDraft:
        """Raises as `draft_response` does, and ConflictError (`no-verdict`)."""
        self.submissions.require_party(principal, auditor_id, "resolutions")
        filed = self.filed.get(claim_id)
        verdicts = self.filed.verdicts(filed)
        if not verdicts:
            raise ConflictError(
                f"claim {claim_id} has no verdict yet, but a resolution must name one",
                code="no-verdict",
                hint="Ask for a verdict: artledger claim review CLAIM_ID",
            )
        refs = (filed.ref, verdicts[-1].ref)
        origin = self.sequencer().origin
        return resolution_draft(refs, filed.payload_sha256, auditor_id, outcome, text, origin=origin)

    def resolve(self, claim_id: str, sent: SentStatement, principal: Principal) -> ClaimAnswer:
        """Appends the decision of a named auditor, signed with the auditor's own key. Raises as `respond` does."""
        filed = self.filed.get(claim_id)
        accepted = self.submissions.accept(sent, principal, "resolution")
        resolution = accepted.statement.predicate
        assert isinstance(resolution, Resolution)  # noqa: S101 - the kind was asked for
        if accepted.signed is None:
            raise InputError(
                "a resolution must be signed by its auditor",
                code="signature-required",
                hint="Sign with it: --key FILE",
            )
        self.submissions.require_party(principal, resolution.auditor_id, "resolutions")
        _require_about(accepted.statement, filed, resolution.refs)
        self._require_room(filed, "resolution", resolution.auditor_id, resolution.record_id, MAX_RESOLUTIONS)
        detail = opened_text(resolution.text, sent.text, sent.text_key)
        self.submissions.append(accepted, detail, resolution.auditor_id)
        return self.reading.answer(filed)

    def _require_room(
        self, filed: FiledClaim, kind: Literal["response", "resolution"], party_id: str, record_id: str, most: int
    ) -> None:
        """Raises ConflictError (`too-many-responses`, `too-many-resolutions`)."""
        answers = self.filed.parties(filed, kind)
        own = sum(party == party_id for party, _ in answers)
        if any(known == record_id for _, known in answers):
            return
        if own >= most or len(answers) >= MOST_ANSWERS[kind]:
            raise ConflictError(
                f"the claim has {len(answers)} {kind}s already, {own} of them by {party_id}", code=f"too-many-{kind}s"
            )


def _require_about(statement: Statement, filed: FiledClaim, refs: tuple[Ref, ...]) -> None:
    about = (statement.subject_name, statement.subject_sha256)
    if about != ("claim", filed.payload_sha256) or refs[:1] != (filed.ref,):
        raise ConflictError(f"the {statement.kind} is about another claim", code="other-claim")
