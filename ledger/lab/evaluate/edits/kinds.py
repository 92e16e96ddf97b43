"""The type of an evaluation edit, and helpers that several edits share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ledger.image.canonical_image import Pixels

_PHOTOGRAPH = 640
"""Side, in pixels, of a synthetic photograph."""
_GROUND_WHITE = 240


@dataclass(frozen=True, slots=True)
class Grounds:
    """Pictures that are in no corpus, for edits that put a work on or beside another one."""

    photographs: Sequence[Callable[[], Pixels]] = ()
    """If there are none, noise with a photograph's spectrum replaces them."""
    pictures: Sequence[Callable[[], Pixels]] = ()

    def photograph(self, rng: Generator) -> Pixels:
        if not self.photographs:
            return _natural_noise(rng)
        return self.photographs[int(rng.integers(len(self.photographs)))]()

    def picture(self, rng: Generator) -> Pixels:
        if not self.pictures:
            return self.photograph(rng)
        return self.pictures[int(rng.integers(len(self.pictures)))]()


class Stage(IntEnum):
    """The order of combined edits: a crop must not remove a picture that was pasted before."""

    PART = 0
    LOOK = 1
    COMPOSITION = 2
    """At most one of the combined edits has this stage."""
    FILE = 3


Apply = Callable[[Pixels, float, Generator, Grounds], Pixels]
"""Picture, strength, seeded generator, grounds: the edited picture."""


@dataclass(frozen=True, slots=True)
class Kind:
    name: str
    stage: Stage
    strengths: Mapping[str, float]
    """Name to parameter, mildest first."""
    apply: Apply
    unseen: bool = False
    """Training applies no edit of this kind in any implementation."""


def pixels(array: NDArray[np.generic]) -> Pixels:
    """Narrows the type: OpenCV's stubs declare no element type."""
    return np.ascontiguousarray(array, np.uint8)


def clipped(levels: NDArray[np.floating]) -> Pixels:
    """Rounds levels and clips them to 0..255."""
    return np.asarray(np.clip(np.rint(levels), 0, 255), np.uint8)


def scaled(picture: Pixels, width: float, height: float) -> Pixels:
    """Scales to this size, at least eight pixels in each direction."""
    size = (max(8, round(width)), max(8, round(height)))
    smaller = size[0] * size[1] < picture.shape[0] * picture.shape[1]
    return pixels(cv2.resize(picture, size, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_CUBIC))


def fitted(picture: Pixels, width: float, height: float) -> Pixels:
    """Scales to fit into width x height; keeps the aspect ratio."""
    scale = min(width / picture.shape[1], height / picture.shape[0])
    return scaled(picture, picture.shape[1] * scale, picture.shape[0] * scale)


def covering(picture: Pixels, width: int, height: int) -> Pixels:
    """Scales to fill width x height; keeps the aspect ratio and cuts the excess off evenly."""
    scale = max(width / picture.shape[1], height / picture.shape[0])
    large = scaled(picture, max(width, picture.shape[1] * scale), max(height, picture.shape[0] * scale))
    top, left = (large.shape[0] - height) // 2, (large.shape[1] - width) // 2
    return pixels(large[top : top + height, left : left + width])


def ground_mask(picture: Pixels) -> NDArray[np.bool_]:
    """Mask of the white ground: white pixels connected with the picture's edge."""
    white = (picture > _GROUND_WHITE).all(axis=2).astype(np.uint8)
    padded = np.pad(white, 1, constant_values=1)
    cv2.floodFill(padded, None, (0, 0), 2)
    ground: NDArray[np.bool_] = padded[1:-1, 1:-1] == 2
    return ground


def colour(rng: Generator) -> tuple[int, int, int]:
    """White, black, or a random colour."""
    chance = rng.random()
    if chance < 0.5:
        level = 255 if chance < 0.25 else 0
        return (level, level, level)
    red, green, blue = (int(value) for value in rng.integers(0, 256, 3))
    return (red, green, blue)


def _natural_noise(rng: Generator) -> Pixels:
    """Noise in octaves, each half as strong as the next coarser one: 1/f amplitudes, as in photographs."""
    levels = np.zeros((_PHOTOGRAPH, _PHOTOGRAPH, 3), np.float32)
    size = (_PHOTOGRAPH, _PHOTOGRAPH)
    for octave in range(2, 9):
        common, own = rng.normal(size=(2**octave, 2**octave, 1)), rng.normal(size=(2**octave, 2**octave, 3))
        layer = (common + 0.5 * own).astype(np.float32) * 90 / 2 ** (octave - 1)
        levels += cv2.resize(layer, size, interpolation=cv2.INTER_CUBIC)
    return clipped(levels + rng.uniform(60, 190, 3))
