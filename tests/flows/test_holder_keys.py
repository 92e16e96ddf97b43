"""Keys of artists and others: announced with their own signature, rotated and revoked by their holders alone."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ledger.answers.people import AccountAnswer
from ledger.app import Application, open_application
from ledger.errors import InputError, LedgerError
from ledger.flows.people.principal import LOCAL, Principal
from ledger.record import dsse
from ledger.record.keys import Signer
from tests.flows.test_cosigned import principal, replay

KEY, NEXT, STRANGER = (Signer.from_seed(bytes([number]) * 32) for number in (1, 2, 3))


@pytest.fixture
def service(database_url: str, tmp_path: Path) -> Iterator[Application]:
    with open_application(data_dir=tmp_path / "data", database_url=database_url) as opened:
        yield opened


@pytest.fixture
def ada(service: Application) -> AccountAnswer:
    return service.people.accounts.create("artist", "Ada")


def refusal(application: Application, envelope: bytes, by: Principal) -> str:
    before = application.store.entries.head().size
    with pytest.raises(LedgerError) as caught:
        application.people.keys.submit(envelope, by)
    assert application.store.entries.head().size == before, "nothing was appended"
    return caught.value.code


def test_added_rotated_and_revoked_by_the_holder(service: Application, ada: AccountAnswer) -> None:
    keys, mine = service.people.keys, principal(ada)
    first = dsse.sign(keys.draft(ada.account_id, KEY.public_raw), [KEY])
    added = keys.submit(first, mine)
    assert dsse.signers_of(added.entry.envelope) == (service.log.keys.signer().keyid, KEY.keyid)
    assert keys.submit(first, mine).repeated
    rotation = keys.draft(ada.account_id, NEXT.public_raw, event="rotated", replaces=KEY.keyid)
    keys.submit(dsse.sign(rotation, [KEY, NEXT]), mine)
    assert service.people.log_keys.good_keys("artist", ada.account_id) == {KEY.keyid, NEXT.keyid}
    keys.submit(dsse.sign(keys.draft(ada.account_id, KEY.public_raw, event="revoked"), [NEXT]), mine)
    assert [(state.keyid, state.state) for state in keys.states(ada.account_id)] == [
        (KEY.keyid, "revoked"),
        (NEXT.keyid, "good"),
    ]
    assert replay(service) == 4
    assert refusal(service, dsse.sign(keys.draft(ada.account_id, KEY.public_raw), [NEXT, KEY]), mine) == (
        "announced-before"
    )


def test_nobody_announces_a_key_in_anothers_name(service: Application, ada: AccountAnswer) -> None:
    keys, mine = service.people.keys, principal(ada)
    bob = service.people.accounts.create("artist", "Bob")
    payload = keys.draft(ada.account_id, KEY.public_raw)
    assert refusal(service, dsse.sign(payload, [KEY]), principal(bob)) == "wrong-holder"
    assert refusal(service, dsse.sign(payload, [STRANGER]), mine) == "unknown-key"
    forged = dsse.encode(
        dsse.Envelope(payload, (dsse.Signature(KEY.keyid, STRANGER.sign(dsse.pae(payload))),)),
    )
    assert refusal(service, forged, mine) == "bad-signature"
    keys.announce(ada.account_id, KEY, mine)
    second = keys.draft(ada.account_id, NEXT.public_raw)
    assert refusal(service, dsse.sign(second, [NEXT]), mine) == "key-record", "a stolen token is not enough"
    keys.announce(bob.account_id, STRANGER, principal(bob))
    assert refusal(service, dsse.sign(second, [STRANGER, NEXT]), mine) == "wrong-holder"
    assert refusal(service, dsse.sign(keys.draft(bob.account_id, KEY.public_raw), [STRANGER, KEY]), principal(bob)) == (
        "announced-before"
    )
    revocation = keys.draft(ada.account_id, KEY.public_raw, event="revoked")
    assert refusal(service, dsse.sign(revocation, [STRANGER]), mine) == "wrong-holder"
    keys.announce(ada.account_id, NEXT, mine, KEY)
    assert replay(service) == 4


def test_a_lost_key_is_revoked_by_the_service_and_another_announced(service: Application, ada: AccountAnswer) -> None:
    service.people.keys.announce(ada.account_id, KEY, principal(ada))
    service.log.keys.revoke(KEY.keyid)
    service.people.keys.announce(ada.account_id, NEXT, principal(ada))
    assert service.people.log_keys.good_keys("artist", ada.account_id) == {NEXT.keyid}
    assert service.log.record_keys == [service.log.keys.signer().public_raw.hex()], (
        "holders' keys are none of the service's"
    )
    assert replay(service) == 4


def test_two_first_keys_at_once_make_one(
    service: Application, ada: AccountAnswer, database_url: str, tmp_path: Path
) -> None:
    """Judged by the same state of the log, both would be accepted, and the second would spoil it."""
    outcomes: list[str] = []
    signers = [Signer.from_seed(bytes([number]) * 32) for number in range(10, 16)]

    def announcing(application: Application, signer: Signer) -> Callable[[], None]:
        payload = application.people.keys.draft(ada.account_id, signer.public_raw)

        def run() -> None:
            try:
                application.people.keys.submit(dsse.sign(payload, [signer]), principal(ada))
                outcomes.append("added")
            except LedgerError as error:
                outcomes.append(error.code)

        return run

    with open_application(data_dir=tmp_path / "data", database_url=database_url) as again:
        threads = [
            threading.Thread(target=announcing(application, signer))
            for application, signer in zip([service, again] * 3, signers, strict=True)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(outcomes) == ["added"] + ["key-record"] * 5
    assert replay(service) == 2


def test_keys_are_for_those_who_make_statements(service: Application) -> None:
    administrator = service.people.accounts.create("administrator", "Root")
    with pytest.raises(InputError) as caught:
        service.people.keys.draft(administrator.account_id, KEY.public_raw)
    assert caught.value.code == "role-without-keys"


@pytest.mark.parametrize("raw", [b"", bytes(32), b"\xff" * 32])
def test_keys_that_are_none(service: Application, ada: AccountAnswer, raw: bytes) -> None:
    with pytest.raises(InputError) as caught:
        service.people.keys.draft(ada.account_id, raw)
    assert caught.value.code == "bad-public-key"


def test_what_is_said_in_a_holders_name_carries_the_holders_signature(service: Application, ada: AccountAnswer) -> None:
    service.people.log_keys.require_signature("artist", ada.account_id)
    service.people.keys.announce(ada.account_id, KEY, LOCAL)
    with pytest.raises(InputError) as caught:
        service.people.log_keys.require_signature("artist", ada.account_id)
    assert caught.value.code == "signature-required"
