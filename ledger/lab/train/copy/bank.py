"""Descriptors of all training pictures as registered works, kept up to date in turn."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ledger.errors import ConflictError
from ledger.lab.train.copy.dataset import TrainingPictures
from ledger.lab.train.copy.layers import Trunk
from ledger.lab.train.copy.network import normalised

_PART = 8
_ROWS = 512


class CopyBank:
    """One descriptor of each picture, all of about the same age on average.

    A picture's own descriptor is taken from here like the others': otherwise the newest would be told apart by its age.
    """

    def __init__(self, pictures: TrainingPictures, trunk: Trunk, side: int, folder: Path, threads: Executor) -> None:
        self._names = pictures.names
        self._threads = threads
        self._early = _early(pictures, trunk, side, folder, threads)
        self._first = torch.empty(0)
        self.descriptors = torch.empty(0)
        """Shape (pictures, dimension)."""
        self._variants = torch.empty(0, dtype=torch.bool)
        self._variant = 0.0
        self._next = 0

    def start(self, describe: Callable[[Tensor], Tensor], variant: float) -> None:
        """Describes all pictures. `describe` maps outputs of the trunk to descriptors.

        Pictures whose first descriptors are as similar as `variant` are variants of one drawing, never negatives.
        """
        self._begin(self.described(describe), variant)

    def refresh(self, count: int, describe: Callable[[Tensor], Tensor]) -> None:
        """Describes the next `count` pictures again."""
        indices = [(self._next + place) % len(self._names) for place in range(min(count, len(self._names)))]
        self.descriptors[indices] = self.described(describe, indices)
        self._next = (self._next + count) % len(self._names)

    def state(self) -> Mapping[str, object]:
        """All that `restore` needs."""
        return {
            "names": list(self._names),
            "first": self._first,
            "variant": self._variant,
            "descriptors": self.descriptors,
            "next": self._next,
        }

    def restore(self, state: Mapping[str, object]) -> None:
        """Raises ConflictError (`other-pictures`)."""
        if state["names"] != list(self._names):
            raise ConflictError(
                "the checkpoint was trained on other pictures",
                code="other-pictures",
                hint="Keep the pictures beside the checkpoint, or start in an empty folder.",
            )
        first, descriptors, variant, following = (state[key] for key in ("first", "descriptors", "variant", "next"))
        assert isinstance(first, Tensor)  # noqa: S101 - for the type checker, as below
        assert isinstance(descriptors, Tensor)  # noqa: S101
        assert isinstance(variant, float)  # noqa: S101
        assert isinstance(following, int)  # noqa: S101
        self._begin(first, variant)
        self.descriptors, self._next = descriptors.clone(), following

    def related(self, index: int, others: Sequence[int]) -> Tensor:
        """Marks the pictures that are no negatives of an example: the picture, its variants, and others it shows."""
        marked = self._variants[index].clone()
        marked[[index, *others]] = True
        return marked

    def described(self, describe: Callable[[Tensor], Tensor], indices: Sequence[int] | None = None) -> Tensor:
        """What `describe` makes of these pictures, or of all."""
        indices = range(len(self._names)) if indices is None else indices

        def part(start: int) -> Tensor:
            with torch.no_grad():
                return describe(self._early[list(indices[start : start + _PART])].float())

        return torch.cat(list(self._threads.map(part, range(0, len(indices), _PART))))

    def _begin(self, first: Tensor, variant: float) -> None:
        self._first, self._variant = first, variant
        self.descriptors = first.clone()
        self._variants = torch.cat([rows @ first.T > variant for rows in torch.split(first, _ROWS)])


def _early(pictures: TrainingPictures, trunk: Trunk, side: int, folder: Path, threads: Executor) -> Tensor:
    """Float16 trunk features of every picture as a registered work: a file that is made once, and mapped."""
    file = folder / f"early-{side}-{_digest(pictures, trunk)}.npy"
    if not file.exists():

        def part(start: int) -> Tensor:
            indices = range(start, min(start + _PART, len(pictures)))
            taken = np.stack([pictures.reference(index, side) for index in indices])
            with torch.no_grad():
                features: Tensor = trunk(normalised(torch.from_numpy(taken)))
            return features.half().permute(0, 2, 3, 1)

        partial = file.with_suffix(".part")
        shape = (len(pictures), *part(0).shape[1:])
        written = np.lib.format.open_memmap(partial, mode="w+", dtype=np.float16, shape=shape)

        def write(start: int) -> None:
            written[start : start + _PART] = part(start).numpy()

        list(threads.map(write, range(0, len(pictures), _PART)))
        written.flush()
        partial.replace(file)
    mapped = np.load(file, mmap_mode="c")  # never written; torch wants an array that might be
    return torch.from_numpy(mapped).permute(0, 3, 1, 2)


def _digest(pictures: TrainingPictures, trunk: Trunk) -> str:
    made_of = hashlib.sha256("\n".join(pictures.names).encode())
    for tensor in trunk.state_dict().values():
        made_of.update(tensor.contiguous().numpy().tobytes())
    return made_of.hexdigest()[:12]
