"""A statement of use is counted again from a published log; whatever is changed in it comes out."""

from __future__ import annotations

import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from ledger import canonical
from ledger.audit.checks import Audit, AuditVerdict, Outcome
from ledger.audit.usage import audit_usage
from ledger.errors import InputError, NotFoundError
from ledger.log.entry import Draft
from ledger.record import dsse
from ledger.record.predicates import Period, Predicate, Usage
from ledger.record.statement import statement_payload
from ledger.record.usage import UsageStatement, UsageTally
from tests.audit.material import leaf_of
from tests.log.keys import note_signer
from tests.log.logs import Log
from tests.record.compared import ADA, COPY, JANUARY, RECORDS, made
from tests.record.samples import ORIGIN, OTHER, SIGNER, TIME, key_record, uid

PERIOD = Period(end=JANUARY[1], start=JANUARY[0])
SIZE = 1 + len(RECORDS)


@pytest.fixture
def log(tmp_path: Path) -> Log:
    log = Log.at(tmp_path)
    append(log, *(leaf_of(each) for each in (key_record(), *RECORDS)))
    return log


def append(log: Log, *leaves: bytes) -> None:
    log.entries.append([Draft(str(uuid.uuid4()), leaf) for leaf in leaves])
    log.grow(0)


def stated(log: Log, records: tuple[Predicate, ...] = RECORDS, size: int = SIZE) -> UsageStatement:
    tally = UsageTally(ADA, PERIOD)
    for record in records:
        tally.add(record)
    return tally.statement(log.signer.key.name, size)


def usage_leaf(statement: UsageStatement, number: int = 600, **changes: object) -> bytes:
    predicate = Usage(
        artist_id=statement.artist_id,
        counts=statement.record_counts(),
        generated_at=TIME,
        origin=ORIGIN,
        leaf_range=statement.leaf_range,
        period=statement.period,
        record_id=uid(number),
    ).model_copy(update=changes)
    return dsse.sign(statement_payload("usage", statement.sha256, predicate), (SIGNER,))


def audit(log: Log, data: bytes) -> Audit:
    return audit_usage(data, log.location, log.signer.key)


def only(result: Audit, outcome: Outcome) -> tuple[str, str | None]:
    """The name and code of the first check that ended so."""
    first = next(check for check in result.checks if check.outcome is outcome)
    return first.name, first.code


def test_the_same_comes_out(log: Log) -> None:
    append(log, usage_leaf(stated(log)))
    progress: list[tuple[int, int]] = []
    result = audit_usage(
        stated(log).to_bytes(), log.location, log.signer.key, lambda done, total: progress.append((done, total))
    )
    assert result.verdict is AuditVerdict.VERIFIED
    assert [check.outcome for check in result.checks] == [Outcome.PASSED] * 6
    assert progress[-1] == (SIZE + 1, SIZE + 1)


def test_without_the_logs_key_it_stays_open_whose_log_it_is(log: Log) -> None:
    append(log, usage_leaf(stated(log)))
    result = audit_usage(stated(log).to_bytes(), log.location)
    assert result.exit_code == 0
    assert only(result, Outcome.NOT_CHECKED) == ("signature", None)
    wrong = audit_usage(stated(log).to_bytes(), log.location, note_signer(seed=9).key)
    assert only(wrong, Outcome.FAILED)[0] == "checkpoint"


def test_another_result_refutes(log: Log) -> None:
    """Even where the service signs it."""
    for records in (RECORDS[1:], (*RECORDS, made(510, [(ADA, COPY, "0.0010", "0.500000")]))):
        false = stated(log, records)
        append(log, usage_leaf(false, 600 + len(records)))
        result = audit(log, false.to_bytes())
        assert result.exit_code == 1
        assert only(result, Outcome.FAILED) == ("counts and shares", "usage-differs")


