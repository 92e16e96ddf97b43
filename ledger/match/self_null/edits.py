"""The edits of half of the works that a corpus is compared with itself by: simple ones, as people make them.

Apart from those that the descriptor is trained with and those it is measured with. The seed decides everything, so an
auditor gets the same picture; encoders and resamplers of other versions may differ by a few levels.
"""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Final

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

from ledger.image.canonical_image import Pixels

VERSION: Final = 1
"""Increase it with every change here: calibrations name it."""
_MOST = 3
"""Most edits of one picture."""
_SMALLEST = 64
"""Shortest side, in pixels, that an edit leaves."""

Edit = Callable[[Image.Image, Generator], Image.Image]


def edited(picture: Pixels, seed: bytes) -> Pixels:
    """The picture with one to three different edits."""
    rng = np.random.default_rng(int.from_bytes(seed))
    image = Image.fromarray(picture)
    for number in rng.permutation(len(_EDITS))[: rng.integers(1, _MOST + 1)]:
        image = _EDITS[number](image, rng)
    return np.asarray(image.convert("RGB"))


def _crop(image: Image.Image, rng: Generator) -> Image.Image:
    width, height = (max(min(side, _SMALLEST), int(side * rng.uniform(0.5, 0.95))) for side in image.size)
    left, top = int(rng.integers(image.width - width + 1)), int(rng.integers(image.height - height + 1))
    return image.crop((left, top, left + width, top + height))


def _shrink(image: Image.Image, rng: Generator) -> Image.Image:
    factor = max(rng.uniform(0.3, 0.9), min(1.0, _SMALLEST / min(image.size)))
    width, height = (max(1, round(side * factor)) for side in image.size)
    return image.resize((width, height), Image.Resampling.LANCZOS)


def _recompress(image: Image.Image, rng: Generator) -> Image.Image:
    file = BytesIO()
    image.save(file, "JPEG", quality=int(rng.integers(25, 85)))
    with Image.open(file) as opened:
        return opened.convert("RGB")


def _mirror(image: Image.Image, rng: Generator) -> Image.Image:  # noqa: ARG001 - an edit takes both
    return ImageOps.mirror(image)


def _turn(image: Image.Image, rng: Generator) -> Image.Image:
    angle = float(rng.choice([90, 180, 270])) if rng.random() < 0.3 else rng.uniform(-25, 25)
    return image.rotate(angle, Image.Resampling.BICUBIC, expand=True, fillcolor=_colour(rng))


def _frame(image: Image.Image, rng: Generator) -> Image.Image:
    left, top, right, bottom = (
        int(side * rng.uniform(0.02, 0.4)) for side in (image.width, image.height, image.width, image.height)
    )
    framed = Image.new("RGB", (image.width + left + right, image.height + top + bottom), _colour(rng))
    framed.paste(image, (left, top))
    return framed


def _colours(image: Image.Image, rng: Generator) -> Image.Image:
    for enhance in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
        image = enhance(image).enhance(rng.uniform(0.5, 1.5))
    return ImageOps.grayscale(image).convert("RGB") if rng.random() < 0.25 else image


def _blur(image: Image.Image, rng: Generator) -> Image.Image:
    return image.filter(ImageFilter.GaussianBlur(rng.uniform(0.5, 3.0)))


def _cover(image: Image.Image, rng: Generator) -> Image.Image:
    """One shape over a part of the picture."""
    covered = image.copy()
    width, height = (side * rng.uniform(0.15, 0.5) for side in image.size)
    left, top = rng.uniform(0, image.width - width), rng.uniform(0, image.height - height)
    draw = ImageDraw.Draw(covered)
    shape = draw.ellipse if rng.random() < 0.5 else draw.rectangle
    shape((left, top, left + width, top + height), fill=_colour(rng))
    return covered


def _colour(rng: Generator) -> tuple[int, int, int]:
    if rng.random() < 0.5:
        return (255, 255, 255) if rng.random() < 0.7 else (0, 0, 0)
    red, green, blue = rng.integers(0, 256, 3).tolist()
    return (red, green, blue)


_EDITS: tuple[Edit, ...] = (_crop, _shrink, _recompress, _mirror, _turn, _frame, _colours, _blur, _cover)
