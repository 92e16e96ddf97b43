"""Statements that their makers sign: taken with a good signature of the right holder, refused otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ledger.answers.people import AccountAnswer
from ledger.app import Application, open_application
from ledger.audit.entries import EntryChecker
from ledger.errors import LedgerError, VerificationError
from ledger.flows.people.principal import LOCAL, PUBLIC, Principal
from ledger.flows.records.cosigned import envelope_bytes
from ledger.log.entry import Appended
from ledger.record import dsse
from ledger.record.ids import new_id
from ledger.record.keys import Signer
from ledger.record.predicates import Claim, Withdrawal
from ledger.record.statement import statement_payload
from ledger.record.times import format_time, now_text
from tests.record.samples import ORIGIN

KEY, OTHER_KEY, STRANGER = (Signer.from_seed(bytes([number]) * 32) for number in (1, 2, 3))
CLAIM = ("claim",)


@pytest.fixture
def service(database_url: str, tmp_path: Path) -> Iterator[Application]:
    with open_application(data_dir=tmp_path / "data", database_url=database_url) as opened:
        yield opened


@pytest.fixture
def ada(service: Application) -> AccountAnswer:
    """An artist with a key on the log."""
    account = service.people.accounts.create("artist", "Ada")
    service.people.keys.announce(account.account_id, KEY, LOCAL)
    return account


def claim_by(claimant_id: str, **changes: Any) -> bytes:
    fields: dict[str, Any] = {
        "claim_type": "authored-image",
        "claimant_id": claimant_id,
        "generated_at": now_text(),
        "model": None,
        "origin": ORIGIN,
        "record_id": new_id(),
        "refs": (),
        "text": None,
        "works": (),
    }
    return statement_payload("image", "ab" * 32, Claim(**(fields | changes)))


def principal(account: AccountAnswer) -> Principal:
    return Principal(account.role, account.account_id)


def replay(application: Application) -> int:
    """The auditor agrees with everything on the log."""
    checker = EntryChecker(application.log.origin)
    for entry in application.store.entries.read(0, application.store.entries.head().size):
        checker.check(entry.leaf_index, entry.leaf_hash, entry.envelope)
    return application.store.entries.head().size


def refusal(application: Application, envelope: bytes, by: Principal) -> str:
    before = application.store.entries.head().size
    with pytest.raises(LedgerError) as caught:
        application.people.cosigning.submit(envelope, by, kinds=CLAIM)
    assert application.store.entries.head().size == before, "nothing was appended"
    return caught.value.code


def test_two_signatures_on_one_envelope(service: Application, ada: AccountAnswer) -> None:
    payload = claim_by(ada.account_id)
    envelope = dsse.sign(payload, [KEY])
    appended = service.people.cosigning.submit(envelope, principal(ada), kinds=CLAIM)
    leaf = dsse.parse(appended.entry.envelope)
    assert leaf.payload == payload
    assert [each.keyid for each in leaf.signatures] == [service.log.keys.signer().keyid, KEY.keyid]
    assert replay(service) == 3
    again = service.people.cosigning.submit(envelope, principal(ada), kinds=CLAIM)
    assert again == Appended(appended.entry, repeated=True)
    assert replay(service) == 3


def test_whose_it_is_not(service: Application, ada: AccountAnswer) -> None:
    bob = service.people.accounts.create("artist", "Bob")
    service.people.keys.announce(bob.account_id, OTHER_KEY, LOCAL)
    mine = dsse.sign(claim_by(ada.account_id), [KEY])
    assert refusal(service, mine, principal(bob)) == "wrong-holder"
    assert refusal(service, mine, PUBLIC) == "wrong-holder"
    assert refusal(service, dsse.sign(claim_by(bob.account_id), [KEY]), principal(ada)) == "wrong-holder"
    assert refusal(service, dsse.sign(claim_by(ada.account_id), [OTHER_KEY]), principal(ada)) == "wrong-holder"
    assert refusal(service, dsse.sign(claim_by(ada.account_id), [OTHER_KEY]), principal(bob)) == "wrong-holder"


def test_an_auditor_files_no_claims(service: Application) -> None:
    auditor = service.people.accounts.create("auditor", "Carla")
    service.people.keys.announce(auditor.account_id, KEY, LOCAL)
    envelope = dsse.sign(claim_by(auditor.account_id), [KEY])
    assert refusal(service, envelope, principal(auditor)) == "wrong-holder"


def test_signatures_that_are_none(service: Application, ada: AccountAnswer) -> None:
    mine = principal(ada)
    one, other = (dsse.parse(dsse.sign(claim_by(ada.account_id), [KEY])) for _ in range(2))
    swapped = dsse.encode(dsse.Envelope(one.payload, other.signatures))
    assert refusal(service, swapped, mine) == "bad-signature"
    assert refusal(service, dsse.sign(claim_by(ada.account_id), [STRANGER]), mine) == "unknown-key"
    assert refusal(service, dsse.sign(claim_by(ada.account_id), [KEY, STRANGER]), mine) == "envelope-shape"
    renamed = dsse.encode(
        dsse.Envelope(one.payload, (dsse.Signature(KEY.keyid, STRANGER.sign(dsse.pae(one.payload))),))
    )
    assert refusal(service, renamed, mine) == "bad-signature"
    service_signed = dsse.sign(claim_by(ada.account_id), [service.log.keys.signer()])
    assert refusal(service, service_signed, mine) == "wrong-holder"


def test_a_revoked_key_signs_nothing_more(service: Application, ada: AccountAnswer) -> None:
    before = dsse.sign(claim_by(ada.account_id), [KEY])
    accepted = service.people.cosigning.accept(before, principal(ada), kinds=CLAIM)
    service.log.keys.revoke(KEY.keyid)
    assert refusal(service, dsse.sign(claim_by(ada.account_id), [KEY]), principal(ada)) == "signer-revoked"
    with pytest.raises(VerificationError) as late:
        service.people.cosigning.append(accepted)
    assert late.value.code == "signer-revoked", "also where it was revoked between check and append"
    assert replay(service) == 3


def test_stale_statements_and_those_from_the_future(service: Application, ada: AccountAnswer) -> None:
    for away in (timedelta(days=-1, minutes=-1), timedelta(minutes=6)):
        moment = format_time(datetime.now(UTC) + away)
        envelope = dsse.sign(claim_by(ada.account_id, generated_at=moment), [KEY])
        assert refusal(service, envelope, principal(ada)) == "stale-statement"


def test_one_record_id_is_one_statement(service: Application, ada: AccountAnswer) -> None:
    first = claim_by(ada.account_id)
    appended = service.people.cosigning.submit(dsse.sign(first, [KEY]), principal(ada), kinds=CLAIM)
    other = claim_by(ada.account_id, record_id=appended.entry.record_id, claim_type="copies-work")
    assert refusal(service, dsse.sign(other, [KEY]), principal(ada)) == "record-id-taken"


def test_kinds_that_the_caller_does_not_take(service: Application, ada: AccountAnswer) -> None:
    predicate = Withdrawal(
        generated_at=now_text(), origin=ORIGIN, reason="artist", record_id=new_id(), refs=(), work_id=new_id()
    )
    envelope = dsse.sign(statement_payload("work", "ab" * 32, predicate), [KEY])
    assert refusal(service, envelope, principal(ada)) == "unexpected-kind"
    accepted = service.people.cosigning.accept(
        envelope, principal(ada), kinds=("withdrawal",), holder_id=ada.account_id
    )
    assert accepted.holder.holder_id == ada.account_id
    with pytest.raises(LedgerError) as caught:
        service.people.cosigning.accept(envelope, LOCAL, kinds=("withdrawal",), holder_id=new_id())
    assert caught.value.code == "wrong-holder"


def test_many_at_once_through_the_sequencer(service: Application, ada: AccountAnswer) -> None:
    signed = [
        service.people.cosigning.accept(dsse.sign(claim_by(ada.account_id), [KEY]), LOCAL, kinds=CLAIM)
        for _ in range(20)
    ]
    appended = service.log.sequencer.append_now([each.submission() for each in signed])
    assert len({each.entry.leaf_index for each in appended}) == 20
    assert replay(service) == 22


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {},
        {"payload": "e30=", "payloadType": "text/plain", "signatures": [{"keyid": "ab" * 32, "sig": "AAAA"}]},
        {"payload": "e30", "payloadType": dsse.PAYLOAD_TYPE, "signatures": [{"keyid": "ab" * 32, "sig": "AAAA"}]},
        {"payload": "e30=", "payloadType": dsse.PAYLOAD_TYPE, "signatures": []},
        {"payload": "e30=", "payloadType": dsse.PAYLOAD_TYPE, "signatures": [{"keyid": "AB" * 32, "sig": "AAAA"}]},
        {"payload": "e30=", "payloadType": dsse.PAYLOAD_TYPE, "signatures": [{"keyid": "ab" * 32, "sig": "\u202e"}]},
    ],
)
def test_documents_that_are_no_envelope(document: object) -> None:
    with pytest.raises(VerificationError) as caught:
        envelope_bytes(document)
    assert caught.value.code == "envelope-shape"
