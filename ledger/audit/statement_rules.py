"""The rules for a statement at its index of a log (FORMAT.md, References), the same for auditors and the service.

An auditor applies them to every entry of a replay. The service applies them to statements that others send, before it
queues them, so it appends nothing that an audit would refuse. The functions are pure: callers provide the facts about
earlier entries.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, assert_never

from ledger.audit.facts import Fact, Facts
from ledger.errors import VerificationError
from ledger.record.party import Party, party_of
from ledger.record.predicates import (
    Asset,
    CalibrationRecord,
    Claim,
    ClaimVerdictRecord,
    Consent,
    DomainRecord,
    Finding,
    Generation,
    KeyRecord,
    Kind,
    ModelRecord,
    Registration,
    Resolution,
    Response,
    Usage,
    Verification,
    Withdrawal,
    refs_of,
)
from ledger.record.statement import Statement

Refs = tuple[tuple[str, str], ...]
"""Record id and leaf hash of each record referred to; evidence comes last."""
MAX_WORKS = 20
"""Largest number of works that a claim may name."""
_CASE: frozenset[Kind] = frozenset({"verification", "registration", "generation", "asset", "model", "verdict"})
"""Kinds of records that a verdict may refer to, besides its claim."""


class Gist(NamedTuple):
    """The part of a statement that the rules need; a tuple, because it is sent between processes."""

    kind: Kind
    record_id: str
    subject: str
    refs: Refs
    party: Party | None
    """The maker of the statement; None for the service."""
    about: tuple[str, ...] = ()
    """As `Fact.about`."""
    works: tuple[str, ...] = ()
    """For a claim: the work ids that it names, in order."""
    model: tuple[str, str] | None = None
    """For a claim that names a model: the model and the digest of its weights."""


def gist_of(statement: Statement, payload: bytes) -> Gist:
    """The gist of `statement`, which was parsed from `payload`."""
    predicate, subject = statement.predicate, statement.subject_sha256
    refs = tuple((ref.record_id, ref.leaf_hash) for ref in refs_of(predicate))
    bare = Gist(predicate.kind, predicate.record_id, subject, refs, party_of(predicate))
    match predicate:
        case Registration():
            return bare._replace(about=(predicate.work_id, predicate.artist_id, subject))
        case Consent() | Withdrawal():
            return bare._replace(about=(predicate.work_id,))
        case ModelRecord():
            return bare._replace(about=(predicate.model_id, subject))
        case Claim():
            named = None if predicate.model is None else (predicate.model.model_id, predicate.model.weights_sha256)
            return bare._replace(about=(hashlib.sha256(payload).hexdigest(),), works=predicate.works, model=named)
        case ClaimVerdictRecord():
            return bare._replace(about=tuple(ref.record_id for ref in predicate.refs[:1]))
        case (
            KeyRecord() | CalibrationRecord() | Verification() | Generation() | Asset() | Response() | Resolution()
            | Usage() | Finding() | DomainRecord()
        ):  # fmt: skip
            return bare
        case _:
            assert_never(predicate)


def fact_of(gist: Gist, leaf_hash: str) -> Fact:
    """The fact to keep once the statement is on the log."""
    return Fact(gist.kind, leaf_hash, gist.about)


def maker_of(gist: Gist, facts: Facts) -> Party | None:
    """The maker of the statement; the work's artist if only its registration names them."""
    if gist.party is None or gist.party.holder_id is not None:
        return gist.party
    work = facts.work(gist.about[0])
    return gist.party.named("" if work is None else work.artist_id)


def require_origin(stated: str, expected: str) -> None:
    """Requires that a statement was made for this log; one that was signed for another log is invalid here.

    Raises VerificationError (`wrong-origin`).
    """
    if stated != expected:
        raise VerificationError(
            f"the statement was made for the log {stated!r}, but this log is {expected!r}", code="wrong-origin"
        )


def require_references(gist: Gist, facts: Facts) -> None:
    """Requires that a statement refers to exactly the records that its kind requires.

    Raises VerificationError: `bad-ref` (not on the log before, or another hash), `wrong-refs`, `wrong-subject`,
    `work-withdrawn`, `work-id-repeated`, `work-not-yours`.
    """
    expected = _count(gist)
    if expected is not None and len(gist.refs) != expected:
        raise _wrong(gist, f"it refers to {expected} records; this one to {len(gist.refs)}")
    named = [_held(record_id, leaf_hash, facts) for record_id, leaf_hash in gist.refs]
    _RULES[gist.kind](gist, named, facts)


def _count(gist: Gist) -> int | None:
    """The required number of references, if it is known before any is looked up; else None."""
    if gist.kind == "claim":
        return len(gist.works) + (gist.model is not None)
    return _COUNTS.get(gist.kind)


def _held(record_id: str, expected: str, facts: Facts) -> Fact:
    fact = facts.record(record_id)
    if fact is None:
        raise VerificationError(f"refers to record {record_id}, which no earlier entry holds", code="bad-ref")
    if fact.leaf_hash != expected:
        raise VerificationError(
            f"refers to record {record_id} with leaf hash {expected}, but that record has {fact.leaf_hash}",
            code="bad-ref",
        )
    return fact


