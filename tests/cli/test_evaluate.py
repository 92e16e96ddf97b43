"""The two evaluations in their smallest form, on real drawings with the real models."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from cli.command_line import run
from tests.cli.commands import Commands
from tests.generate.tiny import save_tiny_sd

SMALL = ("--works", "6", "--copies", "4", "--unrelated", "4")
METHODS = {"ours", "phash", "pdq", "ours-descriptor"}
FIGURES = ("micro_ap", "recall_at_1", "recall_at_p90", "recall_at_1pct_false_alarms", "recall_at_0.1pct_false_alarms")


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which everything was measured once."""
    out = tmp_path_factory.mktemp("evaluation")
    assert run(["evaluate", "copies", *SMALL, "--out", str(out), "--quiet", "--json"]) == 0
    return out


def test_copies_is_an_object_per_method(measured: Path, artledger: Commands) -> None:
    ended = artledger("evaluate", "copies", *SMALL, "--out", measured, "--json")
    assert ended.code == 0
    assert set(ended.json) >= METHODS
    for figures in ended.json.values():
        assert all(0 <= figures[name] <= 1 for name in FIGURES)
        assert all(low <= high for low, high in figures["intervals"].values())
        assert figures["images_per_s"] > 0
        assert figures["growth"][-1]["works"] == 6
        assert sum(row["n"] for row in figures["per_edit"]) >= 4
    assert ended.json["ours"]["context"]["unrelated"] == 4
    assert json.loads((measured / "copies.json").read_bytes()) == ended.json


def test_a_second_run_asks_nothing_again(measured: Path, artledger: Commands) -> None:
    before = [(measured / name).read_bytes() for name in ("works.jsonl", "answers.jsonl")]
    ended = artledger("evaluate", "copies", *SMALL, "--out", measured)
    assert ended.code == 0
    assert "asking: 8 of 8" in ended.stderr
    assert [(measured / name).read_bytes() for name in ("works.jsonl", "answers.jsonl")] == before


def test_an_interrupted_run_goes_on(measured: Path, artledger: Commands, tmp_path: Path) -> None:
    for name in ("works.jsonl", "answers.jsonl"):
        lines = (measured / name).read_bytes().splitlines(keepends=True)
        (tmp_path / name).write_bytes(b"".join(lines[:-1]) + lines[-1][:20])
    ended = artledger("evaluate", "copies", *SMALL, "--out", tmp_path, "--json")
    assert ended.code == 0
    assert "asking: 7 of 8" in ended.stderr
    before = json.loads((measured / "copies.json").read_bytes())
    for name in METHODS:
        assert [ended.json[name][figure] for figure in FIGURES] == [before[name][figure] for figure in FIGURES]


def test_copies_for_people(measured: Path, artledger: Commands) -> None:
    shown = artledger("evaluate", "copies", *SMALL, "--out", measured, "--quiet")
    assert "6 works, 4 copies, 4 unrelated pictures" in shown.stdout
    assert all(method in shown.stdout for method in METHODS)
    assert "nan" not in shown.stdout
    for name in ("precision-recall.png", "per-edit.png"):
        with Image.open(measured / name) as plot:
            assert min(plot.size) > 200


def test_calibration(measured: Path, artledger: Commands) -> None:
    ended = artledger("evaluate", "calibration", *SMALL, "--out", measured, "--json")
    assert ended.code == 0
    assert ended.json["unrelated"] == {"clean": 4, "edited": 4}
    for row in ended.json["false_alarms"]:
        assert row["alpha"] in (0.01, 0.05)
        assert row["clean"]["as_close"]["n"] == row["clean"]["called_a_copy"]["n"]
    assert {row["bin"] for row in ended.json["false_alarms"]} >= {"all"}
    assert sum(each["count"] for each in ended.json["reliability"]) == 12
    assert 0 <= ended.json["expected_calibration_error"] <= 1
    assert ended.json["false_discoveries"]["level"] == 0.05
    with Image.open(measured / "reliability.png") as plot:
        assert min(plot.size) > 200
    shown = artledger("evaluate", "calibration", *SMALL, "--out", measured, "--quiet")
    assert "Benjamini-Hochberg" in shown.stdout
    assert "nan" not in shown.stdout


