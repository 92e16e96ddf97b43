"""Trains the copy descriptor: seeded, interruptible, resumed from its last checkpoint.

The learning rate stays constant, and a moving average of the weights is what is used: a run may stop at any step and
go on later. To finish one, `CopyTrainingPlan.cool_down` lets the rate fall to zero from a checkpoint, which stays.

The averaged weights also describe the registered side of each pair (MoCo, He et al. 2020).
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel
from torch.utils.data import DataLoader, Subset

from ledger.lab.train.copy.bank import CopyBank
from ledger.lab.train.copy.dataset import TrainingPictures
from ledger.lab.train.copy.examples import CopyExample, CopyExamples
from ledger.lab.train.copy.layers import split_network, start_projection, whole_network
from ledger.lab.train.copy.network import CopyNetwork, normalised, pool
from ledger.lab.train.copy.objective import loss
from ledger.lab.train.copy.validation import CopyRecall, CopyValidation
from ledger.lab.train.copy.views import CopyViews, views_of
from ledger.lab.train.workers import single_threaded_workers

_WARM_UP = 100
_AVERAGE, _COOLING_AVERAGE = 0.998, 0.98
_VARIANT, _VARIANT_FRESH = 0.8, 0.93
"""Similarity of variants by the shipped descriptor, and by whitened ImageNet features."""
_SAVE_AFTER = 600
"""Seconds between checkpoints."""
Slopes = tuple[Tensor, ...]
Tensors = tuple[Tensor, ...] | list[Tensor]
CHECKPOINT, COOLING = "checkpoint.pt", "cooling.pt"


@dataclass(frozen=True, slots=True)
class CopyTrainingPlan:
    """Length and sizes of a run."""

    steps: int = 4000
    """At a constant learning rate."""
    cool_down: int = 0
    """If set, the run instead takes this many steps from the checkpoint on, while the learning rate falls to zero."""
    batch: int = 64
    part: int = 8
    """Pictures per forward pass; few of them fit into the processor's cache."""
    side: int = 192
    rate: float = 1e-4
    head_rate: float = 3e-4
    refresh: int = 32
    """Descriptors of the bank that are made anew at each step."""
    validate_every: int = 200
    seed: int = 1
    workers: int = 1
    fresh: bool = False
    """Start from ImageNet's weights, not from the shipped descriptor."""


@dataclass(frozen=True, slots=True)
class CopyTrainingReport:
    step: int
    steps: int
    loss: float
    found: float
    """Share of queries whose own picture was the nearest."""
    recall: CopyRecall | None = None
    """With pictures that are not trained on; measured now and then."""


