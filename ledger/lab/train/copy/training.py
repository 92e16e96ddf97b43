"""Trains the copy descriptor: seeded, interruptible, resumed from its last checkpoint.

The first layers keep their ImageNet weights: corners and textures need no new learning, and the registered side of each
pair can then start from cached features. The moving average of the weights describes that side (MoCo, He et al. 2020):
otherwise descriptors could be told apart from those in the bank by their age alone.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader, Subset

from ledger.fingerprint import copy_descriptor as descriptor
from ledger.fingerprint.copy_network import CopyNetwork, Window, normalised, pool, pool_windows
from ledger.fingerprint.efficientnet import load_efficientnet_lite0
from ledger.lab.train.copy.dataset import CopyExample, CopyExamples, TrainingPictures
from ledger.lab.train.copy.objective import loss
from ledger.lab.train.whitening import fit_whitening

FROZEN = 5
"""Blocks, after the stem, that keep their ImageNet weights."""
_WARM_UP = 100
_COOL_DOWN = 0.35
"""Share of the steps, at the end, over which the learning rate falls to zero."""
_AVERAGE = 0.995
_VARIANT = 0.93
"""Pictures with whitened ImageNet descriptors this similar are variants of one drawing, never negatives."""
_LEAST_GAIN = 1.3
"""A window is trained on if it overlaps the pasted picture this many times better than the whole query does."""


@dataclass(frozen=True, slots=True)
class CopyTrainingPlan:
    """Length and sizes of a run. The defaults take about half an hour on two cores."""

    steps: int = 1450
    batch: int = 64
    part: int = 8
    """Pictures per forward pass; few of them fit into the processor's cache."""
    side: int = 192
    rate: float = 1e-4
    head_rate: float = 3e-4
    seed: int = 1
    workers: int = 2
    checkpoint_every: int = 100


@dataclass(frozen=True, slots=True)
class CopyTrainingReport:
    step: int
    steps: int
    loss: float
    found: float
    """Share of queries whose own picture was the nearest."""


class CopyTraining:
    """One training run. `run` continues where the last run with the same folder stopped."""

    def __init__(self, pictures: TrainingPictures, folder: Path, plan: CopyTrainingPlan) -> None:
        torch.manual_seed(plan.seed)
        self._pictures = pictures
        self._checkpoint = folder / "checkpoint.pt"
        self._plan = plan
        self._trunk, self._network = _split_network()
        self._cache = self._trunk_features()
        self._start_projection()
        averaging = get_ema_multi_avg_fn(_AVERAGE)  # type: ignore[no-untyped-call]  # torch leaves it unannotated
        self._average = AveragedModel(self._network, multi_avg_fn=averaging)
        self._optimiser = torch.optim.AdamW(
            [
                {"params": self._network.backbone.parameters(), "lr": plan.rate},
                {"params": self._network.projection.parameters(), "lr": plan.head_rate},
            ],
            weight_decay=0.02,
        )
        self._schedule = torch.optim.lr_scheduler.LambdaLR(self._optimiser, self._pace)
        with torch.no_grad():
            self._bank = self._references(list(range(len(pictures)))).clone()
        self._variants = (self._bank @ self._bank.T) > _VARIANT
        self._step = 0
        if self._checkpoint.exists():
            self._resume()

    def run(self, progress: Callable[[CopyTrainingReport], None]) -> CopyTrainingReport | None:
        """Trains to the plan's last step, with regular checkpoints. Returns the last step's report."""
        report = None
        plan = self._plan
        examples = CopyExamples(self._pictures, side=plan.side, count=plan.steps * plan.batch, seed=plan.seed)
        positions = range(self._step * plan.batch, len(examples))
        left: Subset[CopyExample] = Subset(examples, positions)  # type: ignore[arg-type]  # a sequence; torch asks for its own class
        batches = DataLoader(
            left,
            plan.batch,
            num_workers=min(plan.workers, len(os.sched_getaffinity(0))),
            collate_fn=list,
            prefetch_factor=3,
        )
        for batch in batches:
            value, found = self._learn(batch)
            self._step += 1
            report = CopyTrainingReport(self._step, plan.steps, value, found)
            progress(report)
            if self._step % plan.checkpoint_every == 0 or self._step == plan.steps:
                self._save()
        return report

    def network(self) -> CopyNetwork:
        """The complete network with the averaged weights."""
        whole = CopyNetwork(load_efficientnet_lite0())
        whole.load_state_dict({**whole.state_dict(), **self._average.module.state_dict()})
        return whole.requires_grad_(requires_grad=False).eval()

    def _learn(self, batch: list[CopyExample]) -> tuple[float, float]:
        self._optimiser.zero_grad()
        total, found = 0.0, 0
        for start in range(0, len(batch), self._plan.part):
            value, right = self._part(batch[start : start + self._plan.part], len(batch))
            total, found = total + value, found + right
        nn.utils.clip_grad_norm_(self._network.parameters(), 5.0)
        self._optimiser.step()
        self._schedule.step()
        self._average.update_parameters(self._network)
        return total, found / len(batch)

    def _part(self, examples: list[CopyExample], batch: int) -> tuple[float, int]:
        indices = [example.index for example in examples]
        inputs = normalised(torch.from_numpy(np.stack([example.query for example in examples])))
        with torch.no_grad():
            early = self._trunk(inputs)
        feature_map = self._network.backbone(early)
        queries, rows, weight = self._views(feature_map, examples)
        with torch.no_grad():
            references = self._references(indices)
        bank, same = self._bank, self._variants[indices]
        value = loss(queries, references[rows], bank, same[rows], weight) * len(rows) / batch
        value.backward()  # type: ignore[no-untyped-call]  # torch leaves it unannotated
        with torch.no_grad():
            self._bank[indices] = references
            unrelated = (queries @ bank.T).masked_fill(same[rows], -1).max(dim=1).values
            best = (queries * references[rows]).sum(dim=1) > unrelated
        return float(value.detach()), sum(any(best[rows == row]) for row in range(len(examples)))

    def _views(self, feature_map: Tensor, examples: list[CopyExample]) -> tuple[Tensor, Tensor, Tensor]:
        """Descriptors of each whole query and of the window with a pasted picture; the example and weight of each."""
        pooled, rows, weight = [pool(feature_map)], list(range(len(examples))), [1.0] * len(examples)
        for row, example in enumerate(examples):
            window = _best_window(example.box)
            if window is not None:
                pooled.append(pool_windows(feature_map[row : row + 1], [window])[:, 0])
                rows.append(row)
                weight[row] = 0.5
                weight.append(0.7)
        return self._network.describe(torch.cat(pooled)), torch.tensor(rows), torch.tensor(weight)

    def _references(self, indices: list[int]) -> Tensor:
        """Descriptors of the references, by the averaged weights."""
        parts = [
            self._average(self._cache[indices[start : start + self._plan.part]].float())
            for start in range(0, len(indices), self._plan.part)
        ]
        return torch.cat(parts)

    def _trunk_features(self) -> Tensor:
        """Float16 trunk features of every picture as a registered work."""
        parts = []
        with torch.no_grad():
            for start in range(0, len(self._pictures), self._plan.part):
                indices = range(start, min(start + self._plan.part, len(self._pictures)))
                pictures = np.stack([self._pictures.reference(index, self._plan.side) for index in indices])
                parts.append(self._trunk(normalised(torch.from_numpy(pictures))).half())
        return torch.cat(parts).clone(memory_format=torch.channels_last)

    def _start_projection(self) -> None:
        """Starts the projection as the PCA whitening of the pictures' ImageNet features."""
        pooled = []
        with torch.no_grad():
            for start in range(0, len(self._cache), self._plan.part):
                maps = self._network.backbone(self._cache[start : start + self._plan.part].float())
                pooled.append(nn.functional.normalize(pool(maps)).numpy())
        if len(self._pictures) < 4 * descriptor.DIMENSION:
            return  # too few pictures for a whitening, as in a smoke run: the projection starts random
        whitening = fit_whitening(np.concatenate(pooled), descriptor.DIMENSION)
        with torch.no_grad():
            self._network.projection.weight.copy_(torch.from_numpy(whitening.projection))
            self._network.projection.bias.copy_(torch.from_numpy(-whitening.projection @ whitening.mean))

    def _pace(self, step: int) -> float:
        left = (self._plan.steps - step) / (self._plan.steps * _COOL_DOWN)
        return max(0.0, min(1.0, (step + 1) / _WARM_UP, left))

    def _save(self) -> None:
        state = {
            "step": self._step,
            "network": self._network.state_dict(),
            "average": self._average.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "schedule": self._schedule.state_dict(),
            "bank": self._bank,
            "names": list(self._pictures.names),
        }
        partial = self._checkpoint.with_suffix(".part")
        torch.save(state, partial)
        partial.replace(self._checkpoint)

    def _resume(self) -> None:
        state = torch.load(self._checkpoint, map_location="cpu", weights_only=True)
        self._network.load_state_dict(state["network"])
        self._average.load_state_dict(state["average"])
        self._optimiser.load_state_dict(state["optimiser"])
        self._schedule.load_state_dict(state["schedule"])
        self._bank.copy_(state["bank"])
        self._step = state["step"]


