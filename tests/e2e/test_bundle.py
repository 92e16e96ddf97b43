"""A picture verified by one process, its bundle audited by others: good as it is, refused after any change."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from ledger.audit.checks import AuditVerdict
from ledger.audit.verifier import audit_bundle
from tests.applications import DRAWINGS
from tests.cli.commands import Commands, run_process


@dataclass(frozen=True, slots=True)
class Exported:
    bundle: bytes
    log_vkey: str


@pytest.fixture(scope="module")
def exported(registered: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """The bundle of a verification, as the command line writes it."""
    path = tmp_path_factory.mktemp("exported") / "bundle.json"
    verified = run_process("verify", DRAWINGS[4], "--json", "--bundle", path, env=registered)
    assert verified.code == 0, verified.stderr
    assert verified.json["report"]["matches"][0]["relation"] == "exact"
    keys = run_process("keys", "show", "--json", env=registered)
    return Exported(path.read_bytes(), keys.json["log_vkey"])


@pytest.fixture
def changed(exported: Exported, tmp_path: Path) -> Path:
    path = tmp_path / "changed.json"
    path.write_bytes(exported.bundle)
    return path


def test_the_bundle_verifies_without_database_and_keys(exported: Exported, changed: Path) -> None:
    elsewhere = {"ARTLEDGER_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none", "ARTLEDGER_DATA_DIR": "/nowhere"}
    ended = run_process("audit", "bundle", changed, "--key", exported.log_vkey, "--json", env=elsewhere)
    assert ended.code == 0, ended.stderr
    assert ended.json["verdict"] == "verified"


def test_a_change_of_any_one_byte_is_refused(exported: Exported) -> None:
    """Every position, with one bit and with a whole other byte."""
    accepted = []
    for position, byte in enumerate(exported.bundle):
        for other in (byte ^ (1 << position % 8), (byte + 101) % 256):
            data = bytearray(exported.bundle)
            data[position] = other
            if audit_bundle(bytes(data), exported.log_vkey).verdict is not AuditVerdict.REFUTED:
                accepted.append((position, other))
    assert accepted == []


def test_a_byte_more_or_less_is_refused(exported: Exported) -> None:
    for position in range(0, len(exported.bundle) + 1, 7):
        before, after = exported.bundle[:position], exported.bundle[position:]
        for data in (before + after[1:], before + b" " + after, before):
            if data != exported.bundle:
                assert audit_bundle(data, exported.log_vkey).verdict is AuditVerdict.REFUTED, position


def test_the_command_exits_1_after_a_change(
    exported: Exported, changed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Positions all over the file, through the command line in this process; the middle one through one of its own."""
    artledger = Commands(capsys)
    step = max(1, len(exported.bundle) // 40)
    for position in range(0, len(exported.bundle), step):
        data = bytearray(exported.bundle)
        data[position] ^= 1
        changed.write_bytes(data)
        assert artledger("audit", "bundle", changed, "--key", exported.log_vkey).code == 1, position
    assert run_process("audit", "bundle", changed, "--key", exported.log_vkey).code == 1


def test_another_logs_key_does_not_verify(exported: Exported, changed: Path, tmp_path: Path) -> None:
    stranger = run_process("keys", "show", "--json", env={"ARTLEDGER_DATA_DIR": str(tmp_path / "other")})
    assert stranger.code == 0, stranger.stderr
    ended = run_process("audit", "bundle", changed, "--key", stranger.json["log_vkey"])
    assert ended.code == 1
