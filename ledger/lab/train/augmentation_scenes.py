"""The edits that bring in other pictures: pasted on one, beside several, framed, covered, blended."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ledger.image.canonical_image import Pixels
from ledger.lab.train.augmentation_edits import as_pixels, crop, mixed, random_colour, resized

Box = NDArray[np.float32]
"""Left, top, right, bottom as fractions of the picture's sides."""
Other = Callable[[], Pixels]
"""Another picture; often a different one at each call."""
Scene = Callable[[Pixels, Other, Generator], tuple[Pixels, Box]]
WHOLE: Box = np.array([0, 0, 1, 1], np.float32)
_GROUND = 448
"""Height, in pixels, of the ground that smaller pictures are pasted on."""
_WHITE = 245
_MOST_CELLS = 3
"""Rows or columns of a collage."""


def paste_on(picture: Pixels, other: Other, rng: Generator) -> tuple[Pixels, Box]:
    """Pastes on a picture or one colour, at 20% to 85% of its shorter side; sometimes without the white ground."""
    side = max(_GROUND, *picture.shape[:2])
    canvas = _ground(side, int(side * rng.uniform(0.75, 1.4)), other if rng.random() < 0.85 else None, rng)
    return canvas, _put(canvas, picture, rng.uniform(0.2, 0.5) if rng.random() < 0.5 else rng.uniform(0.5, 0.85), rng)


def collage(picture: Pixels, other: Other, rng: Generator) -> tuple[Pixels, Box]:
    """Sets the picture and others into the cells of a grid."""
    rows, columns = int(rng.integers(1, _MOST_CELLS + 1)), int(rng.integers(1, _MOST_CELLS + 1))
    if rows * columns == 1:
        rows = 2
    side = int(_GROUND / max(rows, columns))
    tall, wide = int(side * rng.uniform(0.8, 1.2)), int(side * rng.uniform(0.8, 1.2))
    gap = int(rng.integers(0, 16)) if rng.random() < 0.7 else 0
    canvas = np.empty((rows * (tall + gap) + gap, columns * (wide + gap) + gap, 3), np.uint8)
    canvas[:] = random_colour(rng)
    own = int(rng.integers(rows * columns))
    box = WHOLE
    drawn: list[Pixels] = []
    for cell in range(rows * columns):
        top, left = gap + cell // columns * (tall + gap), gap + cell % columns * (wide + gap)
        room = canvas[top : top + tall, left : left + wide]
        if cell != own and len(drawn) < _MOST_CELLS:
            drawn.append(other())
        shown = picture if cell == own else drawn[int(rng.integers(len(drawn)))]
        place = _fill(room, shown, rng) if cell == own or rng.random() < 0.5 else _fit(room, shown)
        if cell == own:
            box = _box(left + place[0], top + place[1], place[2], place[3], canvas)
    return canvas, box


def scattered(picture: Pixels, other: Other, rng: Generator) -> tuple[Pixels, Box]:
    """Lays the picture on others, which are strewn over one ground."""
    canvas = _ground(_GROUND, int(_GROUND * rng.uniform(0.75, 1.4)), other if rng.random() < 0.3 else None, rng)
    others = [other() for _ in range(int(rng.integers(2, 4)))]
    for _ in range(int(rng.integers(2, 8))):
        _put(canvas, others[int(rng.integers(len(others)))], rng.uniform(0.15, 0.5), rng)
    return canvas, _put(canvas, picture, rng.uniform(0.3, 0.65), rng)


def letterbox(picture: Pixels, _: Other, rng: Generator) -> tuple[Pixels, Box]:
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


def overlaid(picture: Pixels, other: Other, rng: Generator) -> Pixels:
    """Covers a part with another picture, at most half of the area."""
    edited = picture.copy()
    height, width = picture.shape[:2]
    factor = rng.uniform(0.2, 0.7)
    small = resized(other(), width * factor, height * factor * np.exp(rng.uniform(-0.3, 0.0)))
    tall, wide = small.shape[:2]
    top, left = int(rng.integers(max(1, height - tall + 1))), int(rng.integers(max(1, width - wide + 1)))
    under = edited[top : top + tall, left : left + wide]
    small = small[: under.shape[0], : under.shape[1]]
    seen = np.ones_like(small[..., :1]) if rng.random() < 0.5 else (small.min(axis=2, keepdims=True) <= _WHITE)
    edited[top : top + tall, left : left + wide] = np.where(seen, small, under)
    return edited