def test_a_changed_share_or_order_refutes(log: Log) -> None:
    honest = stated(log)
    first = honest.counts[0]
    for counts in (
        (first.model_copy(update={"share": "0.300001"}), *honest.counts[1:]),
        (*honest.counts[1:], first),
        (*honest.counts, first),
    ):
        false = honest.model_copy(update={"counts": counts})
        assert only(audit(log, false.to_bytes()), Outcome.FAILED) == ("counts and shares", "usage-differs")


def test_the_record_must_say_the_same_and_stand_after_its_leaves(log: Log) -> None:
    append(log, usage_leaf(stated(log), counts=()))
    assert only(audit(log, stated(log).to_bytes()), Outcome.FAILED) == ("usage record", "usage-record")
    inside = stated(log, size=SIZE + 3)
    append(log, usage_leaf(inside, 601), leaf_of(key_record(OTHER, 602), SIGNER, OTHER))
    assert only(audit(log, inside.to_bytes()), Outcome.FAILED) == ("usage record", "usage-record")


def test_what_is_not_published_yet_is_not_checked(log: Log) -> None:
    result = audit(log, stated(log).to_bytes())
    assert (result.exit_code, only(result, Outcome.NOT_CHECKED)) == (4, ("usage record", "usage-not-on-log"))
    result = audit(log, stated(log, size=SIZE + 1).to_bytes())
    assert (result.exit_code, only(result, Outcome.NOT_CHECKED)) == (4, ("checkpoint", "not-yet-published"))


def test_records_that_came_later_are_told(log: Log) -> None:
    append(log, usage_leaf(stated(log)))
    append(log, leaf_of(RECORDS[0].model_copy(update={"record_id": uid(700)})))
    result = audit(log, stated(log).to_bytes())
    assert result.exit_code == 0
    assert result.checks[-1].outcome is Outcome.NOT_CHECKED
    assert result.checks[-1].detail.startswith("1 records")


def test_a_damaged_log_is_named(log: Log) -> None:
    append(log, usage_leaf(stated(log)))
    bundle = Path(log.location) / f"tile/entries/000.p/{SIZE + 1}"
    data = bytearray(bundle.read_bytes())
    data[len(data) // 2] ^= 1
    bundle.write_bytes(data)
    assert only(audit(log, stated(log).to_bytes()), Outcome.FAILED)[0] == "entries and records"
    bundle.unlink()
    assert only(audit(log, stated(log).to_bytes()), Outcome.FAILED) == ("entries and records", "missing-tile")


def test_entries_of_another_tree_are_refused(log: Log, tmp_path: Path) -> None:
    """Every record is good, but the checkpoint is not about them."""
    other = Log.at(tmp_path / "other")
    append(other, leaf_of(key_record()), *map(leaf_of, reversed(RECORDS)))
    name = f"tile/entries/000.p/{SIZE}"
    (Path(log.location) / name).write_bytes((Path(other.location) / name).read_bytes())
    assert only(audit(log, stated(log).to_bytes()), Outcome.FAILED) == ("entries and records", "root-mismatch")


def test_a_statement_about_another_log(log: Log) -> None:
    other = stated(log).model_copy(update={"origin": "example.org/log"})
    assert only(audit(log, other.to_bytes()), Outcome.FAILED) == ("checkpoint", "other-log")


def test_what_is_no_statement_and_what_is_no_log(log: Log, tmp_path: Path) -> None:
    for data in (b"", b"{}", canonical.dumps({"artist_id": ADA}), stated(log).to_bytes() + b"\n"):
        assert audit(log, data).exit_code == 1
    with pytest.raises(InputError):
        audit_usage(stated(log).to_bytes(), str(tmp_path / "none"))
    with pytest.raises(NotFoundError):
        audit_usage(stated(log).to_bytes(), str(tmp_path))


def test_needs_no_database_model_or_array_library() -> None:
    code = (
        "import sys, ledger.audit.usage, cli.commands.audit_usage\n"
        "heavy = {'numpy', 'torch', 'sqlalchemy', 'psycopg', 'PIL', 'fastapi'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