def test_a_folder_that_cannot_be_made(artledger: Commands, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for command in ("copies", "calibration"):
        ended = artledger("evaluate", command, "--out", tmp_path / "file", "--json")
        assert ended.code == 2
        assert ended.json["error"]["code"] == "file-unwritable"


def test_packages_that_are_missing_are_named(artledger: Commands, tmp_path: Path) -> None:
    ended = artledger("evaluate", "copies", *SMALL, "--assets", tmp_path / "none", "--out", tmp_path, "--json")
    assert ended.code == 3
    assert ended.json["error"]["code"] == "assets-missing"


@pytest.mark.needs("openclipart")
def test_subjects_of_a_generator_that_knows_nothing(artledger: Commands, tmp_path: Path) -> None:
    folder = save_tiny_sd(tmp_path / "tiny")
    words = ("--generator", folder, "--pictures", "1", "--works", "30", "--out", tmp_path / "out")
    ended = artledger("evaluate", "subjects", *words, "--json")
    assert ended.code == 0
    assert (ended.json["prompts"], ended.json["pictures"], ended.json["nearest"]) == (16, 16, 10)
    assert len(ended.json["per_prompt"]) == 16
    assert json.loads((tmp_path / "out" / "subjects.json").read_bytes()) == ended.json
    with Image.open(tmp_path / "out" / "subjects.png") as grid:
        assert grid.size == (8 * 36 - 4, 2 * 36 - 4)


@pytest.mark.needs("openclipart")
@pytest.mark.parametrize(
    ("claims", "squatters", "squatter_claims"), [(2, 0, 0), pytest.param(34, 1, 12, marks=pytest.mark.slow)]
)
def test_claims(claims: int, squatters: int, squatter_claims: int, artledger: Commands, tmp_path: Path) -> None:
    """Of the installed package, whose drawings are rendered when a claim needs them. tests/lab/evaluate/test_claims.py
    holds every construction and twelve near-duplicates to the same figures, over drawings that are made there."""
    out = tmp_path / "out"
    ended = artledger("evaluate", "claims", "--claims", claims, "--squatters", squatters, "--out", out, "--json")
    assert ended.code == 0, ended.stderr
    figures = ended.json
    assert figures["claims"] >= claims
    assert (figures["false_authorship_supported"], figures["truthful_contradicted"]) == (0, 0)
    assert figures["squatter_claims"] == squatter_claims
    assert (figures["squatter_supported"], figures["true_artist_missing"]) == (0, 0)
    assert json.loads((out / "claims.json").read_bytes()) == figures


def test_artists_in_its_smallest_form(artledger: Commands, tmp_path: Path) -> None:
    ended = artledger("evaluate", "artists", "--smoke", "--out", tmp_path, "--json")
    assert ended.code == 0
    document = ended.json
    for name in ("macro_top1", "macro_top5", "unknown_auroc", "fpr_at_95_tpr", "ece", "random_split_macro_top1"):
        assert 0 <= document[name] <= 1, name
    for name in ("macro_top1_interval", "gain_interval"):
        assert document[name][0] <= document[name][1]
    assert document["best_baseline"]["name"] in document["methods"]
    assert {"ours", "majority", "histogram", "clip, logistic", "vae, csls", "copy, cosine"} <= set(document["methods"])
    assert json.loads((tmp_path / "artists.json").read_bytes()) == document
    for name in ("artists-confusion.png", "artists-reliability.png"):
        with Image.open(tmp_path / name) as plot:
            assert min(plot.size) > 200
    before = (tmp_path / "artists-openclipart.jsonl").read_bytes()
    again = artledger("evaluate", "artists", "--smoke", "--out", tmp_path)
    assert again.code == 0
    assert "With a random split" in again.stdout
    assert "nan" not in again.stdout
    assert (tmp_path / "artists-openclipart.jsonl").read_bytes() == before