class _Trunk(nn.Module):
    """The frozen first layers."""

    def __init__(self, stem: nn.Module, blocks: nn.Sequential) -> None:
        super().__init__()
        self._stem = stem
        self._blocks = blocks

    def forward(self, pictures: Tensor) -> Tensor:
        outputs: Tensor = self._blocks(nn.functional.relu6(self._stem(pictures)))
        return outputs


class _TrainedLayers(nn.Module):
    """The trained layers; their input is the trunk's output."""

    def __init__(self, blocks: nn.Sequential, head: nn.Module) -> None:
        super().__init__()
        self.blocks = blocks
        self.head = head

    def forward(self, early: Tensor) -> Tensor:
        return nn.functional.relu6(self.head(self.blocks(early)))


def _split_network() -> tuple[_Trunk, CopyNetwork]:
    backbone = load_efficientnet_lite0()
    # Parts of a Sequential keep their numbers, so that weights load into the complete network by name.
    trunk = _Trunk(backbone.stem, cast(nn.Sequential, backbone.blocks[:FROZEN]))
    rest = _TrainedLayers(cast(nn.Sequential, backbone.blocks[FROZEN:]), backbone.head).requires_grad_(
        requires_grad=True
    )
    return trunk, CopyNetwork(rest)


def _best_window(box: NDArray[np.float32]) -> Window | None:
    """The window that overlaps the pasted picture best; None if the whole query does so about as well."""

    def overlap(window: Window) -> float:
        left, top = np.maximum(box[:2], window[:2])
        right, bottom = np.minimum(box[2:], window[2:])
        both = max(0.0, float(right - left)) * max(0.0, float(bottom - top))
        either = _area(box) + (window[2] - window[0]) * (window[3] - window[1]) - both
        return both / either

    best = max(descriptor.WINDOWS, key=overlap)
    return best if overlap(best) > _LEAST_GAIN * overlap((0.0, 0.0, 1.0, 1.0)) else None


def _area(box: NDArray[np.float32]) -> float:
    return float((box[2] - box[0]) * (box[3] - box[1]))
