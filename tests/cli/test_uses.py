"""`artist uses`, `artist usage` and `audit usage`, on a log with records by hand."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from ledger.app import open_application
from ledger.record.statement import statement_payload
from tests.applications import UNKNOWN_ID
from tests.cli.commands import Commands
from tests.record.compared import ADA, RECORDS
from tests.record.kinds import subject_of
from tests.record.samples import registration, uid

JANUARY = ("--since", "2026-01-01", "--until", "2026-02-01")


@pytest.fixture(scope="module")
def data(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder; nothing is registered but Ada's first work."""
    folder = tmp_path_factory.mktemp("data")
    with open_application(data_dir=folder, database_url=module_database_url) as service:
        for each in (registration(), *RECORDS):
            payload = statement_payload("image", subject_of(each), each)
            service.log.sequencer.submit(each.record_id, payload).result(60)
    return folder


@pytest.fixture
def on_ledger(data: Path, module_database_url: str, artledger: Commands, monkeypatch: pytest.MonkeyPatch) -> Commands:
    monkeypatch.setenv("ARTLEDGER_DATABASE_URL", module_database_url)
    monkeypatch.setenv("ARTLEDGER_DATA_DIR", str(data))
    return artledger


def test_uses_in_words_and_in_json(on_ledger: Commands) -> None:
    page = on_ledger("artist", "uses", ADA, "--json")
    assert page.code == 0
    assert [use["record_id"][-3:] for use in page.json["uses"]] == [
        "1f5",
        "1f6",
        "1f7",
        "1f8",
        "1f9",
        "1fa",
        "1fc",
        "1fd",
    ]
    shown = on_ledger("artist", "uses", ADA, "--limit", "2")
    assert "similar style" in shown.stdout
    assert "Continue with --after 3" in shown.stdout
    nothing = on_ledger("artist", "uses", ADA, "--relation", "exact")
    assert "No record names a work" in nothing.stdout
    assert len(on_ledger("artist", "uses", ADA, "--json", "--generator", uid(72), "--max-p", "0.01").json["uses"]) == 1


def test_uses_as_lines(on_ledger: Commands) -> None:
    lines = on_ledger("artist", "uses", ADA, "--format", "jsonl").stdout.splitlines()
    uses = on_ledger("artist", "uses", ADA, "--json").json["uses"]
    assert [json.loads(line) for line in lines] == uses
    table = on_ledger("artist", "uses", ADA, "--format", "csv", *JANUARY).stdout
    assert [row["record_id"] for row in csv.DictReader(io.StringIO(table))] == [
        use["record_id"] for use in uses if use["generated_at"] < "2026-02"
    ]
    assert len(on_ledger("artist", "uses", ADA, "--format", "jsonl", "--limit", "3").stdout.splitlines()) == 3


def test_a_statement_is_counted_again_from_the_folder_and_every_change_shows(
    on_ledger: Commands, data: Path, tmp_path: Path
) -> None:
    file = tmp_path / "january.json"
    made = on_ledger("artist", "usage", ADA, *JANUARY, "--out", file)
    assert made.code == 0
    assert "counts, not debts" in made.stdout
    key = on_ledger("keys", "show", "--json").json["log_vkey"]
    audit: list[str | Path] = ["audit", "usage", file, "--log", data / "log"]
    assert on_ledger(*audit, "--key", key).code == 0
    assert on_ledger(*audit, "--json").json["verdict"] == "verified"
    assert on_ledger("artist", "usage", ADA, *JANUARY, "--out", file).code == 2, "the file is there"
    again = on_ledger("artist", "usage", ADA, *JANUARY, "--out", file, "--force", "--json").json
    assert (again["record"]["repeated"], again["file"]) == (True, str(file))
    honest = file.read_text()
    for old, new in (
        ('"count":2', '"count":3'),
        ('"share":"0.900000"', '"share":"1.900000"'),
        ('"guard":"block"', '"guard":"warn"'),
    ):
        assert old in honest
        file.write_text(honest.replace(old, new))
        assert on_ledger(*audit, "--key", key).code == 1
    file.write_text("{}")
    assert on_ledger(*audit).code == 1


def test_what_cannot_be_asked(on_ledger: Commands, tmp_path: Path) -> None:
    assert on_ledger("artist", "uses", UNKNOWN_ID).code == 3
    assert on_ledger("artist", "uses", ADA, "--since", "yesterday").code == 2
    assert on_ledger("artist", "uses", ADA, "--format", "csv", "--json").code == 2
    assert on_ledger("artist", "uses", ADA, "--max-p", "2").code == 2
    assert on_ledger("artist", "uses", ADA, "--relation", "inspired-by").code == 2
    out = tmp_path / "x.json"
    assert on_ledger("artist", "usage", ADA, "--since", "2026-01-01", "--until", "2999-01-01", "--out", out).code == 2
    assert not out.exists()
    assert on_ledger("audit", "usage", out, "--log", tmp_path).code == 2
