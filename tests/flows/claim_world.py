"""Two artists, a generator, an auditor, and what tests ask of their claims."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from ledger.answers.claims import ClaimAnswer
from ledger.app import Application
from ledger.audit.checks import AuditVerdict
from ledger.audit.claims.claim import audit_claim
from ledger.errors import LedgerError
from ledger.flows.claims.statements import ClaimOrder
from ledger.flows.people.principal import LOCAL, Principal
from ledger.record.predicates import ClaimType
from tests.flows.people import Person
from tests.generated import encoded
from tests.match.drawings import drawing


@dataclass(frozen=True)
class World:
    application: Application
    ada: Person
    ada_works: list[str]
    bob: Person
    bob_works: list[str]
    auditor: Person
    generated: bytes
    """File of a picture that this server made."""
    model_id: str


def picture(number: int, **edit: int) -> bytes:
    return encoded(drawing(number).resize((edit.get("side", 512),) * 2), "JPEG", quality=edit.get("quality", 90))


def verdict(answer: ClaimAnswer) -> str:
    assert answer.verdict is not None
    return answer.verdict.verdict


def codes(answer: ClaimAnswer) -> set[str]:
    assert answer.verdict is not None
    return {reason.finding for reason in answer.verdict.reasons}


def audited(world: World, answer: ClaimAnswer) -> None:
    """Offline, the same verdict follows."""
    world.application.log.settle()
    bundle = world.application.claims.bundles.get(answer.claim_id)
    audit = audit_claim(bundle, world.application.log.vkey)
    assert audit.verdict is AuditVerdict.VERIFIED, audit.to_json()


def refusal(order: ClaimOrder, by: Person, data: bytes | None, principal: Principal | None = None) -> str:
    with pytest.raises(LedgerError) as caught:
        by.application.claims.draft(order, by.account_id, data, principal or by.principal)
    return caught.value.code


def forged(world: World, claim_type: ClaimType, data: bytes) -> bytes:
    return world.application.claims.draft(ClaimOrder(claim_type), world.ada.account_id, data, LOCAL).payload
