"""What a claim is judged by: records as exhibits, proofs from manifests, and what was measured on pictures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

from ledger.record.parts import Ref
from ledger.record.predicates import Claim, ClaimVerdict, Predicate, Verification
from ledger.record.statement import Statement

P = TypeVar("P", bound=Predicate)


@dataclass(frozen=True, slots=True)
class Exhibit:
    """A record of the log, as evidence. Whoever makes one has verified it, or says so."""

    statement: Statement
    ref: Ref
    leaf_index: int


@dataclass(frozen=True, slots=True)
class Listing:
    """Whether a model's disclosed manifest has a file, by a proof that was verified against the root in its record."""

    model_record_id: str
    sha256: str
    listed: bool


@dataclass(frozen=True, slots=True, order=True)
class ClaimFinding:
    """Something established, by the code that the published rules define, and the record that it rests on."""

    code: str
    record_id: str
    leaf_hash: str

    @classmethod
    def of(cls, code: str, ref: Ref) -> ClaimFinding:
        return cls(code, ref.record_id, ref.leaf_hash)

    @property
    def ref(self) -> Ref:
        return Ref(leaf_hash=self.leaf_hash, record_id=self.record_id)


@dataclass(frozen=True, slots=True)
class Case:
    """Everything that is known about a claim, before it is judged."""

    claim: Claim
    subject_sha256: str
    """Of the claimed image's bytes; of a claim without a picture, of the work's file."""
    picture: Exhibit | None
    """The `verification` of those bytes; None where no picture was sent in."""
    exhibits: tuple[Exhibit, ...]
    """Registrations, generations, assets and models that may bear on the claim; those that do not are passed over."""
    listings: tuple[Listing, ...] = ()
    measured: tuple[ClaimFinding, ...] = ()
    """What only a comparison of pictures can tell: codes that the rules call measured."""

    def __post_init__(self) -> None:
        if self.picture is not None and not isinstance(self.picture.statement.predicate, Verification):
            raise ValueError("a claim's picture is known by its verification")

    @property
    def verification(self) -> Verification | None:
        predicate = None if self.picture is None else self.picture.statement.predicate
        return predicate if isinstance(predicate, Verification) else None

    def of(self, kind: type[P]) -> Iterator[tuple[Exhibit, P]]:
        """The exhibits of one kind in the order of the log, each once."""
        seen: set[str] = set()
        for exhibit in sorted(self.exhibits, key=lambda each: each.leaf_index):
            predicate = exhibit.statement.predicate
            if isinstance(predicate, kind) and exhibit.ref.record_id not in seen:
                seen.add(exhibit.ref.record_id)
                yield exhibit, predicate


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the rules say of a case."""

    verdict: ClaimVerdict
    rule: str
    """Id of the rule that applied, within the claim's type."""
    because: str
    findings: tuple[ClaimFinding, ...]
    """Sorted, each once; those without influence on the verdict too."""
