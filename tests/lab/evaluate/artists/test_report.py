"""The evaluation of made-up artists: the figures are there, an interrupted run goes on, a finished one asks nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ledger.lab.evaluate.artists.histogram import histogram
from ledger.lab.evaluate.artists.report import evaluate_artists
from ledger.lab.evaluate.artists.works import MeasuredWorks
from ledger.match.artists.features import FeatureBlock
from tests.match.artists.samples import block_of, labelled, others

WORKS = labelled(6, 16, subjects=8) + others(24, 2)
FIGURES = ("macro_top1", "macro_top5", "unknown_auroc", "fpr_at_95_tpr", "ece", "random_split_macro_top1", "gain")


def measured() -> MeasuredWorks:
    """With features for the baselines too: noise, so that they know nobody."""
    block = block_of(WORKS, spread=0.7)
    rng = np.random.default_rng(4)
    noise = {name: rng.normal(size=(len(WORKS), 6)).astype(np.float32) for name in ("copy", "histogram", "clip", "vae")}
    specs = {**block.specs, "copy": "5" * 64, "histogram": "6" * 64}
    return MeasuredWorks(WORKS, FeatureBlock.of({**block.parts, **noise}, specs))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("artists")


def test_figures_and_resuming(folder: Path) -> None:
    said: list[str] = []

    def progress(stage: str, _done: int, _total: int | None) -> None:
        said.append(stage)

    def run() -> dict[str, object]:
        said.clear()
        return evaluate_artists(
            measured(), folder / "splits.jsonl", splits=2, seed=1, quick=True, progress=progress
        ).document

    document = run()
    asked = len(said)
    assert all(np.isfinite(float(str(document[name]))) for name in FIGURES)
    assert float(str(document["macro_top1"])) > 0.8
    assert document["best_baseline"]["macro_top1"] < 0.5  # type: ignore[index]
    assert document["gain_interval"][0] > 0  # type: ignore[index]
    assert set(document["methods"]) >= {"ours", "majority", "histogram", "copy, cosine", "clip, csls"}  # type: ignore[call-overload]
    lines = (folder / "splits.jsonl").read_bytes().splitlines(keepends=True)
    assert run() == document
    assert len(said) < asked
    (folder / "splits.jsonl").write_bytes(b"".join(lines[:2]) + lines[2][:50])
    assert run() == document
    assert (folder / "splits.jsonl").read_bytes() == b"".join(lines)


def test_a_histogram_has_shares() -> None:
    picture = np.zeros((20, 30, 3), np.uint8)
    picture[:, :10] = (255, 0, 0)
    made = histogram(picture)
    assert made.shape == (136,)
    assert (made[:128] ** 2).sum() == pytest.approx(1)
    assert (made[128:] ** 2).sum() == pytest.approx(1, abs=1e-5)
