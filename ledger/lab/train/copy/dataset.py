"""Training pictures of the copy descriptor, small and in one file, and the pairs drawn from them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import save_file

from ledger.errors import InputError
from ledger.image.canonical_image import Pixels
from ledger.lab.train.augmentation import augment
from ledger.lab.train.pictures import PHOTOGRAPHS, SourcePicture
from ledger.lab.train.roles import Role, admitted, role_of

STORED_SIDE = 320
"""Longest side, in pixels, of a stored picture."""


@dataclass(frozen=True, slots=True)
class TrainingPictures:
    """n pictures, RGB over white."""

    names: tuple[str, ...]
    """`collection/key`, in order."""
    pixels: tuple[Pixels, ...]

    def __len__(self) -> int:
        return len(self.pixels)

    def reference(self, index: int, side: int) -> Pixels:
        """The picture as a registered work, (side, side, 3)."""
        return np.asarray(cv2.resize(self.pixels[index], (side, side), interpolation=cv2.INTER_AREA), np.uint8)


def gather(pictures: Iterable[SourcePicture], destination: Path) -> None:
    """Writes the pictures with the role TRAIN, as safetensors.

    Raises ConflictError (`sealed-work`), InputError (`no-pictures`).
    """
    arrays: dict[str, Pixels] = {}
    for picture in admitted(pictures, lambda collection, maker: role_of(collection, maker) is Role.TRAIN):
        small = picture.image.copy()
        small.thumbnail((STORED_SIDE, STORED_SIDE))
        arrays[f"{picture.collection}/{picture.key}"] = np.ascontiguousarray(small)
    if not arrays:
        raise InputError("there is no picture to train on", code="no-pictures", hint="Name a folder of packages.")
    partial = destination.with_suffix(".part")
    save_file(arrays, partial)
    partial.replace(destination)


def read_training_pictures(path: Path) -> TrainingPictures:
    """Reads the pictures, in the order of their names."""
    with safe_open(path, framework="numpy") as file:
        names = tuple(sorted(file.keys()))
        return TrainingPictures(names, tuple(file.get_tensor(name) for name in names))


@dataclass(frozen=True, slots=True)
class CopyExample:
    """One edited picture that must be recognised."""

    index: int
    """Index of the picture that it was made from."""
    query: Pixels
    """Shape (side, side, 3)."""
    box: NDArray[np.float32]
    """Box of that picture in the query: left, top, right, bottom, fractions of the query's sides."""


class CopyExamples:
    """A sequence of `count` examples. Each depends only on the seed and its position, so a run can be resumed."""

    def __init__(self, pictures: TrainingPictures, *, side: int, count: int, seed: int) -> None:
        self._pictures = pictures
        self._side = side
        self._count = count
        self._seed = seed
        self._photographs = [index for index, name in enumerate(pictures.names) if name.startswith(PHOTOGRAPHS)]

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, position: int) -> CopyExample:
        cv2.setNumThreads(0)  # one process runs per core: OpenCV's own threads would only wait for each other
        epoch, place = divmod(position, len(self._pictures))
        index = int(np.random.default_rng([self._seed, epoch]).permutation(len(self._pictures))[place])
        rng = np.random.default_rng([self._seed, 1 + epoch, place])
        other = self._pictures.pixels[self._ground(rng)]
        query, box = augment(self._pictures.pixels[index], other, rng)
        resized = cv2.resize(query, (self._side, self._side), interpolation=cv2.INTER_AREA)
        return CopyExample(index, np.asarray(resized, np.uint8), box)

    def _ground(self, rng: np.random.Generator) -> int:
        """A picture to paste on: half of the time a photograph."""
        if self._photographs and rng.random() < 0.5:
            return self._photographs[int(rng.integers(len(self._photographs)))]
        return int(rng.integers(len(self._pictures)))
