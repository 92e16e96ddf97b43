"""The commands on a real ledger: real drawings, PostgreSQL, models, log."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image

from cli.command_line import run
from tests.applications import with_drawings
from tests.cli.commands import ART, REGISTERED, UNKNOWN_ID, Commands
from tests.conftest import DatabaseUrl

RECORD_KEYS = {
    "record_id",
    "kind",
    "leaf_index",
    "appended_at",
    "repeated",
    "reference",
    "statement",
    "envelope",
    "report",
    "links",
    "credentials",
    "frames",
    "headline",
}


@dataclass(frozen=True, slots=True)
class Ledger:
    data: Path
    database_url: str


@pytest.fixture(scope="module")
def ledger(database_server: DatabaseUrl, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    """With the drawings of tests/data/art registered, and a calibration."""
    data = tmp_path_factory.mktemp("ledger")
    with with_drawings(database_server, template, data) as url, pytest.MonkeyPatch.context() as patch:
        patch.setenv("ARTLEDGER_DATABASE_URL", url)
        assert run(["corpus", "calibrate", "--data", str(data), "--quiet"]) == 0
        yield Ledger(data, url)


@pytest.fixture
def on_ledger(ledger: Ledger, artledger: Commands, monkeypatch: pytest.MonkeyPatch) -> Commands:
    """The command line on that ledger."""
    monkeypatch.setenv("ARTLEDGER_DATABASE_URL", ledger.database_url)
    monkeypatch.setenv("ARTLEDGER_DATA_DIR", str(ledger.data))
    return artledger


@pytest.fixture(scope="module")
def edited(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registered drawing, cropped, made smaller and recompressed."""
    with Image.open(ART / "clown_loach_01.png") as image:
        rgba = image.convert("RGBA")
    flat = Image.new("RGB", rgba.size, "white")
    flat.paste(rgba, mask=rgba)
    width, height = flat.size
    cropped = flat.crop((width // 16, height // 16, width - width // 16, height - height // 16))
    path = tmp_path_factory.mktemp("pictures") / "edited.jpg"
    cropped.resize((cropped.width * 3 // 4, cropped.height * 3 // 4)).save(path, quality=60)
    return path


def test_ingest_again_registers_nothing(on_ledger: Commands) -> None:
    again = on_ledger("corpus", "ingest", ART, "--json")
    assert again.code == 0
    summary = again.json
    assert (summary["registered"], summary["already_registered"], summary["refused"]) == (0, 30, [])


def test_ingest_says_what_was_refused_and_why(on_ledger: Commands, tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text("file,title,artist\nbad.png,Bad,Somebody\n")
    (tmp_path / "bad.png").write_bytes(b"")
    ended = on_ledger("corpus", "ingest", tmp_path)
    assert ended.code == 2
    assert "1 refused" in ended.stdout
    assert "bad.png" in ended.stdout


@pytest.mark.parametrize("arguments", [["/nowhere"], ["openclipart", "--labels", "x.csv"], ["hf:"]], ids=" ".join)
def test_a_source_that_is_none_exits_2(arguments: list[str], on_ledger: Commands) -> None:
    assert on_ledger("corpus", "ingest", *arguments).code == 2


def test_stats(on_ledger: Commands) -> None:
    stats = on_ledger("corpus", "stats", "--json").json
    assert (stats["works"], stats["records"]["registration"]) == (30, 30)
    assert "30 works by 14 artists" in on_ledger("corpus", "stats").stdout


def test_verify_one_picture(on_ledger: Commands, tmp_path: Path) -> None:
    bundle, vkey = tmp_path / "b.json", on_ledger("keys", "show", "--json").json["log_vkey"]
    ended = on_ledger("verify", REGISTERED, "--json", "--bundle", bundle)
    assert ended.code == 0
    assert set(ended.json) == RECORD_KEYS
    assert ended.json["report"]["verdict"] == "copy"
    assert ended.json["report"]["matches"][0]["relation"] == "exact"
    assert on_ledger("verify", REGISTERED, "--json").json["repeated"] is True
    assert on_ledger("audit", "bundle", bundle, "--key", vkey).code == 0
    data = bytearray(bundle.read_bytes())
    data[len(data) // 2] ^= 1
    bundle.write_bytes(data)
    assert on_ledger("audit", "bundle", bundle, "--key", vkey).code == 1


def test_verify_in_words_begins_with_the_headline(on_ledger: Commands, edited: Path) -> None:
    ended = on_ledger("verify", edited, "--quiet")
    assert ended.code == 0
    assert ended.stderr == ""
    first, second, third, *_ = ended.stdout.splitlines()
    assert first == "This is an edited copy of “Clown Loach” by Jonathon Love"
    assert "unrelated pictures" in second
    assert third.startswith("Verdict    copy")
    assert f"artledger audit record {on_ledger('verify', edited, '--json').json['record_id']}" in ended.stdout
    assert "trained on" not in ended.stdout


def test_verify_several_goes_on_after_a_bad_one(on_ledger: Commands, edited: Path, tmp_path: Path) -> None:
    bad, missing = tmp_path / "bad.png", tmp_path / "missing.png"
    bad.write_text("text")
    ended = on_ledger("verify", bad, REGISTERED, missing, edited, "--json")
    assert ended.code == 2
    first, second, third, fourth = ended.json
    assert first["image"] == str(bad)
    assert set(first["error"]) == {"code", "message", "hint"}
    assert second["report"]["matches"][0]["relation"] == "exact"
    assert second["batch"] == {"false_discovery_rate": "0.05", "stands": True}
    assert third["error"]["code"] == "file-unreadable"
    assert fourth["report"]["matches"][0]["relation"] == "near-duplicate"
    assert f"{bad}: " in ended.stderr
    assert "copies found in 2 pictures still stand" in on_ledger("verify", bad, REGISTERED, missing, edited).stdout


def test_fail_on(on_ledger: Commands, edited: Path) -> None:
    assert on_ledger("verify", edited, "--fail-on", "copy").code == 1
    assert on_ledger("verify", edited, "--fail-on", "none", "--fail-on", "style").code == 0
    assert on_ledger("verify", edited, "--fail-on", "none", "--fail-on", "copy").code == 1


def test_a_picture_that_is_none_exits_2(on_ledger: Commands, tmp_path: Path) -> None:
    contents = {"empty.png": b"", "text.png": b"text", "cut.png": REGISTERED.read_bytes()[:200]}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    several = on_ledger("verify", *(tmp_path / name for name in contents), "--json")
    assert several.code == 2
    assert [set(each) for each in several.json] == [{"image", "error"}] * 3
    for command in ("verify", "lookup"):
        ended = on_ledger(command, tmp_path / "cut.png", "--json")
        assert ended.code == 2
        assert set(ended.json) == {"error"}


def test_a_file_beyond_the_limit_exits_2(on_ledger: Commands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARTLEDGER_MAX_IMAGE_BYTES", "1000")
    ended = on_ledger("verify", REGISTERED, "--json")
    assert ended.code == 2
    assert ended.json["error"]["code"] == "file-too-large"


def test_bundle_of_several_pictures_is_a_usage_error(on_ledger: Commands) -> None:
    assert on_ledger("verify", REGISTERED, REGISTERED, "--bundle", "x").code == 2


def test_lookup_appends_nothing(on_ledger: Commands, tmp_path: Path) -> None:
    picture = tmp_path / "new.png"
    Image.effect_mandelbrot((300, 200), (-2.5, -1.5, 1.0, 1.5), 60).save(picture)
    size = on_ledger("corpus", "stats", "--json").json["tree_size"]
    looked_up = on_ledger("lookup", picture, "--json")
    assert looked_up.code == 0
    assert set(looked_up.json) == {
        "sha256",
        "records",
        "similar_records",
        "matches",
        "reference",
        "notes",
        "credentials",
        "frames",
        "artist_reference",
        "labels",
        "headline",
    }
    assert looked_up.json["records"] == []
    assert on_ledger("corpus", "stats", "--json").json["tree_size"] == size


def test_lookup_by_digest_and_by_id(on_ledger: Commands, tmp_path: Path) -> None:
    made = on_ledger("verify", REGISTERED, "--json").json
    digest = made["statement"]["subject"][0]["digest"]["sha256"]
    by_digest = on_ledger("lookup", digest.upper(), "--json")
    assert by_digest.code == 0
    assert made["record_id"] in [record["record_id"] for record in by_digest.json["records"]]
    bundle = tmp_path / "b.json"
    by_id = on_ledger("lookup", made["record_id"], "--json", "--bundle", bundle)
    assert by_id.code == 0
    assert by_id.json == {**made, "repeated": False}
    assert json.loads(bundle.read_bytes())["envelope"] == made["envelope"]
    assert made["headline"]["title"] in on_ledger("lookup", made["record_id"]).stdout


def test_lookup_of_what_is_unknown(on_ledger: Commands) -> None:
    unknown = on_ledger("lookup", "0" * 64, "--json")
    assert unknown.code == 3
    assert unknown.json["records"] == []
    absent = on_ledger("lookup", UNKNOWN_ID, "--json")
    assert absent.code == 3
    assert absent.json["error"]["code"] == "record-not-found"
    assert on_ledger("lookup", UNKNOWN_ID.replace("-7", "-4")).code == 2
    assert on_ledger("lookup", REGISTERED, "--bundle", "x").code == 2
    assert on_ledger("lookup", "x\0y").code == 2
    assert on_ledger("lookup", "x" * 5000).code == 2


def test_audit_a_record_against_its_picture(on_ledger: Commands, edited: Path, tmp_path: Path) -> None:
    record_id = on_ledger("verify", edited, "--json").json["record_id"]
    good = on_ledger("audit", "record", record_id, "--image", edited, "--json")
    assert good.code == 0
    outcomes = {check["name"]: check["outcome"] for check in good.json["checks"]}
    assert {outcomes[name] for name in ("image bytes", "canonical pixels", "fingerprint", "scores")} == {"passed"}
    assert "this ledger's own key is trusted" in good.stderr
    assert on_ledger("audit", "record", record_id, "--image", REGISTERED).code == 1
    assert on_ledger("audit", "record", UNKNOWN_ID).code == 3


def test_audit_the_log_and_a_change_in_it(on_ledger: Commands, ledger: Ledger, tmp_path: Path) -> None:
    keys = on_ledger("keys", "show", "--json").json
    assert keys["log_vkey"] in on_ledger("keys", "show").stdout
    assert len(keys["record_keys"]) == 1
    log, state = tmp_path / "log", tmp_path / "state"
    shutil.copytree(ledger.data / "log", log)
    good = on_ledger("audit", "log", log, "--key", keys["log_vkey"], "--state", state, "--json")
    assert good.code == 0
    assert good.json["verdict"] == "verified"
    assert good.json["checkpoint"]["origin"] == keys["origin"]
    assert good.json["entries"] == good.json["checkpoint"]["size"]
    again = on_ledger("audit", "log", log, "--key", keys["log_vkey"], "--state", state, "--explain")
    assert again.code == 0
    assert "the checkpoint, as signed:" in again.stdout
    entries = max((log / "tile" / "entries").glob("000*/*"), key=lambda path: int(path.name))
    entries.write_bytes(_flipped(entries.read_bytes()))
    bad = on_ledger("audit", "log", log, "--key", keys["log_vkey"])
    assert bad.code == 1
    assert "failed" in bad.stdout


def _flipped(data: bytes) -> bytes:
    return data[:100] + bytes([data[100] ^ 1]) + data[101:]


def test_database_commands(on_ledger: Commands) -> None:
    assert on_ledger("db", "upgrade", "--json").json == {"changed": False}
    before = on_ledger("corpus", "stats", "--json").json
    rebuilt = on_ledger("db", "rebuild", "--json")
    assert rebuilt.json == {"entries": before["tree_size"]}
    assert on_ledger("corpus", "stats", "--json").json == before
    checked = on_ledger("db", "check", "--json")
    assert checked.code == 0
    assert checked.json["verdict"] == "verified"
    assert "database: verified" in on_ledger("db", "check").stdout


def test_calibrate_again(on_ledger: Commands) -> None:
    assert on_ledger("corpus", "calibrate", "--json").json["works"] == 30
    assert "works: 30" in on_ledger("corpus", "calibrate").stdout


def test_refresh_to_a_spec_that_is_none(on_ledger: Commands) -> None:
    assert on_ledger("corpus", "refresh", "--spec", "nonsense").code == 3


def test_the_report_of_an_empty_corpus_says_so(
    artledger: Commands, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARTLEDGER_DATABASE_URL", database_url)
    shown = artledger("corpus", "report")
    assert shown.code == 0
    assert "No work is registered here" in shown.stdout


def test_the_report_of_a_corpus(on_ledger: Commands, tmp_path: Path) -> None:
    assert on_ledger("verify", REGISTERED).code == 0
    out = tmp_path / "report"
    ended = on_ledger("corpus", "report", "--out", out, "--json")
    assert ended.code == 0, ended.stderr
    found = ended.json
    assert sum(each["works"] for each in found["per_artist"]) == found["works"] == sum(found["licences"].values())
    assert sum(each["unrelated"]["count"] for each in found["per_artist"]) == found["null_pictures"] > 2000
    assert sum(each["copied_works"] for each in found["per_artist"]) >= 1
    assert json.loads((out / "corpus.json").read_bytes()) == found
    for name in ("corpus-lorenz.png", "corpus-artists.png"):
        with Image.open(out / name) as plot:
            assert plot.size > (300, 100)
    shown = on_ledger("corpus", "report", "--top", 1).stdout
    assert "more artists" in shown
    assert "Gini" in shown
