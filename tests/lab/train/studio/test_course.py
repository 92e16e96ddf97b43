"""Training runs: an interrupted one ends where an uninterrupted one does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from ledger.lab.train.studio.course import StudioTrainingPlan, StudioTrainingReport, learn

PLAN = StudioTrainingPlan(steps=12, batch=4, rate=0.05, checkpoint_every=5)


class _Line:
    """Learns y = 3x."""

    def __init__(self) -> None:
        torch.manual_seed(0)
        self.learner: nn.Module = nn.Linear(1, 1)
        self.samples = 0

    def loss(self, _done: float, rng: np.random.Generator) -> Tensor:
        inputs = torch.from_numpy(rng.normal(size=(PLAN.batch, 1)).astype(np.float32)) + torch.randn(1) * 0.01
        loss: Tensor = (self.learner(inputs) - 3 * inputs).square().mean()
        return loss

    def sample(self, averaged: nn.Module) -> None:
        assert not averaged.training
        self.samples += 1


class _InterruptedError(Exception):
    pass


def _weights(module: nn.Module) -> list[float]:
    return [float(value) for parameter in module.parameters() for value in parameter.flatten()]


def test_an_interrupted_run_goes_on_from_its_checkpoint(tmp_path: Path) -> None:
    whole = learn(_Line(), PLAN, tmp_path / "whole.pt", lambda _: None)

    def stop(report: StudioTrainingReport) -> None:
        if report.step == 8:
            raise _InterruptedError

    with pytest.raises(_InterruptedError):
        learn(_Line(), PLAN, tmp_path / "run.pt", stop)
    seen: list[int] = []
    resumed = learn(_Line(), PLAN, tmp_path / "run.pt", lambda report: seen.append(report.step))

    assert seen == list(range(6, 13))
    assert _weights(resumed) == _weights(whole)


def test_it_learns_and_the_last_step_is_kept(tmp_path: Path) -> None:
    reports: list[StudioTrainingReport] = []
    lesson = _Line()
    learn(
        lesson,
        StudioTrainingPlan(steps=200, batch=4, rate=0.1, checkpoint_every=150),
        tmp_path / "run.pt",
        reports.append,
    )
    assert reports[-1].loss < reports[0].loss / 10
    assert lesson.samples == 2
    assert torch.load(tmp_path / "run.pt", weights_only=True)["step"] == 200


def test_a_finished_run_is_not_run_again(tmp_path: Path) -> None:
    first = learn(_Line(), PLAN, tmp_path / "run.pt", lambda _: None)

    def fail(_: StudioTrainingReport) -> None:
        raise AssertionError("nothing was left to learn")

    assert _weights(learn(_Line(), PLAN, tmp_path / "run.pt", fail)) == _weights(first)
