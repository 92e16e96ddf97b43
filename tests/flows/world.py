"""A service with people, works, a model and claims, all made by hand in moments; and an auditor who follows its log."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

from ledger.app import Application
from ledger.audit.entries import EntryChecker
from ledger.flows.people.principal import LOCAL
from ledger.log.entry import Entry
from ledger.record import dsse
from ledger.record.ids import new_id
from ledger.record.keys import Signer
from ledger.record.parts import Ref
from ledger.record.predicates import Claim, ClaimVerdictRecord, Predicate
from ledger.record.statement import statement_payload
from ledger.record.times import now_text
from tests.record.samples import registration, sha

FILE, WEIGHTS = sha("a file"), sha("weights")


@dataclass(frozen=True)
class Someone:
    account_id: str
    role: str
    key: Signer


@dataclass
class World:
    """A service with people, works, a model and claims; and an auditor who follows its log."""

    service: Application
    people: dict[str, Someone] = field(default_factory=dict)
    works: dict[str, tuple[str, Ref]] = field(default_factory=dict)
    """By owner, and `withdrawn`: work id and registration."""
    claims: dict[str, tuple[str, Ref, Ref]] = field(default_factory=dict)
    """By claimant: digest of the payload, claim, verdict."""
    model: Ref | None = None
    checker: EntryChecker = field(init=False)
    size: int = 0

    def __post_init__(self) -> None:
        self.checker = EntryChecker(self.service.log.origin)

    def follow(self) -> list[Entry]:
        """The auditor reads on. Raises VerificationError for what an audit would refuse."""
        new = list(self.service.store.entries.read(self.size, self.service.store.entries.head().size))
        for entry in new:
            self.checker.check(entry.leaf_index, entry.leaf_hash, entry.envelope)
        self.size += len(new)
        return new

    def someone(self, name: str, role: Any, key: Signer | None = None) -> Someone:
        account = self.service.people.accounts.create(role, name)
        self.people[name] = Someone(account.account_id, role, key or Signer.generate())
        self.service.people.keys.announce(account.account_id, self.people[name].key, LOCAL)
        return self.people[name]

    def put(self, predicate: Predicate, subject: str, name: str, *signers: Signer) -> Ref:
        payload = statement_payload(name, subject, predicate)
        signatures = tuple(dsse.Signature(each.keyid, each.sign(dsse.pae(payload))) for each in signers)
        ticket = self.service.log.sequencer.submit(predicate.record_id, payload, signatures=signatures)
        return Ref(leaf_hash=ticket.result(20).entry.leaf_hash.hex(), record_id=predicate.record_id)

    @property
    def about(self) -> dict[str, Any]:
        return {"generated_at": now_text(), "origin": self.service.log.origin, "record_id": new_id()}

    def register(self, name: str, owner: Someone) -> None:
        work = registration().model_copy(update=self.about | {"artist_id": owner.account_id, "work_id": new_id()})
        self.works[name] = (work.work_id, self.put(work, FILE, "work", owner.key))

    def file(self, name: str) -> None:
        claimant = self.people[name]
        claim = Claim(
            claim_type="authored-image", claimant_id=claimant.account_id, model=None, refs=(), text=None, works=(),
            **self.about,
        )  # fmt: skip
        sha256 = hashlib.sha256(statement_payload("image", FILE, claim)).hexdigest()
        filed = self.put(claim, FILE, "image", claimant.key)
        verdict = ClaimVerdictRecord(
            evidence=(), refs=(filed,), rules=sha("rules"), verdict="inconclusive", **self.about
        )
        self.claims[name] = (sha256, filed, self.put(verdict, sha256, "claim"))
