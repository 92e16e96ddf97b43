"""A training run of any part: seeded, interruptible, resumed from its checkpoint, with averaged weights.

The seed and k alone determine the examples of step k. An interrupted run, resumed from its checkpoint, therefore ends
with the same weights as an uninterrupted one.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

_WARM_UP = 0.03
_COOL_DOWN = 0.3
"""Shares of the steps in which the learning rate rises at the start and falls at the end."""


@dataclass(frozen=True, slots=True)
class StudioTrainingPlan:
    """Length and sizes of a run."""

    steps: int
    batch: int
    rate: float
    average: float = 0.995
    """Decay of the moving average of the weights, per step."""
    seed: int = 1
    checkpoint_every: int = 100


@dataclass(frozen=True, slots=True)
class StudioTrainingReport:
    step: int
    steps: int
    loss: float


class Lesson(Protocol):
    """The model and objective of one part."""

    @property
    def learner(self) -> nn.Module:
        """The module that is optimised and averaged."""

    def loss(self, done: float, rng: np.random.Generator) -> Tensor:
        """Scalar loss of one batch. `done`: share of steps done. `rng` and torch's own are seeded for this step."""

    def sample(self, averaged: nn.Module) -> None:
        """Saves samples that show a person the progress; called with each checkpoint."""


def learn(
    lesson: Lesson, plan: StudioTrainingPlan, checkpoint: Path, progress: Callable[[StudioTrainingReport], None]
) -> nn.Module:
    """Trains until the plan's last step and returns the averaged weights, in evaluation mode."""
    learner = lesson.learner
    averaged = copy.deepcopy(learner).requires_grad_(requires_grad=False).eval()
    optimiser = torch.optim.AdamW(learner.parameters(), lr=plan.rate, betas=(0.9, 0.99), weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: _pace(step, plan.steps))
    parts: Parts = {"learner": learner, "averaged": averaged, "optimiser": optimiser, "schedule": schedule}
    learner.train()
    for step in range(_resume(checkpoint, parts), plan.steps):
        torch.manual_seed(plan.seed * 1_000_003 + step)
        optimiser.zero_grad()
        loss = lesson.loss(step / plan.steps, np.random.default_rng([plan.seed, step]))
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it unannotated
        nn.utils.clip_grad_norm_(learner.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        _follow(averaged, learner, min(plan.average, (1 + step) / (10 + step)))
        progress(StudioTrainingReport(step + 1, plan.steps, float(loss.detach())))
        if (step + 1) % plan.checkpoint_every == 0 or step + 1 == plan.steps:
            _save(checkpoint, step + 1, parts)
            lesson.sample(averaged)
    return averaged


def half_precision() -> torch.autocast:
    """bfloat16 if this processor supports it; otherwise float32, since emulation is ten times slower."""
    supported = torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return torch.autocast("cpu", torch.bfloat16, enabled=bool(supported))


def _pace(step: int, steps: int) -> float:
    return max(0.0, min(1.0, (step + 1) / (steps * _WARM_UP + 1), (steps - step) / (steps * _COOL_DOWN)))


@torch.no_grad()
def _follow(averaged: nn.Module, learner: nn.Module, keep: float) -> None:
    """One step of the moving average; buffers and counters are copied."""
    for parameter, new in zip(averaged.parameters(), learner.parameters(), strict=True):
        parameter.lerp_(new, 1 - keep)
    for buffer, now in zip(averaged.buffers(), learner.buffers(), strict=True):
        buffer.copy_(now)


class _Stateful(Protocol):
    def state_dict(self) -> Mapping[str, Any]: ...
    def load_state_dict(self, state_dict: Any, /) -> Any: ...


Parts = Mapping[str, _Stateful]


def _save(checkpoint: Path, step: int, parts: Parts) -> None:
    partial = checkpoint.with_suffix(".part")
    torch.save({"step": step} | {name: part.state_dict() for name, part in parts.items()}, partial)
    partial.replace(checkpoint)


def _resume(checkpoint: Path, parts: Parts) -> int:
    """Loads the checkpoint; returns the number of steps done."""
    if not checkpoint.exists():
        return 0
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    for name, part in parts.items():
        part.load_state_dict(state[name])
    return int(state["step"])