def _require_kinds(gist: Gist, named: Sequence[Fact], *kinds: Kind) -> None:
    """Requires exactly these kinds, in this order."""
    if tuple(fact.kind for fact in named) != kinds:
        expected = " and ".join(f"one {kind}" for kind in kinds) or "no other record"
        raise _wrong(gist, f"it refers to {expected}")


def _require_among(gist: Gist, named: Sequence[Fact], kinds: frozenset[Kind]) -> None:
    for fact in named:
        if fact.kind not in kinds:
            raise _wrong(gist, f"it refers to no {fact.kind}")


def _nothing(gist: Gist, named: Sequence[Fact], _: Facts) -> None:
    _require_kinds(gist, named)


def _registration(gist: Gist, named: Sequence[Fact], facts: Facts) -> None:
    _require_kinds(gist, named)
    if facts.work(gist.about[0]) is not None:
        raise VerificationError(f"work {gist.about[0]} is already registered", code="work-id-repeated")


def _terms(gist: Gist, named: Sequence[Fact], facts: Facts) -> None:
    """For `consent` and `withdrawal`: refers to the registration of a work that is not withdrawn."""
    _require_kinds(gist, named, "registration")
    work_id, _, sha256 = named[0].about
    if work_id != gist.about[0]:
        raise _wrong(gist, f"it refers to the registration of work {gist.about[0]}, not of {work_id}")
    if gist.subject != sha256:
        raise _other_subject(gist, "the work's file")
    work = facts.work(work_id)
    if work is None or work.withdrawn:
        raise VerificationError(f"work {work_id} was withdrawn, which is final", code="work-withdrawn")


def _among(*kinds: Kind) -> Callable[[Gist, Sequence[Fact], Facts], None]:
    allowed = frozenset(kinds)
    return lambda gist, named, _: _require_among(gist, named, allowed)


def _asset(gist: Gist, named: Sequence[Fact], _: Facts) -> None:
    _require_kinds(gist, named, "generation")


def _claim(gist: Gist, named: Sequence[Fact], facts: Facts) -> None:
    count = len(gist.works)
    if len(set(gist.works)) != count or count > MAX_WORKS:
        raise _wrong(gist, f"it names at most {MAX_WORKS} works, each once")
    if _works_of(named[:count]) != gist.works:
        raise _wrong(gist, "it refers to the registration of each of its works, in their order")
    if gist.model is not None and [(fact.kind, fact.about) for fact in named[count:]] != [("model", gist.model)]:
        raise _wrong(gist, "after its works it refers to a record of its model, with the weights that it names")
    for work in map(facts.work, gist.works):
        if work is None or gist.party is None or work.artist_id != gist.party.holder_id:
            raise VerificationError("a claim names works that its claimant registered", code="work-not-yours")


def _verdict(gist: Gist, named: Sequence[Fact], _: Facts) -> None:
    """The claim comes first, then its evidence. A replaced earlier verdict must be about the same claim."""
    _require_kinds(gist, named[:1], "claim")
    _require_about(gist, named[0])
    _require_among(gist, named[1:], _CASE)
    if any(fact.kind == "verdict" and fact.about != gist.about for fact in named):
        raise _wrong(gist, "it takes the place of a verdict about another claim")


def _response(gist: Gist, named: Sequence[Fact], _: Facts) -> None:
    _require_kinds(gist, named, "claim")
    _require_about(gist, named[0])


def _resolution(gist: Gist, named: Sequence[Fact], _: Facts) -> None:
    _require_kinds(gist, named, "claim", "verdict")
    _require_about(gist, named[0])
    if named[1].about != (gist.refs[0][0],):
        raise _wrong(gist, "its verdict is about another claim")


_COUNTS: Mapping[Kind, int] = {
    "key": 0, "registration": 0, "consent": 1, "withdrawal": 1, "model": 0, "calibration": 0, "asset": 1,
    "response": 1, "resolution": 2, "usage": 0, "domain": 0,
}  # fmt: skip
_RULES: Mapping[Kind, Callable[[Gist, Sequence[Fact], Facts], None]] = {
    "key": _nothing,
    "registration": _registration,
    "consent": _terms,
    "withdrawal": _terms,
    "model": _nothing,
    "calibration": _nothing,
    "verification": _among("calibration", "registration"),
    "generation": _among("calibration", "registration", "model", "generation"),
    "asset": _asset,
    "claim": _claim,
    "verdict": _verdict,
    "response": _response,
    "resolution": _resolution,
    "usage": _nothing,
    "domain": _nothing,
    "finding": _among("generation", "registration", "model"),
}


def _works_of(named: Sequence[Fact]) -> tuple[str, ...]:
    """The works of the registrations among these records."""
    return tuple(fact.about[0] if fact.kind == "registration" else "" for fact in named)


def _require_about(gist: Gist, claim: Fact) -> None:
    if claim.about != (gist.subject,):
        raise _other_subject(gist, "its claim's payload")


def _other_subject(gist: Gist, what: str) -> VerificationError:
    return VerificationError(f"the subject of a {gist.kind} is {what}; this one's is another", code="wrong-subject")


def _wrong(gist: Gist, what: str) -> VerificationError:
    return VerificationError(f"a {gist.kind} must refer to other records: {what}", code="wrong-refs")