class CopyTraining:
    """One training run. `run` continues where the last run with the same folder and pictures stopped."""

    def __init__(
        self, pictures: TrainingPictures, validation: TrainingPictures, folder: Path, plan: CopyTrainingPlan
    ) -> None:
        torch.manual_seed(plan.seed)
        self._pictures = pictures
        self._checkpoint = folder / (COOLING if plan.cool_down else CHECKPOINT)
        self._plan = plan
        # One thread for each stack of pictures: torch's own would wait for each other at every layer.
        self._threads = single_threaded_workers(len(os.sched_getaffinity(0)))
        self._trunk, self._network = split_network(fresh=plan.fresh)
        self._bank = CopyBank(pictures, self._trunk, plan.side, folder, self._threads)
        self._validation = CopyValidation(validation, pictures, plan.side) if len(validation) else None
        if plan.fresh:
            features = self._bank.described(lambda early: functional.normalize(pool(self._network.backbone(early))))
            start_projection(self._network, features.numpy())
        self._average = _averaged(self._network, _COOLING_AVERAGE if plan.cool_down else _AVERAGE)
        self._optimiser = torch.optim.AdamW(
            [
                {"params": self._network.backbone.parameters(), "lr": plan.rate},
                {"params": self._network.projection.parameters(), "lr": plan.head_rate},
            ],
            weight_decay=0.02,
        )
        self._step, self._end = 0, plan.cool_down or plan.steps
        found = next((path for path in (self._checkpoint, folder / CHECKPOINT) if path.exists()), None)
        if found is None:
            self._bank.start(self._average, _VARIANT_FRESH if plan.fresh else _VARIANT)
        else:
            self._resume(found)

    def run(self, progress: Callable[[CopyTrainingReport], None]) -> CopyTrainingReport | None:
        """Trains to the plan's last step, with regular checkpoints. Returns the last step's report.

        Saves and raises KeyboardInterrupt when the process is asked to end.
        """
        report, saved = None, time.monotonic()
        with _asked_to_end() as asked:
            for batch in self._batches():
                value, found = self._learn(batch)
                self._step += 1
                recall = self._recall() if self._step % self._plan.validate_every == 0 else None
                report = CopyTrainingReport(self._step, self._end, value, found, recall)
                progress(report)
                if asked() or self._step == self._end or time.monotonic() - saved > _SAVE_AFTER:
                    self._save()
                    saved = time.monotonic()
                if asked():
                    raise KeyboardInterrupt
        return report

    def start_recall(self) -> CopyRecall | None:
        """What the weights reach before the first step; None later."""
        return self._recall() if self._step == 0 else None

    def network(self) -> CopyNetwork:
        """The complete network with the averaged weights."""
        return whole_network(self._trunk, self._average.module)

    def _batches(self) -> Iterator[list[CopyExample]]:
        plan = self._plan
        examples = CopyExamples(self._pictures, side=plan.side, count=self._end * plan.batch, seed=plan.seed)
        positions = range(self._step * plan.batch, len(examples))
        left: Subset[CopyExample] = Subset(examples, positions)  # type: ignore[arg-type]  # a sequence; torch asks for its own class
        yield from DataLoader(
            left,
            plan.batch,
            num_workers=min(plan.workers, len(os.sched_getaffinity(0))),
            collate_fn=list,
            prefetch_factor=3 if plan.workers else None,
            worker_init_fn=_end_when_asked,
        )

    def _learn(self, batch: Sequence[CopyExample]) -> tuple[float, float]:
        pace = self._pace()
        for group, rate in zip(self._optimiser.param_groups, (self._plan.rate, self._plan.head_rate), strict=True):
            group["lr"] = rate * pace
        self._optimiser.zero_grad()
        total, found = 0.0, set[int]()
        stacks = list(views_of(batch, self._plan.part))
        for value, rows, slopes in self._threads.map(lambda views: self._part(batch, views), stacks):
            total, found = total + value, found | rows
            for parameter, slope in zip(self._network.parameters(), slopes, strict=True):
                parameter.grad = slope if parameter.grad is None else parameter.grad.add_(slope)
        nn.utils.clip_grad_norm_(self._network.parameters(), 5.0)
        self._optimiser.step()
        self._average.update_parameters(self._network)
        self._bank.refresh(self._plan.refresh, self._average)
        return total, len(found) / len(batch)

    def _part(self, batch: Sequence[CopyExample], views: CopyViews) -> tuple[float, set[int], Slopes]:
        """The loss of some views, the examples found, and the gradient of each parameter."""
        examples = [batch[row] for row in views.rows]
        feature_map = self._network.backbone(self._trunk(normalised(torch.from_numpy(views.pixels))))
        queries = self._network.describe(pool(views.seen(feature_map)))
        bank = self._bank.descriptors
        own = bank[[example.index for example in examples]]
        related = torch.stack([self._bank.related(example.index, example.others) for example in examples])
        share = len(views.rows) / len(batch)
        value = loss(queries, own, bank, related, torch.from_numpy(views.weight)) * share
        slopes = torch.autograd.grad(value, list(self._network.parameters()))
        with torch.no_grad():
            unrelated = (queries @ bank.T).masked_fill(related, -1).max(dim=1).values
            best = ((queries * own).sum(dim=1) > unrelated).tolist()
        return float(value.detach()), {row for row, right in zip(views.rows, best, strict=True) if right}, slopes

    def _recall(self) -> CopyRecall | None:
        if self._validation is None:
            return None
        return self._validation.measure(self._trunk, cast(CopyNetwork, self._average.module), self._threads)

    def _pace(self) -> float:
        """The learning rate's share of the plan's."""
        if self._plan.cool_down:
            return max(0.0, (self._end - self._step) / self._plan.cool_down)
        return min(1.0, (self._step + 1) / _WARM_UP)

    def _save(self) -> None:
        state = {
            "step": self._step,
            "end": self._end,
            "network": self._network.state_dict(),
            "average": self._average.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "bank": self._bank.state(),
        }
        partial = self._checkpoint.with_suffix(".part")
        torch.save(state, partial)
        partial.replace(self._checkpoint)

    def _resume(self, path: Path) -> None:
        state = torch.load(path, map_location="cpu", weights_only=True)
        self._network.load_state_dict(state["network"])
        self._average.load_state_dict(state["average"])
        self._optimiser.load_state_dict(state["optimiser"])
        self._bank.restore(state["bank"])
        self._step = state["step"]
        if self._plan.cool_down:
            self._end = state["end"] if path.name == COOLING else self._step + self._plan.cool_down


def _averaged(network: CopyNetwork, share: float) -> AveragedModel:
    """Keeps `share` of the average at each step, less at the start of a run, which would otherwise lag for long."""

    def average(averaged: Tensors, current: Tensors, steps: Tensor | int) -> None:
        kept = min(share, (1 + int(steps)) / (10 + int(steps)))
        torch._foreach_lerp_(list(averaged), list(current), 1 - kept)

    return AveragedModel(network, multi_avg_fn=average)


@contextmanager
def _asked_to_end() -> Iterator[Callable[[], bool]]:
    """Whether SIGTERM or SIGINT came: the step is finished first."""
    came: list[int] = []
    before = {each: signal.signal(each, lambda number, _: came.append(number)) for each in _ENDING}
    try:
        yield lambda: bool(came)
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


_ENDING = (signal.SIGTERM, signal.SIGINT)


def _end_when_asked(_: int) -> None:
    """In a process that draws examples: SIGTERM ends it at once; SIGINT is the training process's affair."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
