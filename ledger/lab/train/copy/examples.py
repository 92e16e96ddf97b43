"""Edited pictures that the copy descriptor must recognise, and the windows in which they are seen best.

The descriptor sees a query whole, and its windows from a picture twice as large: a picture pasted small is then as
large as a whole one.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ledger.fingerprint import copy_descriptor as descriptor
from ledger.image.canonical_image import Pixels
from ledger.lab.train.augmentation import augment
from ledger.lab.train.augmentation_scenes import Box
from ledger.lab.train.copy.dataset import TrainingPictures

CELL = 32
"""Pixels of the network's input per cell of its map."""
_LEAST_GAIN = 1.3
"""A window is trained on if it overlaps the pasted picture this many times better than the whole query does."""
_TOO_SMALL = 0.2
"""Share of the area below which only a window is expected to show the picture."""


@dataclass(frozen=True, slots=True)
class CopyWindow:
    """A window of the query, with a cell of what surrounds it on two of its sides."""

    pixels: Pixels
    """Shape (side + CELL, side + CELL, 3)."""
    row: int
    """First row of the window in the map of `pixels`; it has side / CELL rows."""
    column: int


@dataclass(frozen=True, slots=True)
class CopyExample:
    """One edited picture that must be recognised."""

    index: int
    """Index of the picture that it was made from."""
    others: tuple[int, ...]
    """Indices of pictures that it may show too."""
    query: Pixels | None
    """Shape (side, side, 3); None if the picture is too small in it."""
    window: CopyWindow | None
    """Where the picture is seen better than in the whole."""


class CopyExamples:
    """A sequence of `count` examples. Each depends only on the seed and its position, so a run can be resumed.

    `side` is a multiple of 64: then windows begin between cells.
    """

    def __init__(self, pictures: TrainingPictures, *, side: int, count: int, seed: int) -> None:
        self._pictures = pictures
        self._side = side
        self._count = count
        self._seed = seed
        self._photographs = pictures.photographs()

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, position: int) -> CopyExample:
        query, index, box, others, rng = self._edited(position)
        window = best_window(box)
        area = float((box[2] - box[0]) * (box[3] - box[1]))
        return CopyExample(
            index,
            others,
            _scaled(query, self._side) if window is None or area > _TOO_SMALL else None,
            None if window is None else self._window(query, window, rng),
        )

    def views(self, position: int) -> tuple[int, Pixels, Pixels]:
        """The example's picture, and the query as the descriptor gets it: at `side`, and at twice that for windows."""
        query, index, _, _, _ = self._edited(position)
        return index, _scaled(query, self._side), _scaled(query, 2 * self._side)

    def _edited(self, position: int) -> tuple[Pixels, int, Box, tuple[int, ...], np.random.Generator]:
        cv2.setNumThreads(0)  # one process runs per core: OpenCV's own threads would only wait for each other
        epoch, place = divmod(position, len(self._pictures))
        index = int(np.random.default_rng([self._seed, epoch]).permutation(len(self._pictures))[place])
        rng = np.random.default_rng([self._seed, 1 + epoch, place])
        others: list[int] = []

        def other() -> Pixels:
            others.append(self._other(rng))
            return self._pictures.picture(others[-1])

        query, box = augment(self._pictures.picture(index), other, rng)
        return query, index, box, tuple(others), rng

    def _other(self, rng: np.random.Generator) -> int:
        """A picture to paste on or beside: half of the time a photograph."""
        if self._photographs and rng.random() < 0.5:
            return self._photographs[int(rng.integers(len(self._photographs)))]
        return int(rng.integers(len(self._pictures)))

    def _window(self, query: Pixels, window: tuple[float, float, float, float], rng: np.random.Generator) -> CopyWindow:
        left, top = (round(2 * self._side * place) for place in window[:2])
        before = [_before(start, self._side, rng) for start in (top, left)]
        top, left = top - CELL * before[0], left - CELL * before[1]
        taken = slice(top, top + self._side + CELL), slice(left, left + self._side + CELL)
        large = _scaled(query, 2 * self._side)
        return CopyWindow(np.ascontiguousarray(large[taken]), *before)


def best_window(box: NDArray[np.float32]) -> tuple[float, float, float, float] | None:
    """The window that overlaps the pasted picture best; None if the whole query does so about as well."""

    def overlap(window: tuple[float, float, float, float]) -> float:
        left, top = np.maximum(box[:2], window[:2])
        right, bottom = np.minimum(box[2:], window[2:])
        both = max(0.0, float(right - left)) * max(0.0, float(bottom - top))
        area = float((box[2] - box[0]) * (box[3] - box[1]))
        return both / (area + (window[2] - window[0]) * (window[3] - window[1]) - both)

    best = max(descriptor.WINDOWS, key=overlap)
    return best if overlap(best) > _LEAST_GAIN * overlap((0.0, 0.0, 1.0, 1.0)) else None


def _before(start: int, side: int, rng: np.random.Generator) -> int:
    """How many cells of the surroundings come before the window: one at the far edge, none at the near one."""
    if start in (0, side):
        return int(start > 0)
    return int(rng.integers(2))


def _scaled(picture: Pixels, side: int) -> Pixels:
    smaller = side < min(picture.shape[:2])
    method = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, (side, side), interpolation=method), np.uint8)
