"""Replay of a log of records: signatures, keys and references at their place, also when it goes on from before."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from ledger.audit.checks import Outcome
from ledger.audit.entries import EntryChecker
from ledger.audit.whole_log.replay import LogAudit, replay_log
from ledger.errors import ConflictError
from ledger.log.entry import Draft
from ledger.log.merkle import leaf_hash
from ledger.record.parts import Ref
from ledger.record.predicates import Consent
from tests.audit.material import leaf_of
from tests.log.logs import Log
from tests.record.samples import ORIGIN, OTHER, SIGNER, TIME, key_record, registration, uid

ENTRIES = [leaf_of(key_record()), *(leaf_of(registration(number)) for number in range(100, 106))]
MORE = [leaf_of(registration(number)) for number in range(1000, 1700)]


@pytest.fixture
def log(tmp_path: Path) -> Log:
    log = Log.at(tmp_path)
    append(log, [*ENTRIES, *MORE[:500]])
    return log


def append(log: Log, entries: list[bytes]) -> None:
    log.entries.append([Draft(str(uuid.uuid4()), entry) for entry in entries])
    log.grow(0)


def audit(log: Log, state: Path | None = None, jobs: int = 1, done: list[int] | None = None) -> LogAudit:
    calls = [] if done is None else done
    return replay_log(
        log.location,
        log.signer.key,
        checker=EntryChecker(ORIGIN),
        state_dir=state,
        jobs=jobs,
        progress=lambda verified, _: calls.append(verified),
    )


def failure(result: LogAudit) -> tuple[str, str | None]:
    (check,) = [check for check in result.audit.checks if check.outcome is Outcome.FAILED]
    return check.detail, check.code


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_log_of_records(log: Log, jobs: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ledger.audit.whole_log.replay._FEW_BUNDLES", 0)
    monkeypatch.setattr("ledger.audit.whole_log.replay._BUNDLES_PER_CHUNK", 1)
    result = audit(log, jobs=jobs)
    assert result.audit.exit_code == 0
    assert [check.name for check in result.audit.checks if check.outcome is Outcome.PASSED][2] == "entries and records"
    append(log, [leaf_of(registration(5000), OTHER)])
    detail, code = failure(audit(log, jobs=jobs))
    assert detail.startswith(f"log entry {len(ENTRIES) + 500}: ")
    assert code == "unknown-key"


def test_entries_that_are_no_records(log: Log) -> None:
    append(log, [b"not a record"])
    assert failure(audit(log))[0].startswith(f"log entry {len(ENTRIES) + 500}: ")
    assert replay_log(log.location, log.signer.key).audit.exit_code == 0, "the log itself is in order"


def test_goes_on_with_what_earlier_records_announced(log: Log, tmp_path: Path) -> None:
    state = tmp_path / "state"
    assert audit(log, state).audit.exit_code == 0
    append(log, MORE[500:])
    done: list[int] = []
    assert audit(log, state, done=done).audit.exit_code == 0
    assert done[0] == len(ENTRIES) + 500
    append(log, [MORE[3]])
    detail, code = failure(audit(log, state))
    assert code == "record-id-repeated", "the record ids of earlier audits are known"
    assert detail.startswith(f"log entry {len(ENTRIES) + 700}: ")
    assert failure(audit(log, state)) == (detail, code), "a failed audit is not gone on from"


def test_whose_work_is_whose_is_known_from_earlier_audits(log: Log, tmp_path: Path) -> None:
    """The registration was seen in an earlier audit; the terms come from another artist's key."""
    state = tmp_path / "state"
    assert audit(log, state).audit.exit_code == 0
    stranger = key_record(OTHER, 7000).model_copy(update={"role": "artist", "holder_id": uid(77)})
    work = registration(100)
    registered = Ref(leaf_hash=leaf_hash(ENTRIES[1]).hex(), record_id=work.record_id)
    terms = Consent(
        allowed_uses=("match",), generated_at=TIME, licence="MIT", origin=ORIGIN, record_id=uid(7001),
        refs=(registered,),        work_id=work.work_id,
    )  # fmt: skip
    append(log, [leaf_of(stranger, SIGNER, OTHER), leaf_of(terms, SIGNER, OTHER)])
    assert failure(audit(log, state))[1] == "wrong-holder"
    assert failure(audit(log))[1] == "wrong-holder", "and without them"


def test_an_interrupted_audit_of_records_goes_on(log: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ledger.audit.whole_log.replay._BUNDLES_PER_CHUNK", 1)
    state = tmp_path / "state"

    def interrupt(done: int, _: int) -> None:
        if done == 256:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        replay_log(log.location, log.signer.key, checker=EntryChecker(ORIGIN), state_dir=state, progress=interrupt)
    done: list[int] = []
    assert audit(log, state, done=done).audit.exit_code == 0
    assert done[0] == 256


def test_a_bad_record_is_found_again_after_an_interruption(log: Log, tmp_path: Path) -> None:
    state = tmp_path / "state"
    append(log, [leaf_of(registration(5000), OTHER), *MORE[500:]])
    first = failure(audit(log, state))
    assert failure(audit(log, state)) == first


def test_both_kinds_of_audit_keep_their_own_progress(log: Log, tmp_path: Path) -> None:
    state = tmp_path / "state"
    assert replay_log(log.location, log.signer.key, state_dir=state).audit.exit_code == 0
    done: list[int] = []
    assert audit(log, state, done=done).audit.exit_code == 0
    assert done[0] == 0, "records were not checked before"


def test_damaged_state(log: Log, tmp_path: Path) -> None:
    state = tmp_path / "state"
    audit(log, state)
    (file,) = state.glob("*.records")
    file.write_bytes(b"not a database")
    with pytest.raises(ConflictError) as error:
        audit(log, state)
    assert error.value.code == "audit-state"
