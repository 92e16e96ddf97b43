"""Claims: filed by artists and generators' operators, judged by the published rules, answered, resolved by auditors."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from ledger.answers.claims import ClaimAnswer, StatementDraft
from ledger.claim.decide import decide
from ledger.claim.rules import ClaimRules
from ledger.errors import AccessError, ConflictError, InputError, NotFoundError
from ledger.flows.claims.evidence import NOTHING_KNOWN, ClaimEvidence, Gathered, Looked, ref_of
from ledger.flows.claims.reading import ClaimReading, Filed
from ledger.flows.claims.requirements import ClaimTerms
from ledger.flows.claims.statements import (
    ClaimOrder,
    claim_draft,
    opened_text,
    resolution_draft,
    response_draft,
)
from ledger.flows.people.accounts import Accounts
from ledger.flows.people.principal import Principal
from ledger.flows.progress import Progress, silent
from ledger.flows.records.admission import Admission
from ledger.flows.records.cosigned import Cosigning, SignedStatement, require_fresh, require_same
from ledger.flows.records.log_keys import LogKeys
from ledger.log.append import Sequencer
from ledger.log.entry import Appended
from ledger.record.ids import new_id, parse_id
from ledger.record.parts import EvidenceRef, Ref
from ledger.record.party import party_of
from ledger.record.predicates import (
    Claim,
    ClaimVerdict,
    ClaimVerdictRecord,
    Kind,
    Resolution,
    Response,
    Role,
)
from ledger.record.repeats import claim_key
from ledger.record.statement import Statement, parse_payload, statement_payload
from ledger.record.times import now_text
from ledger.storage.people.claims import NOTHING, ClaimDetail, ClaimDetails

MAX_WAIT = 60.0
"""Seconds to wait for a commit."""
MAX_RESPONSES = 20
"""By one party to one claim: a claim that somebody could bury in answers could not be read, nor audited offline."""
MAX_RESOLUTIONS = 5
"""By one auditor of one claim."""
MOST_ANSWERS = {"response": 100, "resolution": 20}
"""To one claim by everybody."""
MAX_VERDICTS = 12
"""On one claim. With what each may rest on (claim_evidence.MAX_EXHIBITS), a claim's bundle stays below MAX_RECORDS."""
CLAIMANTS: tuple[Role, ...] = ("artist", "generator")


@dataclass(frozen=True, slots=True)
class Sent:
    """A statement as it comes in: an envelope that its maker signed, or, at this machine, the bare payload."""

    envelope: bytes | None = None
    payload: bytes | None = None
    text: str | None = None
    text_key: str | None = None


@dataclass(frozen=True, slots=True)
class _Taken:
    """A statement that came in and may be appended."""

    statement: Statement
    payload: bytes
    signed: SignedStatement | None


