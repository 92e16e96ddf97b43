"""Claims on the log as answers: with verdicts, responses and resolutions, and with names for people."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import asdict, dataclass

from ledger.answers.claim_clock import ClaimTimes
from ledger.answers.claim_state import claim_state
from ledger.answers.claims import (
    ClaimAnswer,
    ClaimedWork,
    ClaimPage,
    ClaimStatistics,
    DismissedClaims,
    StepAnswer,
    VerdictAnswer,
    claim_links,
)
from ledger.claim.case import ClaimFinding
from ledger.claim.rules import ClaimRules, published_rules
from ledger.claim.standing import EVERY_CLAIM, ClaimsWanted
from ledger.claim.words import is_contested, limits, reasons
from ledger.corpus.work import Work
from ledger.errors import InputError
from ledger.flows.claims.filed import FiledClaim, FiledClaims, StepKind, party_id_of
from ledger.flows.people.accounts import Accounts
from ledger.flows.records.records import MAX_PAGE
from ledger.log.entry import Entry
from ledger.record import dsse
from ledger.record.predicates import Claim, ClaimVerdictRecord, Resolution, Response
from ledger.record.times import format_time
from ledger.storage.log.claim_board import ClaimBoard
from ledger.storage.people.claims import NOTHING, ClaimDetail, ClaimDetails
from ledger.storage.works.works import WorkReader

Steps = Mapping[StepKind, Sequence[Entry]]
"""The records about a claim, by kind, in the order of the log."""


@dataclass(frozen=True, slots=True)
class _OffLog:
    """What is kept outside the log for some claims, by id, so that texts and names can be erased."""

    details: Mapping[str, ClaimDetail]
    names: Mapping[str, str]
    """Names of parties. Those that were erased are empty or missing."""
    works: Mapping[str, Work]

    def claimed(self, claim: Claim) -> tuple[ClaimedWork, ...]:
        named = [self.works[work_id] for work_id in claim.works if work_id in self.works]
        return tuple(
            ClaimedWork(
                work_id=work.work_id,
                title=work.title,
                artist_id=work.artist_id,
                artist=work.artist,
                withdrawn=work.withdrawn,
            )
            for work in named
        )

    def step(self, entry: Entry) -> StepAnswer:
        step = entry.statement.predicate
        assert isinstance(step, Response | Resolution)  # noqa: S101 - found by its kind
        party = party_id_of(step)
        return StepAnswer(
            kind=step.kind,
            record_id=step.record_id,
            leaf_index=entry.leaf_index,
            appended_at=format_time(entry.appended_at),
            party_id=party,
            party=self.names.get(party, ""),
            outcome=step.outcome if isinstance(step, Resolution) else None,
            text=self.details.get(step.record_id, NOTHING).text,
            signed=_is_cosigned(entry),
        )


@dataclass(frozen=True, slots=True)
class ClaimReading:
    """Only reads."""

    filed: FiledClaims
    details: ClaimDetails
    accounts: Accounts
    works: WorkReader
    rules: ClaimRules
    board: ClaimBoard
    times: ClaimTimes

    def get(self, claim_id: str) -> ClaimAnswer:
        """Raises NotFoundError (`claim-not-found`), InputError (`bad-id`)."""
        return self.answer(self.filed.get(claim_id))

    def page(self, wanted: ClaimsWanted = EVERY_CLAIM, *, after: int = -1, limit: int = 50) -> ClaimPage:
        """Claims in the order of the log, after entry `after`. Raises InputError (`bad-limit`)."""
        if not 1 <= limit <= MAX_PAGE:
            raise InputError(f"limit is {limit}; it must be 1 to {MAX_PAGE}", code="bad-limit")
        found = self.board.listed(wanted, self.times.undecided_since(), after=after, limit=limit + 1)
        page = found[:limit]
        claims = self._answers([self.filed.of(entry) for entry in page])
        return ClaimPage(claims=claims, next_after=page[-1].leaf_index if len(found) > limit else None)

    def statistics(self) -> ClaimStatistics:
        """How many claims stand where, and whose were contradicted again and again."""
        counts = self.board.counts(self.times.undecided_since())
        names = self.accounts.names(counts.dismissed)
        dismissed = tuple(
            DismissedClaims(account_id=each, name=names.get(each, ""), claims=claims)
            for each, claims in counts.dismissed.items()
        )
        days = {"answer_days": self.times.answer_days, "decide_days": self.times.decide_days}
        return ClaimStatistics(**{**asdict(counts), **days, "dismissed": dismissed})

    def answer(self, filed: FiledClaim, *, repeated: bool = False) -> ClaimAnswer:
        """The claim as CLI and HTTP show it."""
        (answer,) = self._answers([filed])
        return answer.model_copy(update={"repeated": repeated})

    def _answers(self, claims: Sequence[FiledClaim]) -> tuple[ClaimAnswer, ...]:
        """Several claims at once: one query each for the names of all parties, all works and all texts."""
        kinds: tuple[StepKind, ...] = ("verdict", "response", "resolution")
        steps: list[Steps] = [{kind: self.filed.about(filed, kind) for kind in kinds} for filed in claims]
        entries = [filed.entry for filed in claims]
        entries += [entry for each in steps for kind in kinds for entry in each[kind]]
        parties = [party for entry in entries if (party := _party(entry)) is not None]
        off_log = _OffLog(
            details=self.details.get(entry.record_id for entry in entries),
            names=self.accounts.names(parties),
            works=self.works.works({work for filed in claims for work in filed.claim.works}),
        )
        return tuple(self._answer(filed, each, off_log) for filed, each in zip(claims, steps, strict=True))

    def _answer(self, filed: FiledClaim, steps: Steps, off_log: _OffLog) -> ClaimAnswer:
        claim, details = filed.claim, off_log.details
        known = {entry.record_id for entry in steps["verdict"]}
        verdicts = tuple(self._verdict(claim, entry, details, known) for entry in steps["verdict"])
        resolutions = tuple(off_log.step(entry) for entry in steps["resolution"])
        responses = tuple(off_log.step(entry) for entry in steps["response"])
        return ClaimAnswer(
            claim_id=filed.entry.record_id,
            claim_type=claim.claim_type,
            claimant_id=claim.claimant_id,
            claimant=off_log.names.get(claim.claimant_id, ""),
            image_sha256=filed.statement.subject_sha256,
            works=off_log.claimed(claim),
            model_id=None if claim.model is None else claim.model.model_id,
            text=details.get(filed.entry.record_id, NOTHING).text,
            leaf_index=filed.entry.leaf_index,
            appended_at=format_time(filed.entry.appended_at),
            repeated=False,
            signed=_is_cosigned(filed.entry),
            state=claim_state(verdicts, resolutions),
            clock=self.times.clock(
                filed.entry.appended_at,
                answered=any(each.party_id != claim.claimant_id for each in responses),
                decided=bool(resolutions),
            ),
            verdict=verdicts[-1] if verdicts else None,
            verdicts=verdicts,
            responses=responses,
            resolutions=resolutions,
            limits=limits(claim.claim_type, self.rules),
            links=claim_links(filed.entry.record_id),
        )

    def _verdict(
        self, claim: Claim, entry: Entry, details: Mapping[str, ClaimDetail], verdicts: Container[str]
    ) -> VerdictAnswer:
        record = entry.statement.predicate
        assert isinstance(record, ClaimVerdictRecord)  # noqa: S101 - found by its kind
        findings = [ClaimFinding.of(each.finding, each.ref) for each in record.evidence]
        rules = published_rules(record.rules)
        because = "" if rules is None else rules.rule_for(claim.claim_type, {each.code for each in findings}).because
        replaced = [ref.record_id for ref in record.refs if ref.record_id in verdicts]
        return VerdictAnswer(
            record_id=record.record_id,
            leaf_index=entry.leaf_index,
            appended_at=format_time(entry.appended_at),
            verdict=record.verdict,
            because=because,
            contested=is_contested(findings),
            reasons=reasons(findings, rules or self.rules),
            rules=record.rules,
            replaces=replaced[0] if replaced else None,
            measured=details.get(record.record_id, NOTHING).measured,
        )


def _is_cosigned(entry: Entry) -> bool:
    return len(dsse.signers_of(entry.envelope)) > 1


def _party(entry: Entry) -> str | None:
    """The party that made the statement; None for a verdict, which the service made."""
    match entry.statement.predicate:
        case Claim() as claim:
            return claim.claimant_id
        case Response() | Resolution() as step:
            return party_id_of(step)
        case _:
            return None
