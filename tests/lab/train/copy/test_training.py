"""A run that stops goes on where it was, and is finished without being lost."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from ledger.lab.train.copy.log import CopyTrainingLog
from ledger.lab.train.copy.training import CHECKPOINT, COOLING, CopyTraining, CopyTrainingPlan, CopyTrainingReport
from tests.lab.train.copy.pictures import training_pictures

PICTURES, VALIDATION = training_pictures(6), training_pictures(2, first=20)
PLAN = CopyTrainingPlan(steps=2, batch=2, part=2, side=64, refresh=2, validate_every=2, workers=0)


def run(folder: Path, plan: CopyTrainingPlan) -> list[CopyTrainingReport]:
    reports: list[CopyTrainingReport] = []
    CopyTraining(PICTURES, VALIDATION, folder, plan).run(reports.append)
    return reports


def test_a_run_goes_on_and_is_cooled_down_beside_its_checkpoint(tmp_path: Path) -> None:
    first = run(tmp_path, PLAN)
    more = run(tmp_path, replace(PLAN, steps=3))
    assert [report.step for report in (*first, *more)] == [1, 2, 3]
    assert first[1].recall is not None
    assert 0 <= first[1].recall.first <= first[1].recall.ten <= 1
    kept = (tmp_path / CHECKPOINT).read_bytes()

    cooled = run(tmp_path, replace(PLAN, cool_down=2))

    assert [(report.step, report.steps) for report in cooled] == [(4, 5), (5, 5)]
    assert (tmp_path / CHECKPOINT).read_bytes() == kept
    rates = [group["lr"] for group in torch.load(tmp_path / COOLING, weights_only=True)["optimiser"]["param_groups"]]
    assert rates == pytest.approx([PLAN.rate / 2, PLAN.head_rate / 2])
    assert run(tmp_path, replace(PLAN, cool_down=2)) == [], "it is finished"


def test_a_run_that_is_asked_to_end_saves_first(tmp_path: Path) -> None:
    training = CopyTraining(PICTURES, VALIDATION, tmp_path, replace(PLAN, steps=50))
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt):
        training.run(lambda _: os.kill(os.getpid(), signal.SIGTERM))
    assert torch.load(tmp_path / CHECKPOINT, weights_only=True)["step"] == 1
    assert signal.getsignal(signal.SIGTERM) is before


def test_the_log_has_a_line_for_ten_steps_and_one_for_a_recall(tmp_path: Path) -> None:
    log = CopyTrainingLog(tmp_path / "log.txt")
    for step in range(1, 21):
        log.step(CopyTrainingReport(step, 20, loss=float(step), found=0.5))
    lines = (tmp_path / "log.txt").read_text().splitlines()
    assert [line.partition(" step ")[2] for line in lines] == [
        "10: loss 5.500, found 0.500",
        "20: loss 15.500, found 0.500",
    ]
