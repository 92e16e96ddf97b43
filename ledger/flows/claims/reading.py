"""Claims as they stand on the log: with verdicts, responses and resolutions, names resolved, and as bundles."""

from __future__ import annotations

import hashlib
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from ledger.answers.claim_state import claim_state
from ledger.answers.claims import (
    ClaimAnswer,
    ClaimedWork,
    ClaimPage,
    StepAnswer,
    VerdictAnswer,
    claim_links,
)
from ledger.audit.claim_bundle import ClaimBundle, MembershipProof
from ledger.claim.case import Exhibit, Finding
from ledger.claim.rules import ClaimRules, published_rules
from ledger.claim.words import is_contested, limits, reasons
from ledger.corpus.work import Work
from ledger.errors import InputError, NotFoundError
from ledger.flows.claims.evidence import ClaimEvidence, Known, exhibit_of, ref_of
from ledger.flows.claims.kept_bundles import KeptBundles
from ledger.flows.people.accounts import Accounts
from ledger.flows.records.records import MAX_PAGE
from ledger.log.entry import Entry
from ledger.record import dsse
from ledger.record.parts import Ref
from ledger.record.predicates import Claim, ClaimVerdictRecord, Resolution, Response, Verification, refs_of
from ledger.record.statement import Statement, parse_payload
from ledger.record.times import format_time
from ledger.storage.people.claims import NOTHING, ClaimDetail, ClaimDetails

_PAGE = 200
_SAID = ("verdict", "response", "resolution")
"""Kinds of records about a claim."""


@dataclass(frozen=True, slots=True)
class Filed:
    """A claim on the log."""

    entry: Entry
    statement: Statement
    claim: Claim
    payload_sha256: str
    """Subject of everything that is said of the claim."""

    @property
    def ref(self) -> Ref:
        return ref_of(self.entry)


@dataclass(frozen=True, slots=True)
class LastVerdict:
    """The newest verdict, with what it rested on."""

    ref: Ref
    record: ClaimVerdictRecord
    known: Known

    def says_the_same(self, verdict: str, findings: Iterable[Finding], rules: str) -> bool:
        told = tuple(Finding.of(each.finding, each.ref) for each in self.record.evidence)
        return (self.record.verdict, told, self.record.rules) == (verdict, tuple(findings), rules)


@dataclass(frozen=True, slots=True)
class _Beside:
    """What is kept beside the leaves of some claims, by id."""

    details: Mapping[str, ClaimDetail]
    names: Mapping[str, str]
    """Of parties; those that were erased are empty or missing."""
    works: Mapping[str, Work]

    def claimed(self, claim: Claim) -> tuple[ClaimedWork, ...]:
        named = [self.works[work_id] for work_id in claim.works if work_id in self.works]
        return tuple(
            ClaimedWork(work.work_id, work.title, work.artist_id, work.artist, work.withdrawn) for work in named
        )

    def step(self, entry: Entry) -> StepAnswer:
        said = exhibit_of(entry).statement.predicate
        assert isinstance(said, Response | Resolution)  # noqa: S101 - found by its kind
        party = said.party_id if isinstance(said, Response) else said.auditor_id
        return StepAnswer(
            kind=said.kind,
            record_id=said.record_id,
            leaf_index=entry.leaf_index,
            appended_at=format_time(entry.appended_at),
            party_id=party,
            party=self.names.get(party, ""),
            outcome=said.outcome if isinstance(said, Resolution) else None,
            text=self.details.get(said.record_id, NOTHING).text,
            signed=_is_cosigned(entry),
        )


