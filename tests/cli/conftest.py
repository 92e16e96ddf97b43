"""Fixtures of the command line's tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.commands import Commands


@pytest.fixture
def artledger(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Commands:
    """The command line, with a data folder of the test's own."""
    monkeypatch.setenv("ARTLEDGER_DATA_DIR", str(tmp_path / "data"))
    return Commands(capsys)
