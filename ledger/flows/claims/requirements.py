"""What a claim may be about: the claimant's own works that are still registered, a model, a picture."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from ledger.audit.statement_rules import MAX_WORKS
from ledger.claim.registry import CLAIM_TYPES
from ledger.errors import AccessError, InputError, NotFoundError
from ledger.flows.claims.statements import ClaimOrder
from ledger.flows.records.models import Models
from ledger.record.claim_values import ClaimType
from ledger.record.ids import parse_id
from ledger.record.parts import ModelRef, Ref
from ledger.record.predicates import Claim
from ledger.record.statement import Statement
from ledger.storage.works.works import WorkReader


@dataclass(frozen=True, slots=True)
class ClaimSubject:
    """What a claim is about."""

    sha256: str
    """Digest of the picture's file, or, for a claim without a picture, of the work's file."""
    refs: tuple[Ref, ...]
    """The registrations of the works named, and the newest record of the model."""
    model: ModelRef | None


@dataclass(frozen=True, slots=True)
class ClaimRequirements:
    """Threads may share it."""

    works: WorkReader
    models: Models

    def subject(self, order: ClaimOrder, claimant_id: str, data: bytes | None) -> ClaimSubject:
        """Raises InputError (`bad-claim`, `claim-image`, `bad-id`, `work-withdrawn`), NotFoundError (`work-not-found`,
        `model-not-found`), AccessError (`work-not-yours`)."""
        refs, subjects = self._works(order, claimant_id)
        model, model_refs = self._model(order)
        return ClaimSubject(_subject(order, data, subjects), (*refs, *model_refs), model)

    def require(self, statement: Statement, claim: Claim, data: bytes | None) -> None:
        """Checks that a claim that was drafted elsewhere, or a while ago, equals one that would be drafted now.

        Raises as `subject` does, and InputError (`other-image`, `claim-refs`).
        """
        model_id = None if claim.model is None else claim.model.model_id
        subject = self.subject(ClaimOrder(claim.claim_type, claim.works, model_id), claim.claimant_id, data)
        if statement.subject_name != "image" or statement.subject_sha256 != subject.sha256:
            raise InputError("the claim is about another file than the one sent with it", code="other-image")
        if claim.model != subject.model or claim.refs != subject.refs:
            raise InputError(
                "the claim must refer to the records of its works and its model, and to no others",
                code="claim-refs",
                hint="Prepare it again: POST /v1/claims?prepare=true",
            )

    def _works(self, order: ClaimOrder, claimant_id: str) -> tuple[list[Ref], list[str]]:
        """References to the registrations of the works named, and the digests of their files."""
        if len(set(order.works)) != len(order.works) or len(order.works) > MAX_WORKS:
            raise _bad(order.claim_type, f"names at most {MAX_WORKS} works, each of them once")
        if not order.works and CLAIM_TYPES[order.claim_type].works == "required":
            raise _bad(order.claim_type, "needs at least one work", "name it: --work WORK_ID, over HTTP `works`")
        works = self.works.works({parse_id(work_id) for work_id in order.works})
        refs, subjects = [], []
        for work_id in order.works:
            work = works.get(work_id)
            if work is None:
                raise NotFoundError(f"there is no work {work_id}", code="work-not-found")
            if work.artist_id != claimant_id:
                raise AccessError(f"work {work_id} is registered by somebody else", code="work-not-yours")
            if work.withdrawn:
                raise InputError(
                    f"work {work_id} is withdrawn: it is no longer compared and cannot be claimed",
                    code="work-withdrawn",
                )
            refs.append(Ref(leaf_hash=work.registration_leaf_hash, record_id=work.registration_record_id))
            subjects.append(work.sha256)
        return refs, subjects

    def _model(self, order: ClaimOrder) -> tuple[ModelRef | None, list[Ref]]:
        needed = CLAIM_TYPES[order.claim_type].model
        if order.model_id is None:
            if needed == "required":
                raise _bad(order.claim_type, "needs a model", "name it: --model MODEL_ID, over HTTP `model_id`")
            return None, []
        if needed == "refused":
            raise _bad(order.claim_type, "is not about a model", "leave the model out")
        newest = self.models.records(order.model_id)[-1]
        weights = newest.statement.subject_sha256
        return ModelRef(model_id=order.model_id, weights_sha256=weights), [newest.ref]


def _subject(order: ClaimOrder, data: bytes | None, subjects: list[str]) -> str:
    if data is not None:
        return hashlib.sha256(data).hexdigest()
    if CLAIM_TYPES[order.claim_type].picture == "required" or not subjects:
        raise InputError(f"a claim of the type {order.claim_type} needs the picture's file", code="claim-image")
    return subjects[0]


def _bad(claim_type: ClaimType, message: str, hint: str | None = None) -> InputError:
    return InputError(f"invalid claim: `{claim_type}` {message}", code="bad-claim", hint=hint)