def stickered(picture: Pixels, other: Other, rng: Generator) -> Pixels:
    """Strews three to fourteen small pictures over it, often cut out of their white ground."""
    edited = picture.copy()
    motifs = [other() for _ in range(int(rng.integers(1, 3)))]
    for _ in range(int(rng.integers(3, 15))):
        motif = motifs[int(rng.integers(len(motifs)))]
        _put(edited, motif[:, ::-1] if rng.random() < 0.5 else motif, rng.uniform(0.08, 0.24), rng, cut_out=0.8)
    return edited


def blended(picture: Pixels, other: Other, rng: Generator) -> Pixels:
    """Blends another picture in."""
    height, width = picture.shape[:2]
    return mixed(resized(other(), width, height), picture, rng.uniform(0.45, 0.85))


def _ground(height: int, width: int, other: Other | None, rng: Generator) -> Pixels:
    """A part of another picture, or one colour."""
    if other is not None:
        return resized(crop(other(), rng), width, height)
    canvas = np.empty((height, width, 3), np.uint8)
    canvas[:] = random_colour(rng)
    return canvas


def _put(canvas: Pixels, picture: Pixels, share: float, rng: Generator, *, cut_out: float = 0.4) -> Box:
    """Draws the picture somewhere on the canvas, `share` of its shorter side long; its box there.

    `cut_out`: how often a white ground is left out.
    """
    down, across = canvas.shape[:2]
    height, width = picture.shape[:2]
    factor = share * min(down, across) / max(height, width)
    small = resized(picture, width * factor, height * factor)
    small = small[:down, :across]
    height, width = small.shape[:2]
    top, left = int(rng.integers(down - height + 1)), int(rng.integers(across - width + 1))
    opacity = np.full((height, width, 1), 1.0 if rng.random() < 0.75 else rng.uniform(0.5, 0.9), np.float32)
    if rng.random() < cut_out and (picture[[0, 0, -1, -1], [0, -1, 0, -1]] > _WHITE).all():
        opacity *= small.min(axis=2, keepdims=True) <= _WHITE
    under = canvas[top : top + height, left : left + width]
    under[:] = (under + opacity * (small.astype(np.float32) - under)).astype(np.uint8)
    return _box(left, top, width, height, canvas)


def _fit(room: Pixels, picture: Pixels) -> tuple[int, int, int, int]:
    """Draws the picture whole into the middle of the room: left, top, width and height there."""
    factor = min(room.shape[0] / picture.shape[0], room.shape[1] / picture.shape[1])
    small = resized(picture, picture.shape[1] * factor, picture.shape[0] * factor)[: room.shape[0], : room.shape[1]]
    tall, wide = small.shape[:2]
    top, left = (room.shape[0] - tall) // 2, (room.shape[1] - wide) // 2
    room[top : top + tall, left : left + wide] = small
    return left, top, wide, tall


def _fill(room: Pixels, picture: Pixels, rng: Generator) -> tuple[int, int, int, int]:
    """Draws it so that it fills the room, and cuts off what sticks out; but often whole, as `_fit` does."""
    if rng.random() < 0.5:
        return _fit(room, picture)
    tall, wide = room.shape[:2]
    factor = max(tall / picture.shape[0], wide / picture.shape[1])
    large = resized(picture, max(wide, picture.shape[1] * factor), max(tall, picture.shape[0] * factor))
    top, left = (large.shape[0] - tall) // 2, (large.shape[1] - wide) // 2
    room[:] = large[top : top + tall, left : left + wide]
    return 0, 0, wide, tall


def _box(left: int, top: int, width: int, height: int, canvas: Pixels) -> Box:
    across, down = canvas.shape[1], canvas.shape[0]
    return np.array([left / across, top / down, (left + width) / across, (top + height) / down], np.float32)
