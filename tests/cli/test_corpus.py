"""`artledger corpus` where there is nothing, or something that must not be trusted."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.fingerprint import copy_descriptor
from tests.applications import ART, DRAWINGS, query
from tests.cli.commands import Commands


@pytest.fixture
def on_empty(artledger: Commands, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Commands:
    monkeypatch.setenv("ARTLEDGER_DATABASE_URL", database_url)
    return artledger


def test_without_works_every_command_says_what_to_do(on_empty: Commands, tmp_path: Path) -> None:
    verified = on_empty("verify", DRAWINGS[0], "--json")
    assert (verified.code, verified.json["report"]["verdict"]) == (0, "none")
    assert "no work is registered yet" in verified.json["reference"]
    looked_up = on_empty("lookup", DRAWINGS[1], "--json")
    dedup = on_empty("corpus", "dedup", "--out", tmp_path / "out", "--json")
    stats = on_empty("corpus", "stats", "--json")
    assert (looked_up.code, dedup.code, stats.code) == (0, 0, 0)
    assert (dedup.json["works"], dedup.json["groups"], dedup.json["sheets"]) == (0, [], [])
    calibrated = on_empty("corpus", "calibrate", "--json")
    assert (calibrated.code, calibrated.json["error"]["code"]) == (2, "corpus-empty")
    for said in (
        verified.json["report"]["notes"][0],
        looked_up.json["notes"][0],
        dedup.json["notes"][0],
        stats.json["notes"][0],
        calibrated.json["error"]["hint"],
        *(on_empty(*line).stdout for line in (("verify", DRAWINGS[0]), ("corpus", "dedup"), ("corpus", "stats"))),
    ):
        assert "artledger corpus ingest SOURCE" in said


def weights_files() -> list[str]:
    """The names under which the copy descriptor knows the files that it ships with."""
    return [name for name, value in vars(copy_descriptor).items() if isinstance(value, Path) and value.is_file()]


@pytest.mark.parametrize("name", weights_files())
def test_weights_that_do_not_match_their_digest_are_refused(
    name: str, on_empty: Commands, database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """One bit of a copy of the file, and no command makes a fingerprint any more."""
    data = bytearray(getattr(copy_descriptor, name).read_bytes())
    data[-1] ^= 1
    changed = tmp_path / "changed.safetensors"
    changed.write_bytes(data)
    monkeypatch.setattr(copy_descriptor, name, changed)
    for line in (("verify", DRAWINGS[0]), ("lookup", DRAWINGS[0]), ("corpus", "ingest", ART), ("corpus", "dedup")):
        ended = on_empty(*line, "--json")
        assert (ended.code, ended.json["error"]["code"]) == (4, "weights-changed"), line
        assert ended.json["error"]["hint"]
    assert query(database_url, "SELECT count(*) FROM work_detail") == [(0,)]
    assert query(database_url, "SELECT count(*) FROM record WHERE kind = 'verification'") == [(0,)]


def test_there_is_a_weights_file_to_change() -> None:
    assert weights_files()
