"""A temporary installation leaves the installation that the environment names alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.app import open_throwaway
from ledger.settings import Settings
from tests.applications import query


def test_what_is_tried_reaches_no_ledger_of_the_environment(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Constructed claims must never stand on an operator's log, from which nothing can be removed."""
    monkeypatch.setenv("ARTLEDGER_DATABASE_URL", database_url)
    monkeypatch.setenv("ARTLEDGER_LOG_STORE", str(tmp_path / "published"))
    monkeypatch.setenv("ARTLEDGER_DATA_DIR", str(tmp_path / "data"))
    with open_throwaway("test") as application:
        application.people.accounts.create("artist", "A name on nobody's ledger")
        application.log.settle()
        folder = application.settings.data_dir
    assert query(database_url, "SELECT count(*) FROM account") == [(0,)]
    assert not folder.exists()
    assert list(tmp_path.iterdir()) == []


def test_every_setting_but_the_machines_has_its_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as clean:
        clean.delenv("ARTLEDGER_ORIGIN", raising=False)
        usual = Settings(data_dir=tmp_path).model_dump(exclude={"data_dir"})
    for name, value in {
        "GUARD_POLICY": "missing.toml",
        "MAX_QUEUE": "7",
        "ORIGIN": "another.example",
        "X": "1",
    }.items():
        monkeypatch.setenv(f"ARTLEDGER_{name}", value)
    with open_throwaway("test") as application:
        assert application.settings.model_dump(exclude={"data_dir"}) == usual
