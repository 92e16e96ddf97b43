"""Records about claims, and statements of use."""

from __future__ import annotations

from typing import ClassVar

from ledger.record.claim_values import ClaimType, ClaimVerdict
from ledger.record.parts import EvidenceRef, LeafRange, ModelRef, Ref, UsageCount
from ledger.record.predicates.kind import Kind
from ledger.record.values import Digest, Id, Model, Origin, Time


class Claim(Model):
    """Somebody's statement about an image. Subject: the image's bytes. `works` are work ids, `text` a commitment."""

    kind: ClassVar[Kind] = "claim"
    claim_type: ClaimType
    claimant_id: Id
    generated_at: Time
    model: ModelRef | None
    origin: Origin
    record_id: Id
    refs: tuple[Ref, ...]
    text: Digest | None
    works: tuple[Id, ...]


class ClaimVerdictRecord(Model):
    """The result of the published rules for a claim. Subject: the claim's payload; `rules`: digest of those rules."""

    kind: ClassVar[Kind] = "verdict"
    evidence: tuple[EvidenceRef, ...]
    generated_at: Time
    origin: Origin
    record_id: Id
    refs: tuple[Ref, ...]
    rules: Digest
    verdict: ClaimVerdict


class Response(Model):
    """A party's answer to a claim. Subject: the claim's payload; `text` is a commitment."""

    kind: ClassVar[Kind] = "response"
    generated_at: Time
    origin: Origin
    party_id: Id
    record_id: Id
    refs: tuple[Ref, ...]
    text: Digest


class Resolution(Model):
    """An auditor's decision that closes a claim. Subject: the claim's payload; `text` is a commitment."""

    kind: ClassVar[Kind] = "resolution"
    auditor_id: Id
    generated_at: Time
    origin: Origin
    outcome: ClaimVerdict
    record_id: Id
    refs: tuple[Ref, ...]
    text: Digest


class Period(Model):
    """start <= time < end."""

    end: Time
    start: Time


class Usage(Model):
    """How an artist's works were used in a range of entries. Subject: the statement's file."""

    kind: ClassVar[Kind] = "usage"
    artist_id: Id
    counts: tuple[UsageCount, ...]
    generated_at: Time
    leaf_range: LeafRange
    origin: Origin
    period: Period
    record_id: Id
