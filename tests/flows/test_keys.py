"""Record keys: rotated without a gap, revoked for good; the auditor's replay agrees at every step."""

from __future__ import annotations

import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.app import Application, open_application
from ledger.audit.entries import EntryChecker
from ledger.errors import ConflictError, InputError, NotFoundError, VerificationError
from ledger.log.entry import Draft, Entry
from ledger.log.merkle import leaf_hash
from ledger.record import dsse
from ledger.record.ids import new_id
from ledger.record.keys import Signer, load_signer
from ledger.record.predicates import Registration
from ledger.record.statement import statement_payload
from ledger.storage.database import Database
from ledger.storage.log.entries import PostgresEntryStore
from tests.record.samples import registration


@pytest.fixture
def service(database_url: str, tmp_path: Path) -> Iterator[Application]:
    with open_application(data_dir=tmp_path / "data", database_url=database_url) as opened:
        opened.log.keys.announce()
        yield opened


@pytest.fixture
def again(service: Application, database_url: str, tmp_path: Path) -> Iterator[Application]:
    """Another process of the same installation."""
    with open_application(data_dir=tmp_path / "data", database_url=database_url) as opened:
        yield opened


def payload(record_id: str) -> bytes:
    sample = registration(1).model_dump() | {"record_id": record_id, "work_id": record_id}
    return statement_payload("work", "ab" * 32, Registration.model_validate(sample))


def append(application: Application) -> Entry:
    record_id = new_id()
    return application.log.sequencer.submit(record_id, payload(record_id)).result(20).entry


def signer_of(entry: Entry) -> str:
    return dsse.signers_of(entry.envelope)[0]


def replay(application: Application) -> int:
    checker = EntryChecker(application.log.origin)
    for entry in application.store.entries.read(0, application.store.entries.head().size):
        checker.check(entry.leaf_index, entry.leaf_hash, entry.envelope)
    return application.store.entries.head().size


def test_a_running_process_signs_with_the_new_key_at_once(service: Application, again: Application) -> None:
    old = signer_of(append(again))
    state = again.log.keys.rotate()
    assert signer_of(append(service)) == state.keyid != old
    assert [each.state for each in service.log.keys.states()] == ["good", "signs"]
    assert replay(service) == 4
    revoked = again.log.keys.revoke(old[:8])
    assert (revoked.state, revoked.revoked_index) == ("revoked", 4)
    append(service)
    append(again)
    assert replay(service) == 7
    assert service.log.record_keys == [state.public_key]


def test_nothing_is_refused_while_the_key_is_rotated(service: Application, again: Application) -> None:
    entries: list[Entry] = []
    failures: list[BaseException] = []
    rotated = threading.Event()

    def work() -> None:
        after = 0
        while after < 5:
            try:
                entries.append(append(service))
            except BaseException as error:  # noqa: BLE001
                failures.append(error)
                return
            after += rotated.is_set()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for _ in range(3):
        again.log.keys.rotate()
    rotated.set()
    for worker in workers:
        worker.join()
    assert not failures
    assert signer_of(max(entries, key=lambda entry: entry.leaf_index)) == again.log.keys.signer().keyid
    assert replay(service) == len(entries) + 4


def test_the_files_of_a_rotation(service: Application, tmp_path: Path) -> None:
    folder = tmp_path / "data" / "keys"
    old = load_signer(folder / "record.pem")
    vkey, log_key = service.log.vkey, (folder / "log.pem").read_bytes()
    new = service.log.keys.rotate()
    assert load_signer(folder / "record.pem").keyid == new.keyid
    assert load_signer(folder / f"record-{old.keyid[:8]}.pem").keyid == old.keyid
    assert not (folder / "record-next.pem").exists()
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert (folder / "log.pem").read_bytes() == log_key, "record and log keys are separate"
    assert service.log.vkey == vkey


