"""Descriptors of all training pictures as registered works, kept up to date in turn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor

import numpy as np
import torch
from torch import Tensor

from ledger.fingerprint.copy_network import normalised
from ledger.lab.train.copy.dataset import TrainingPictures
from ledger.lab.train.copy.layers import Trunk

_PART = 8


class CopyBank:
    """One descriptor of each picture, all of about the same age on average.

    A picture's own descriptor is taken from here like the others': otherwise the newest would be told apart by its age.
    """

    def __init__(self, pictures: TrainingPictures, trunk: Trunk, side: int, threads: Executor) -> None:
        self._threads = threads
        self._early = _early(pictures, trunk, side, threads)
        self.descriptors = torch.empty(0)
        """Shape (pictures, dimension)."""
        self._variants = torch.empty(0, dtype=torch.bool)
        self._next = 0

    def start(self, describe: Callable[[Tensor], Tensor], variant: float) -> None:
        """Describes all pictures. `describe` maps outputs of the trunk to descriptors.

        Pictures whose first descriptors are as similar as `variant` are variants of one drawing, never negatives.
        """
        self.descriptors = self.described(describe)
        self._variants = (self.descriptors @ self.descriptors.T) > variant

    def refresh(self, count: int, describe: Callable[[Tensor], Tensor]) -> None:
        """Describes the next `count` pictures again."""
        indices = [(self._next + place) % len(self._early) for place in range(min(count, len(self._early)))]
        self.descriptors[indices] = self.described(describe, indices)
        self._next = (self._next + count) % len(self._early)

    def restore(self, descriptors: Tensor) -> None:
        self.descriptors.copy_(descriptors)

    def related(self, index: int, others: Sequence[int]) -> Tensor:
        """Marks the pictures that are no negatives of an example: the picture, its variants, and others it shows."""
        marked = self._variants[index].clone()
        marked[[index, *others]] = True
        return marked

    def described(self, describe: Callable[[Tensor], Tensor], indices: Sequence[int] | None = None) -> Tensor:
        """What `describe` makes of these pictures, or of all."""
        indices = range(len(self._early)) if indices is None else indices

        def part(start: int) -> Tensor:
            with torch.no_grad():
                return describe(self._early[list(indices[start : start + _PART])].float())

        return torch.cat(list(self._threads.map(part, range(0, len(indices), _PART))))


def _early(pictures: TrainingPictures, trunk: Trunk, side: int, threads: Executor) -> Tensor:
    """Float16 trunk features of every picture as a registered work."""

    def part(start: int) -> Tensor:
        indices = range(start, min(start + _PART, len(pictures)))
        taken = np.stack([pictures.reference(index, side) for index in indices])
        with torch.no_grad():
            features: Tensor = trunk(normalised(torch.from_numpy(taken))).half()
        return features

    parts = list(threads.map(part, range(0, len(pictures), _PART)))
    whole = torch.empty((len(pictures), *parts[0].shape[1:]), dtype=torch.half, memory_format=torch.channels_last)
    for start in range(len(parts) - 1, -1, -1):
        features = parts.pop()  # its memory is free again: there may be gigabytes
        whole[start * _PART : start * _PART + len(features)] = features
    return whole
