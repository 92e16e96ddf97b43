"""The demo, and a ledger that cannot be opened."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.commands import ART, REGISTERED, UNKNOWN_ID, Commands


def test_a_database_that_is_not_there(artledger: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARTLEDGER_DATABASE_URL", "postgresql://somebody@127.0.0.1:1/nothing")
    for line in (["corpus", "stats"], ["lookup", UNKNOWN_ID], ["verify", REGISTERED], ["db", "upgrade"]):
        ended = artledger(*line, "--json")
        assert ended.code == 4, line
        assert set(ended.json) == {"error"}


def test_a_setting_that_is_wrong(artledger: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARTLEDGER_DECODE_WORKERS", "none")
    ended = artledger("corpus", "stats", "--json")
    assert ended.code == 2
    assert "ARTLEDGER_DECODE_WORKERS" in ended.json["error"]["message"]


def test_the_demo_on_a_folder(
    artledger: Commands, database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ARTLEDGER_DATABASE_URL", database_url)
    works = tmp_path / "works"
    works.mkdir()
    drawings = [path for path in sorted(ART.glob("*.png")) if path.name != REGISTERED.name][:7]
    for path in (*drawings, REGISTERED):
        shutil.copy(path, works)
    rows = [f"{path.name},{path.stem},Somebody" for path in (*drawings, REGISTERED)]
    (works / "labels.csv").write_text("\n".join(("file,title,artist", *rows, "")))
    ended = artledger("demo", "--corpus", works, "--json", "--data", tmp_path)
    assert ended.code == 0, ended.stderr
    report = ended.json
    assert (report["bundle_verified"], report["tampered_refused"]) == (True, True)
    assert [query["relation"] for query in report["queries"]] == ["exact", "near-duplicate", "none"]
    in_words = artledger("demo", "--corpus", works, "--data", tmp_path)
    assert in_words.code == 0
    assert "verified offline" in in_words.stdout
    assert f"artledger serve --data {tmp_path}" in in_words.stdout