@dataclass(frozen=True, slots=True)
class ClaimReading:
    """Reads only."""

    evidence: ClaimEvidence
    details: ClaimDetails
    accounts: Accounts
    rules: ClaimRules
    kept: KeptBundles = field(default_factory=KeptBundles)

    def get(self, claim_id: str) -> ClaimAnswer:
        """Raises NotFoundError (`claim-not-found`), InputError (`bad-id`)."""
        return self.answer(self.claim(claim_id))

    def page(
        self, *, claimant_id: str | None = None, sha256: str | None = None, after: int = -1, limit: int = 50
    ) -> ClaimPage:
        """Claims in the order of the log, `after` a leaf index; by one party, about one file.

        Raises InputError (`bad-limit`, `bad-id`).
        """
        if not 1 <= limit <= MAX_PAGE:
            raise InputError(f"limit is {limit}; it must be 1 to {MAX_PAGE}", code="bad-limit")
        found = self.evidence.records.store.find(
            kind="claim", artist_id=claimant_id, sha256=sha256, after=after, limit=limit + 1
        )
        page = found[:limit]
        claims = self._answers([self.filed(entry) for entry in page])
        return ClaimPage(claims, page[-1].leaf_index if len(found) > limit else None)

    def every(self) -> Iterator[Filed]:
        """All claims, in the order of the log."""
        after = -1
        while page := self.evidence.records.store.find(kind="claim", after=after, limit=_PAGE):
            yield from map(self.filed, page)
            after = page[-1].leaf_index

    def claim(self, claim_id: str) -> Filed:
        """Raises NotFoundError (`claim-not-found`), InputError (`bad-id`)."""
        try:
            entry = self.evidence.records.entry(claim_id)
        except NotFoundError as error:
            raise _unknown(claim_id) from error
        return self.filed(entry)

    def filed(self, entry: Entry) -> Filed:
        """Raises NotFoundError (`claim-not-found`) for a record that is no claim."""
        payload = dsse.parse(entry.envelope).payload
        statement = parse_payload(payload)
        if not isinstance(statement.predicate, Claim):
            raise _unknown(entry.record_id)
        return Filed(entry, statement, statement.predicate, hashlib.sha256(payload).hexdigest())

    def verdicts(self, filed: Filed) -> list[Entry]:
        """In the order of the log."""
        return self._said(filed, "verdict")

    def answers(self, filed: Filed, kind: Literal["response", "resolution"]) -> list[tuple[str, str]]:
        """Party and record id of each answer so far, in the order of the log."""
        said = [exhibit_of(entry).statement.predicate for entry in self._said(filed, kind)]
        return [
            (each.party_id if isinstance(each, Response) else each.auditor_id, each.record_id)
            for each in said
            if isinstance(each, Response | Resolution)
        ]

    def last_verdict(self, filed: Filed) -> LastVerdict | None:
        newest = self.verdicts(filed)[-1:]
        if not newest:
            return None
        record = exhibit_of(newest[0]).statement.predicate
        assert isinstance(record, ClaimVerdictRecord)  # noqa: S101 - found by its kind
        detail = self.details.get([record.record_id]).get(record.record_id, NOTHING)
        considered = tuple(ref.record_id for ref in refs_of(record))
        return LastVerdict(ref_of(newest[0]), record, Known(self._picture(record), detail.measured, considered))

    def answer(self, filed: Filed, *, repeated: bool = False) -> ClaimAnswer:
        """The claim as CLI and HTTP show it."""
        (answer,) = self._answers([filed])
        return replace(answer, repeated=repeated)

    def _answers(self, claims: Sequence[Filed]) -> tuple[ClaimAnswer, ...]:
        """Several at once: the names of everybody, the works and the words of all of them in one query each."""
        said = [{kind: self._said(filed, kind) for kind in _SAID} for filed in claims]
        entries = [filed.entry for filed in claims] + [entry for each in said for kind in _SAID for entry in each[kind]]
        parties = [party for entry in entries if (party := _party(entry)) is not None]
        beside = _Beside(
            details=self.details.get(entry.record_id for entry in entries),
            names=self.accounts.names(parties),
            works=self.evidence.records.works.works({work for filed in claims for work in filed.claim.works}),
        )
        return tuple(self._answer(filed, each, beside) for filed, each in zip(claims, said, strict=True))

    def _answer(self, filed: Filed, said: Mapping[str, list[Entry]], beside: _Beside) -> ClaimAnswer:
        claim, details = filed.claim, beside.details
        known = {entry.record_id for entry in said["verdict"]}
        told = tuple(self._verdict(claim, entry, details, known) for entry in said["verdict"])
        resolutions = tuple(beside.step(entry) for entry in said["resolution"])
        return ClaimAnswer(
            claim_id=filed.entry.record_id,
            claim_type=claim.claim_type,
            claimant_id=claim.claimant_id,
            claimant=beside.names.get(claim.claimant_id, ""),
            image_sha256=filed.statement.subject_sha256,
            works=beside.claimed(claim),
            model_id=None if claim.model is None else claim.model.model_id,
            text=details.get(filed.entry.record_id, NOTHING).text,
            leaf_index=filed.entry.leaf_index,
            appended_at=format_time(filed.entry.appended_at),
            repeated=False,
            signed=_is_cosigned(filed.entry),
            state=claim_state(told, resolutions),
            verdict=told[-1] if told else None,
            verdicts=told,
            responses=tuple(beside.step(entry) for entry in said["response"]),
            resolutions=resolutions,
            limits=limits(claim.claim_type, self.rules),
            links=claim_links(filed.entry.record_id),
        )

    def bundle(self, claim_id: str) -> bytes:
        """Claim, verdicts, responses, resolutions, and everything that they rest on, with proofs: for audits offline.

        At most MAX_RECORDS records, by the limits of `Claims`; made once until something more is said of the claim.
        Raises NotFoundError (`claim-not-found`), PushbackError (`not-yet-published`).
        """
        filed = self.claim(claim_id)
        said = {kind: self._said(filed, kind) for kind in _SAID}
        newest = max(entry.leaf_index for entries in ([filed.entry], *said.values()) for entry in entries)
        return self.kept.get((claim_id, newest), lambda: self._bundle(filed, said))

    def _bundle(self, filed: Filed, said: Mapping[str, list[Entry]]) -> bytes:
        main = [filed.entry, *(entry for entries in said.values() for entry in entries)]
        named = self._named(main)
        proofs = self.evidence.proofs(filed.claim, filed.statement.subject_sha256, map(exhibit_of, named))
        bundle = self.evidence.records.bundle_of
        return ClaimBundle(
            claim=bundle(filed.entry),
            verdicts=tuple(map(bundle, said["verdict"])),
            responses=tuple(map(bundle, said["response"])),
            resolutions=tuple(map(bundle, said["resolution"])),
            evidence=tuple(map(bundle, named)),
            proofs=tuple(MembershipProof.of(*key, proof) for key, proof in sorted(proofs.items())),
            rules=self.rules.to_bytes(),
        ).to_bytes()

    def _named(self, main: list[Entry]) -> list[Entry]:
        """Everything else that these records name, and the announcements of the keys that signed them."""
        known = {entry.record_id for entry in main}
        named = {ref.record_id for entry in main for ref in refs_of(exhibit_of(entry).statement.predicate)}
        found = self.evidence.records.entries.get_many(named - known)
        keyids = sorted({keyid for entry in main for keyid in dsse.signers_of(entry.envelope)[1:]})
        keys = (self.evidence.records.store.find(sha256=keyid, kind="key", limit=1) for keyid in keyids)
        return sorted(
            {**found, **{entry.record_id: entry for entries in keys for entry in entries}}.values(),
            key=lambda entry: entry.leaf_index,
        )

    def _picture(self, record: ClaimVerdictRecord) -> Exhibit | None:
        for ref in record.refs:
            exhibit = exhibit_of(self.evidence.records.entry(ref.record_id))
            if isinstance(exhibit.statement.predicate, Verification):
                return exhibit
        return None

    def _said(self, filed: Filed, kind: str) -> list[Entry]:
        """Records about the claim, in the order of the log."""
        found: list[Entry] = []
        after = filed.entry.leaf_index
        find = self.evidence.records.store.find
        while page := find(sha256=filed.payload_sha256, kind=kind, after=after, limit=_PAGE):
            found += page
            after = page[-1].leaf_index
        return found

    def _verdict(
        self, claim: Claim, entry: Entry, details: Mapping[str, ClaimDetail], verdicts: Container[str]
    ) -> VerdictAnswer:
        record = exhibit_of(entry).statement.predicate
        assert isinstance(record, ClaimVerdictRecord)  # noqa: S101 - found by its kind
        findings = [Finding.of(each.finding, each.ref) for each in record.evidence]
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
    """Whose statement it is; None for a verdict, which is the service's."""
    match exhibit_of(entry).statement.predicate:
        case Claim() as claim:
            return claim.claimant_id
        case Response() as response:
            return response.party_id
        case Resolution() as resolution:
            return resolution.auditor_id
        case _:
            return None


def _unknown(claim_id: str) -> NotFoundError:
    return NotFoundError(f"there is no claim {claim_id} on this log", code="claim-not-found")