@dataclass(frozen=True, slots=True)
class Claims:
    """Threads may share it. Nobody can claim, respond or resolve in another's name: their key signs, where they have
    one, and without one only the person at this machine can."""

    terms: ClaimTerms
    evidence: ClaimEvidence
    reading: ClaimReading
    details: ClaimDetails
    accounts: Accounts
    keys: LogKeys
    cosigning: Cosigning
    admission: Admission
    sequencer: Callable[[], Sequencer]
    rules: ClaimRules

    def draft(self, order: ClaimOrder, claimant_id: str, data: bytes | None, principal: Principal) -> StatementDraft:
        """The claim as its maker signs it; nothing is appended. `data`: the picture's file; some types of claim do
        without, and are then about the file of the first work named.

        Raises InputError (`bad-claim`, `claim-image`, `bad-claim-text`, `bad-id`, `work-withdrawn`), NotFoundError
        (`work-not-found`, `model-not-found`), AccessError (`scope-missing`, `wrong-account`, `work-not-yours`,
        `bad-claimant`).
        """
        self._require_party(principal, claimant_id, "claims")
        terms = self.terms.of(order, claimant_id, data)
        return claim_draft(
            order, claimant_id, terms.subject_sha256, terms.refs, terms.model, origin=self.sequencer().origin
        )

    def file(self, sent: Sent, data: bytes | None, principal: Principal) -> ClaimAnswer:
        """Puts a claim on the log, and what the rules say of it. The same claim again gives the one that exists.

        Raises as `draft` does, and what `Cosigning.accept` raises; InputError (`signature-required`, and for bytes that
        are no usable picture), PushbackError.
        """
        taken = self._accepted(sent, principal, "claim")
        statement, claim = taken.statement, taken.statement.predicate
        assert isinstance(claim, Claim)  # noqa: S101 - the kind was asked for
        self._require_party(principal, claim.claimant_id, "claims")
        self.terms.require(statement, claim, data)
        detail = opened_text(claim.text, sent.text, sent.text_key)
        # Before the claim is on the log for ever: bytes that are no picture are refused, not claimed.
        compared = None if data is None else self.evidence.examine(data)
        appended = self._append(taken, detail, claim.claimant_id, claim_key(claim, statement.subject_sha256))
        filed = self.reading.filed(appended.entry)
        if not self.reading.verdicts(filed):
            self._judge(filed, None if compared is None else self.evidence.record(compared))
        return self.reading.answer(filed, repeated=appended.repeated)

    def review(self, claim_id: str, data: bytes | None = None) -> ClaimAnswer:
        """Looks for new evidence; where there is any, a new verdict that refers to the last one.

        With the picture it is compared with everything anew; without, what was registered, made or disclosed since is
        compared with it by digests and hashes. Raises NotFoundError (`claim-not-found`), InputError (`other-image`),
        ConflictError (`too-many-verdicts`).
        """
        filed = self.reading.claim(claim_id)
        if data is not None and hashlib.sha256(data).hexdigest() != filed.statement.subject_sha256:
            raise InputError("the claim is about another file than this one", code="other-image")
        if len(self.reading.verdicts(filed)) >= MAX_VERDICTS:
            raise ConflictError(
                f"claim {claim_id} has {MAX_VERDICTS} verdicts already, and gets no further one",
                code="too-many-verdicts",
                hint="an auditor can resolve it",
            )
        self._judge(filed, None if data is None else self.evidence.look(data))
        return self.reading.answer(filed)

    def review_all(self, progress: Progress = silent) -> tuple[int, tuple[str, ...]]:
        """Reviews every claim on the log without its picture, but those that have all the verdicts that one may have;
        how many, and the ids of those with a new verdict."""
        reviewed, changed = 0, []
        for filed in self.reading.every():
            progress("reviewing claims", reviewed, None)
            before = self.reading.verdicts(filed)
            if len(before) >= MAX_VERDICTS:
                continue
            self._judge(filed, None)
            reviewed += 1
            if len(self.reading.verdicts(filed)) > len(before):
                changed.append(filed.ref.record_id)
        return reviewed, tuple(changed)

    def draft_response(self, claim_id: str, party_id: str, text: str, principal: Principal) -> StatementDraft:
        """Raises NotFoundError (`claim-not-found`), InputError (`bad-claim-text`), AccessError as `draft` does."""
        self._require_party(principal, party_id, "claims")
        filed = self.reading.claim(claim_id)
        return response_draft(filed.ref, filed.payload_sha256, party_id, text, origin=self.sequencer().origin)

    def respond(self, claim_id: str, sent: Sent, principal: Principal) -> ClaimAnswer:
        """The other side's answer, or the claimant's to that. Raises as `draft_response` and `file` do; ConflictError
        (`too-many-responses`)."""
        filed = self.reading.claim(claim_id)
        taken = self._accepted(sent, principal, "response")
        response = taken.statement.predicate
        assert isinstance(response, Response)  # noqa: S101 - the kind was asked for
        self._require_party(principal, response.party_id, "claims")
        _require_about(taken.statement, filed, response.refs)
        self._require_room(filed, "response", response.party_id, response.record_id, MAX_RESPONSES)
        detail = opened_text(response.text, sent.text, sent.text_key)
        self._append(taken, detail, response.party_id)
        return self.reading.answer(filed)

    def draft_resolution(
        self, claim_id: str, auditor_id: str, outcome: ClaimVerdict, text: str, principal: Principal
    ) -> StatementDraft:
        """Raises as `draft_response` does, and ConflictError (`no-verdict`)."""
        self._require_party(principal, auditor_id, "resolutions")
        filed = self.reading.claim(claim_id)
        verdicts = self.reading.verdicts(filed)
        if not verdicts:
            raise ConflictError(
                f"claim {claim_id} has no verdict yet, and a resolution names one",
                code="no-verdict",
                hint="have it judged: artledger claim review",
            )
        refs = (filed.ref, ref_of(verdicts[-1]))
        origin = self.sequencer().origin
        return resolution_draft(refs, filed.payload_sha256, auditor_id, outcome, text, origin=origin)

    def resolve(self, claim_id: str, sent: Sent, principal: Principal) -> ClaimAnswer:
        """A named auditor's decision, by the auditor's own key. Raises as `respond` does."""
        filed = self.reading.claim(claim_id)
        taken = self._accepted(sent, principal, "resolution")
        resolution = taken.statement.predicate
        assert isinstance(resolution, Resolution)  # noqa: S101 - the kind was asked for
        if taken.signed is None:
            raise InputError(
                "a resolution carries its auditor's signature",
                code="signature-required",
                hint="sign with it: --key FILE",
            )
        self._require_party(principal, resolution.auditor_id, "resolutions")
        _require_about(taken.statement, filed, resolution.refs)
        self._require_room(filed, "resolution", resolution.auditor_id, resolution.record_id, MAX_RESOLUTIONS)
        detail = opened_text(resolution.text, sent.text, sent.text_key)
        self._append(taken, detail, resolution.auditor_id)
        return self.reading.answer(filed)

    def _require_room(
        self, filed: Filed, kind: Literal["response", "resolution"], party_id: str, record_id: str, most: int
    ) -> None:
        """Raises ConflictError (`too-many-responses`, `too-many-resolutions`)."""
        answers = self.reading.answers(filed, kind)
        own = sum(party == party_id for party, _ in answers)
        if any(known == record_id for _, known in answers):
            return
        if own >= most or len(answers) >= MOST_ANSWERS[kind]:
            raise ConflictError(
                f"the claim has {len(answers)} {kind}s already, {own} of them by {party_id}", code=f"too-many-{kind}s"
            )

    def _accepted(self, sent: Sent, principal: Principal, kind: Kind) -> _Taken:
        """A statement with its maker's good signature; without one only from the person at this machine, and only in
        the name of somebody who has no key."""
        if sent.envelope is not None:
            signed = self.cosigning.accept(sent.envelope, principal, kinds={kind})
            return _Taken(signed.statement, signed.payload, signed)
        if sent.payload is None or not principal.is_local:
            raise InputError(
                f"a {kind} carries the signature of whoever makes it",
                code="signature-required",
                hint="make a key and announce it: artledger keys new; then sign with it",
            )
        statement = parse_payload(sent.payload)
        party = party_of(statement.predicate)
        if statement.kind != kind or party is None or party.holder_id is None:
            raise InputError(f"a {statement.kind} statement is not taken here", code="unexpected-kind")
        require_fresh(statement.predicate.generated_at)
        for role in sorted(party.roles):
            self.keys.require_signature(role, party.holder_id)
        return _Taken(statement, sent.payload, None)

    def _append(self, taken: _Taken, detail: ClaimDetail | None, party_id: str, once: bytes | None = None) -> Appended:
        record_id = taken.statement.record_id
        kept = self.details.writer(record_id, detail, party_id) if detail else None
        if taken.signed is not None:
            return self.cosigning.append(taken.signed, dedup_key=once, alongside=kept)
        self.admission.require(taken.statement, taken.payload)
        appended = self.sequencer().submit(record_id, taken.payload, once, kept).result(MAX_WAIT)
        require_same(record_id, taken.payload, appended)
        return appended

    def _require_party(self, principal: Principal, party_id: str, scope: str) -> None:
        """That the principal speaks for the party, which may make such statements."""
        if scope == "resolutions":
            principal.require_scope("resolutions")
        else:
            principal.require_scope("claims")
        principal.require_account(parse_id(party_id))
        try:
            role: str = self.accounts.get(party_id).role
        except NotFoundError:
            artist = self.evidence.records.works.artist(party_id)
            if not principal.is_local or artist is None or not artist.name:  # nobody speaks for whoever was erased
                raise
            role = "artist"  # of the corpus, without an account: the person at this machine acts for it
        wanted = ("auditor",) if scope == "resolutions" else CLAIMANTS
        if role not in wanted:
            raise AccessError(
                f"account {party_id} is of the role {role}, not {' or '.join(wanted)}", code="bad-claimant"
            )

    def _judge(self, filed: Filed, looked: Looked | None) -> None:
        """Appends a verdict where there is none, or where the evidence is not what the last one rested on."""
        claim, last = filed.claim, self.reading.last_verdict(filed)
        known = NOTHING_KNOWN if last is None else last.known
        gathered = self.evidence.gather(claim, filed.statement.subject_sha256, looked, known)
        decision = decide(gathered.case, self.rules)
        if last is not None and last.says_the_same(decision.verdict, decision.findings, self.rules.digest):
            return
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
        # Two that judge at once find the same: one verdict follows another once.
        before = "first" if last is None else last.ref.record_id
        once = hashlib.sha256(f"artledger/verdict/v1\n{filed.ref.record_id}\n{before}\n".encode()).digest()
        detail = NOTHING if not gathered.measured else ClaimDetail(measured=gathered.measured)
        writer = self.details.writer(predicate.record_id, detail) if detail.measured else None
        self.sequencer().submit(predicate.record_id, payload, once, writer).result(MAX_WAIT)


def _verdict_refs(filed: Filed, gathered: Gathered, last: Ref | None) -> tuple[Ref, ...]:
    """The claim, the picture's verification, the verdict whose place this one takes, and all that was considered: an
    auditor who has these records has the whole case."""
    case = gathered.case
    picture = () if case.picture is None else (case.picture.ref,)
    return (filed.ref, *picture, *(() if last is None else (last,)), *(each.ref for each in case.exhibits))


def _require_about(statement: Statement, filed: Filed, refs: tuple[Ref, ...]) -> None:
    about = (statement.subject_name, statement.subject_sha256)
    if about != ("claim", filed.payload_sha256) or refs[:1] != (filed.ref,):
        raise ConflictError(f"the {statement.kind} is about another claim", code="other-claim")
