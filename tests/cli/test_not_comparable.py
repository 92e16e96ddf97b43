"""Blank, near-blank, one-colour, tiny and extremely long pictures: every command says so, none matches them by look."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from cli.command_line import run
from tests.applications import DRAWINGS, labelled
from tests.bad_pictures import KINDS, WORDS, not_comparable
from tests.cli.commands import Commands


@pytest.fixture(scope="module")
def environment(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """A ledger with one file of each kind registered, and three drawings."""
    data, works = tmp_path_factory.mktemp("ledger"), tmp_path_factory.mktemp("works")
    for kind, (registered, _) in not_comparable().items():
        (works / f"{kind}.png").write_bytes(registered)
    for path in DRAWINGS[:3]:
        (works / path.name).write_bytes(path.read_bytes())
    labelled(works, [(path.name, path.stem, "Somebody") for path in sorted(works.glob("*.png"))])
    environment = {"ARTLEDGER_DATABASE_URL": module_database_url, "ARTLEDGER_DATA_DIR": str(data), "WORKS": str(works)}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        assert run(["corpus", "ingest", str(works), "--quiet"]) == 0
    return environment


@pytest.fixture
def on_ledger(
    environment: Mapping[str, str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Commands:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return Commands(capsys)


def picture(kind: str, tmp_path: Path, number: int) -> Path:
    path = tmp_path / f"{kind}-{number}"
    path.write_bytes(not_comparable()[kind][number])
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_verify_and_lookup_say_so_and_match_nothing(kind: str, on_ledger: Commands, tmp_path: Path) -> None:
    asked = picture(kind, tmp_path, 1)
    looked_up = on_ledger("lookup", asked, "--json").json
    verified = on_ledger("verify", asked, "--json")
    assert verified.code == 0
    report = verified.json["report"]
    assert (report["verdict"], report["comparable"], report["matches"]) == ("not-comparable", False, [])
    assert looked_up["matches"] == []
    for said in (report, looked_up):
        (note,) = said["notes"]
        assert note.startswith("Not comparable: ")
        assert WORDS[kind] in note
    assert "too small or too plain" in verified.json["reference"] == looked_up["reference"]
    words = on_ledger("verify", asked)
    assert "Verdict    not-comparable" in words.stdout
    assert "Note       Not comparable: " in words.stdout
    assert on_ledger("verify", asked, "--fail-on", "not-comparable").code == 1


@pytest.mark.parametrize("kind", KINDS)
def test_only_the_very_file_is_found(kind: str, on_ledger: Commands, tmp_path: Path) -> None:
    found = on_ledger("lookup", picture(kind, tmp_path, 0), "--json").json
    assert [match["relation"] for match in found["matches"]] == ["exact"]
    assert found["matches"][0]["title"] == kind


def test_a_drawing_matches_none_of_them_as_a_copy(on_ledger: Commands) -> None:
    report = on_ledger("verify", DRAWINGS[5], "--json").json["report"]
    assert report["verdict"] in ("none", "style")
    assert {match["relation"] for match in report["matches"]} <= {"nearest", "unverified"}


def test_ingest_registers_them_and_names_each(on_ledger: Commands, tmp_path: Path) -> None:
    for kind in KINDS:
        (tmp_path / f"{kind}.jpg").write_bytes(not_comparable()[kind][1])
    labelled(tmp_path, [(f"{kind}.jpg", kind, "Somebody else") for kind in KINDS])
    summary = on_ledger("corpus", "ingest", tmp_path, "--json").json
    assert (summary["registered"], summary["refused"]) == (5, [])
    assert {each["key"] for each in summary["not_comparable"]} == {f"{kind}.jpg" for kind in KINDS}
    assert {each["code"] for each in summary["not_comparable"]} == {"not-comparable"}
    more = tmp_path / "more"
    more.mkdir()
    (more / "a.png").write_bytes(not_comparable()["blank"][0])
    said = on_ledger("corpus", "ingest", labelled(more, [("a.png", "a", "A third")])).stdout
    assert "1 work cannot be compared" in said
    assert "blank or nearly so" in said


def test_dedup_names_them_and_groups_only_equal_files(
    artledger: Commands, database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Each kind is registered in two files of the same look, and the blank one by two people."""
    monkeypatch.setenv("ARTLEDGER_DATABASE_URL", database_url)
    works = tmp_path / "works"
    works.mkdir()
    rows = []
    for kind in KINDS:
        for number in (0, 1):
            path = picture(kind, works, number)
            rows.append((path.name, path.name, "Somebody"))
    shutil.copy(works / "blank-0", works / "again")
    assert artledger("corpus", "ingest", labelled(works, [*rows, ("again", "again", "Another")])).code == 0
    line = ("corpus", "dedup", "--out", tmp_path / "out")
    found = artledger(*line, "--json").json
    assert {each["work"]["title"] for each in found["not_comparable"]} == {*(name for name, _, _ in rows), "again"}
    (group,) = found["groups"]
    assert {work["title"] for work in group["works"]} == {"blank-0", "again"}
    assert [pair["found"]["relation"] for pair in group["pairs"]] == ["exact"]
    words = artledger(*line).stdout
    assert "11 works cannot be compared" in words
    assert f"Contact sheet  {tmp_path / 'out' / 'copies-1.png'}" in words
