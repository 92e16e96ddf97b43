"""Hard edits for training the copy descriptor: fast (OpenCV, small pictures), many kinds, one to five at once.

The kinds follow SSCD (Pizzi et al. 2022, section 4.3) and AugLy, and add the edits most common for clip art: pasted
small on photographs, cut out of its white ground, letterboxed, pixelated. Evaluation uses separate edits.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ledger.image.canonical_image import Pixels
from ledger.lab.train.augmentation_edits import CONTENT, FINISH, Edit, as_pixels, crop, mixed, random_colour, resized

Box = NDArray[np.float32]
"""Left, top, right, bottom as fractions of the picture's sides."""
WHOLE: Box = np.array([0, 0, 1, 1], np.float32)
_GROUND = 320
"""Height, in pixels, of the ground that smaller pictures are pasted on."""
_WHITE = 245


def augment(picture: Pixels, other: Pixels, rng: Generator) -> tuple[Pixels, Box]:
    """The edited picture, and the box of the input's content in it. `other`: a picture for overlays and grounds."""
    for edit in _drawn(CONTENT, rng, int(rng.choice([0, 1, 2, 3], p=[0.25, 0.35, 0.25, 0.15]))):
        picture = edit(picture, rng)
    box = WHOLE
    chance = rng.random()
    if chance < 0.26:
        picture, box = paste_on(picture, other, rng)
    elif chance < 0.34:
        picture, box = letterbox(picture, rng)
    elif chance < 0.40:
        picture = overlaid(picture, other, rng)
    elif chance < 0.45:
        picture = blended(picture, other, rng)
    for edit in _drawn(FINISH, rng, int(rng.choice([0, 1, 2], p=[0.45, 0.4, 0.15]))):
        picture = edit(picture, rng)
    return picture, box


def _drawn(edits: Sequence[tuple[Edit, float]], rng: Generator, count: int) -> list[Edit]:
    weights = np.array([weight for _, weight in edits])
    chosen = rng.choice(len(edits), size=count, replace=False, p=weights / weights.sum())
    return [edits[index][0] for index in chosen]


def paste_on(picture: Pixels, ground: Pixels, rng: Generator) -> tuple[Pixels, Box]:
    """Pastes on a picture or one colour, at 20% to 85% of its shorter side; sometimes without the white ground."""
    side = max(_GROUND, *picture.shape[:2])
    canvas = np.empty((side, int(side * rng.uniform(0.75, 1.4)), 3), np.uint8)
    canvas[:] = random_colour(rng)
    if rng.random() < 0.85:
        canvas = resized(crop(ground, rng), canvas.shape[1], side)
    height, width = picture.shape[:2]
    factor = rng.uniform(0.2, 0.85) * min(canvas.shape[:2]) / max(height, width)
    small = resized(picture, width * factor, height * factor)
    height, width = small.shape[:2]
    top, left = int(rng.integers(side - height + 1)), int(rng.integers(canvas.shape[1] - width + 1))
    opacity = np.full((height, width, 1), 1.0 if rng.random() < 0.75 else rng.uniform(0.5, 0.9), np.float32)
    if rng.random() < 0.4 and (picture[[0, 0, -1, -1], [0, -1, 0, -1]] > _WHITE).all():
        opacity *= small.min(axis=2, keepdims=True) <= _WHITE
    under = canvas[top : top + height, left : left + width]
    canvas[top : top + height, left : left + width] = (under + opacity * (small.astype(np.float32) - under)).astype(
        np.uint8
    )
    return canvas, _box(left, top, width, height, canvas)


def letterbox(picture: Pixels, rng: Generator) -> tuple[Pixels, Box]:
    """Adds borders of one colour, equal or not, on two or four sides."""
    height, width = picture.shape[:2]
    left, right, top, bottom = (int(side * rng.uniform(0.02, 0.5)) for side in (width, width, height, height))
    if rng.random() < 0.6:
        right, bottom = left, top
    kind = rng.random()
    if kind < 0.35:
        left = right = 0
    elif kind < 0.7:
        top = bottom = 0
    framed = as_pixels(
        cv2.copyMakeBorder(picture, top, bottom, left, right, cv2.BORDER_CONSTANT, value=random_colour(rng))
    )
    return framed, _box(left, top, width, height, framed)


def overlaid(picture: Pixels, other: Pixels, rng: Generator) -> Pixels:
    """Covers a part with another picture, at most half of the area."""
    edited = picture.copy()
    height, width = picture.shape[:2]
    factor = rng.uniform(0.2, 0.7)
    small = resized(other, width * factor, height * factor * np.exp(rng.uniform(-0.3, 0.0)))
    tall, wide = small.shape[:2]
    top, left = int(rng.integers(max(1, height - tall + 1))), int(rng.integers(max(1, width - wide + 1)))
    under = edited[top : top + tall, left : left + wide]
    small = small[: under.shape[0], : under.shape[1]]
    seen = np.ones_like(small[..., :1]) if rng.random() < 0.5 else (small.min(axis=2, keepdims=True) <= _WHITE)
    edited[top : top + tall, left : left + wide] = np.where(seen, small, under)
    return edited


def blended(picture: Pixels, other: Pixels, rng: Generator) -> Pixels:
    """Blends another picture in."""
    height, width = picture.shape[:2]
    return mixed(resized(other, width, height), picture, rng.uniform(0.45, 0.85))


def _box(left: int, top: int, width: int, height: int, canvas: Pixels) -> Box:
    across, down = canvas.shape[1], canvas.shape[0]
    return np.array([left / across, top / down, (left + width) / across, (top + height) / down], np.float32)