def test_a_rotation_that_was_killed_goes_on_with_the_key_that_it_announced(
    service: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        service.log.keys.rotate()
    monkeypatch.undo()
    announced = service.log.keys.states()[1]
    assert announced.state == "good"
    append(service)
    assert service.log.keys.rotate().keyid == announced.keyid
    assert signer_of(append(service)) == announced.keyid
    assert replay(service) == 4


def test_the_service_refuses_to_sign_with_a_key_that_the_log_revoked(
    service: Application, again: Application, database_url: str, tmp_path: Path
) -> None:
    folder = tmp_path / "data" / "keys"
    old = (folder / "record.pem").read_bytes()
    keyid = service.log.keys.signer().keyid
    service.log.keys.rotate()
    service.log.keys.revoke(keyid)
    (folder / "record.pem").write_bytes(old)
    with pytest.raises(ConflictError) as running:
        append(service)
    with pytest.raises(ConflictError) as starting:
        _ = again.log.sequencer
    assert running.value.code == starting.value.code == "key-revoked"
    assert replay(service) == 3


@pytest.mark.parametrize("quick", [False, True])
def test_the_store_takes_nothing_from_a_revoked_key_however_late_it_arrives(
    service: Application, database_url: str, quick: bool
) -> None:
    """A process may have signed just before the revocation: it must not reach the log after it."""
    old = load_signer(service.log.record_key_file.path)

    def draft() -> Draft:
        record_id = new_id()
        return Draft(record_id, dsse.sign(payload(record_id), [old]))

    with Database(database_url) as database:
        stale = PostgresEntryStore(database)
        before = [draft() for _ in range(3)]
        for each in before if quick else before[:1]:
            stale.append([each])
        new = service.log.keys.rotate()
        late = draft()
        service.log.keys.revoke(old.keyid)
        with pytest.raises(ConflictError) as refusal:
            stale.append([late])
        assert refusal.value.code == "key-revoked"
        assert stale.append([before[0]])[0].repeated, "what it signed earlier stays"
        for _ in range(4):  # this process' own appends are quick by then
            assert signer_of(append(service)) == new.keyid
        with pytest.raises(ConflictError):
            service.store.entries.append([draft()])
    replay(service)


def test_a_revocation_and_a_record_by_that_key_in_one_batch(service: Application) -> None:
    old = load_signer(service.log.record_key_file.path)
    for _ in range(3):
        append(service)
    service.log.keys.rotate()
    for _ in range(3):
        service.store.entries.append([Draft(record_id := new_id(), dsse.sign(payload(record_id), [old]))])
    service.log.keys.revoke(old.keyid)
    with pytest.raises(ConflictError):
        service.store.entries.append([Draft(record_id := new_id(), dsse.sign(payload(record_id), [old]))])
    replay(service)


def test_replay_refuses_what_a_revoked_key_signed(service: Application) -> None:
    old = load_signer(service.log.record_key_file.path)
    service.log.keys.rotate()
    service.log.keys.revoke(old.keyid)
    checker = EntryChecker(service.log.origin)
    for entry in service.store.entries.read(0, 3):
        checker.check(entry.leaf_index, entry.leaf_hash, entry.envelope)
    forged = dsse.sign(payload(new_id()), [old])
    with pytest.raises(VerificationError) as refusal:
        checker.check(3, leaf_hash(forged), forged)
    assert refusal.value.code == "key-revoked"


def test_a_second_installation_needs_an_announcement(service: Application, database_url: str, tmp_path: Path) -> None:
    with open_application(data_dir=tmp_path / "second", database_url=database_url) as second:
        with pytest.raises(ConflictError) as refusal:
            _ = second.log.sequencer
        assert refusal.value.code == "key-not-announced"
        other = load_signer(second.log.record_key_file.path)
        added = service.log.keys.add(other)
        assert service.log.keys.add(other) == added
        assert signer_of(append(second)) == other.keyid
        assert {signer_of(append(service)), other.keyid} == {state.keyid for state in service.log.keys.states()}
        second.log.keys.revoke(service.log.keys.signer().keyid)
        with pytest.raises(ConflictError) as revoked:
            append(service)
        assert revoked.value.code == "key-revoked"
    replay(service)


def test_what_cannot_be_revoked(service: Application) -> None:
    old = service.log.keys.signer().keyid
    service.log.keys.rotate()
    service.log.keys.revoke(old)
    for keyid, kind, code in [
        (service.log.keys.signer().keyid, ConflictError, "key-in-use"),
        (old, ConflictError, "key-revoked"),
        ("0" * 64, NotFoundError, "key-not-found"),
        (old[:4], InputError, "key-ambiguous"),
    ]:
        with pytest.raises(kind) as refusal:
            service.log.keys.revoke(keyid)
        assert refusal.value.code == code
    with pytest.raises(ConflictError):
        service.log.keys.add(load_signer(service.log.record_key_file.path.with_name(f"record-{old[:8]}.pem")))
    assert replay(service) == 3


def test_a_file_with_a_key_that_nobody_announced_is_not_used(service: Application) -> None:
    service.log.record_key_file.path.write_bytes(Signer.generate().to_pem())
    with pytest.raises(ConflictError) as refusal:
        append(service)
    assert refusal.value.code == "key-not-announced"
    assert replay(service) == 1
