"""How often the descriptor finds the pictures that it was never trained on: the measure of a run's progress."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ledger.fingerprint import copy_descriptor as descriptor
from ledger.image.canonical_image import Pixels
from ledger.lab.train.copy.dataset import TrainingPictures
from ledger.lab.train.copy.examples import CopyExamples
from ledger.lab.train.copy.network import CopyNetwork, normalised, pool, pool_windows

MOST_QUERIES = 400
MOST_DISTRACTORS = 1000
"""Pictures trained on that are searched too."""
_SEED = 0
_PART = 8


@dataclass(frozen=True, slots=True)
class CopyRecall:
    """Shares of edited pictures whose own picture was among the nearest."""

    whole: float
    """Nearest, by the descriptor of the whole query alone."""
    first: float
    """Nearest, by the best of the whole and its windows."""
    ten: float
    """Among the ten nearest, by the best of them."""

    def __str__(self) -> str:
        return f"recall@1 {self.first:.3f} (whole {self.whole:.3f}), recall@10 {self.ten:.3f}"


class CopyValidation:
    """The same edited pictures, searched among the same pictures, at every measurement."""

    def __init__(self, pictures: TrainingPictures, trained_on: TrainingPictures, side: int) -> None:
        self._pictures = pictures
        self._trained_on = trained_on
        self._side = side
        self._examples = CopyExamples(pictures, side=side, count=len(pictures), seed=_SEED)
        rng = np.random.default_rng(_SEED)
        self._distractors = rng.permutation(len(trained_on))[:MOST_DISTRACTORS].tolist()

    def measure(self, trunk: Callable[[Tensor], Tensor], network: CopyNetwork, threads: Executor) -> CopyRecall:
        def maps(pictures: Sequence[Pixels]) -> Tensor:
            outputs: Tensor = network.backbone(trunk(normalised(torch.from_numpy(np.stack(pictures)))))
            return outputs

        def described(part: Sequence[tuple[TrainingPictures, int]]) -> Tensor:
            with torch.no_grad():
                return network.describe(pool(maps([pictures.reference(at, self._side) for pictures, at in part])))

        def ranks(position: int) -> tuple[int, int]:
            index, whole, large = self._examples.views(position)
            with torch.no_grad():
                queries = torch.cat([pool(maps([whole])), pool_windows(maps([large]), descriptor.WINDOWS)[0]])
                cosine = network.describe(queries) @ works.T
            return _rank(cosine[0], index), _rank(cosine.max(dim=0).values, index)

        searched = [(self._pictures, index) for index in range(len(self._pictures))]
        searched += [(self._trained_on, index) for index in self._distractors]
        parts = [searched[start : start + _PART] for start in range(0, len(searched), _PART)]
        works = torch.cat(list(threads.map(described, parts)))
        found = np.array(list(threads.map(ranks, range(min(MOST_QUERIES, len(self._examples))))))
        return CopyRecall(*(float(share.mean()) for share in (found[:, 0] < 1, found[:, 1] < 1, found[:, 1] < 10)))


def _rank(cosine: Tensor, index: int) -> int:
    return int((cosine > cosine[index]).sum())
