"""`examples/audit_cron.py` on a log that grows, is altered, and is gone."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from examples import audit_cron
from tests.log.logs import Log


@pytest.fixture
def log(tmp_path: Path) -> Log:
    log = Log.at(tmp_path)
    log.grow(5)
    return log


def run(log: Log, tmp_path: Path, *more: str) -> int:
    return audit_cron.main([log.location, "--key", str(log.signer.key), "--state", str(tmp_path / "state"), *more])


def test_silent_while_all_is_well(log: Log, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(log, tmp_path) == 0
    log.grow(3)
    assert run(log, tmp_path) == 0
    assert capsys.readouterr().out == ""


def test_a_log_that_forgets_is_told(log: Log, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(log, tmp_path) == 0
    shutil.rmtree(log.objects.folder)
    log.last_checkpoint.unlink()
    other = Log.at(tmp_path)
    other.grow(3)
    assert run(other, tmp_path) == 1
    told = capsys.readouterr().out
    assert "consistency: this log had 5" in told
    assert str(tmp_path / "state") in told


def test_a_log_that_is_gone_is_told_after_a_while(log: Log, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(log.objects.folder)
    log.objects.folder.mkdir()
    assert [run(log, tmp_path, "--patience", "2") for _ in range(3)] == [0, 4, 4]
    assert "not readable for 3 runs" in capsys.readouterr().out
