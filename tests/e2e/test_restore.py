"""`artledger db restore`: a ledger whose database is lost, by the command line alone."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.commands import Commands


def test_restore_from_the_published_log(
    registered: dict[str, str],
    database_url: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    artledger = Commands(capsys)
    old = Path(registered["ARTLEDGER_DATA_DIR"])
    monkeypatch.setenv("ARTLEDGER_DATABASE_URL", registered["ARTLEDGER_DATABASE_URL"])
    key = artledger("keys", "show", "--data", old, "--json").json["log_vkey"]
    new = tmp_path / "new"
    for folder in ("keys", "log"):
        shutil.copytree(old / folder, new / folder)
    monkeypatch.setenv("ARTLEDGER_DATABASE_URL", database_url)
    done = artledger("db", "restore", old / "log", "--key", key, "--data", new, "--json")
    assert done.code == 0, done.stderr
    audited = artledger("audit", "log", old / "log", "--key", key, "--json").json
    assert (done.json["size"], done.json["root"]) == (audited["checkpoint"]["size"], audited["checkpoint"]["root"])
    assert done.json["written"] == done.json["size"]
    assert any("names of artists" in each for each in done.json["not_on_the_log"])
    assert artledger("db", "check", "--data", new).code == 0
    again = artledger("db", "restore", old / "log", "--key", key, "--data", new)
    assert again.code == 2
    assert "--continue" in again.stderr
    complete = artledger("db", "restore", old / "log", "--key", key, "--data", new, "--continue")
    assert complete.code == 0
    assert "0 of them written now" in complete.stdout
    assert "30 registered works have no fingerprint here and cannot be compared." in complete.stdout
