"""Edits that training and calibration apply to a picture. Evaluation has edits of its own and never imports these."""

from __future__ import annotations

import io
import math
import random
from collections.abc import Callable, Mapping

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont, ImageOps

Edit = Callable[[Image.Image, random.Random], Image.Image]
"""Takes an RGB picture and a seeded generator, returns an RGB picture."""

MIN_SIDE = 48
"""No edit leaves a side below this many pixels."""
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 "


def _colour(rng: random.Random) -> tuple[int, int, int]:
    return rng.choice(
        [(255, 255, 255), (0, 0, 0), (rng.randrange(256), rng.randrange(256), rng.randrange(256))],
    )


def crop(picture: Image.Image, rng: random.Random) -> Image.Image:
    """Keeps 25% to 90% of the area, the aspect changed by at most a third."""
    area, aspect = rng.uniform(0.25, 0.9), math.exp(rng.uniform(-0.3, 0.3))
    width = max(MIN_SIDE, min(picture.width, round(picture.width * math.sqrt(area) * aspect)))
    height = max(MIN_SIDE, min(picture.height, round(picture.height * math.sqrt(area) / aspect)))
    left = rng.randint(0, max(0, picture.width - width))
    top = rng.randint(0, max(0, picture.height - height))
    return picture.crop((left, top, left + width, top + height))


def resize(picture: Image.Image, rng: random.Random) -> Image.Image:
    """A quarter to one and a half times the size, the aspect stretched by at most a fifth."""
    scale, stretch = math.exp(rng.uniform(math.log(0.25), math.log(1.5))), math.exp(rng.uniform(-0.2, 0.2))
    size = (max(MIN_SIDE, round(picture.width * scale * stretch)), max(MIN_SIDE, round(picture.height * scale)))
    return picture.resize(size, rng.choice([Image.Resampling.BILINEAR, Image.Resampling.LANCZOS]))


def jpeg(picture: Image.Image, rng: random.Random) -> Image.Image:
    """Compressed at quality 10 to 80."""
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=rng.randint(10, 80))
    return Image.open(buffer).convert("RGB")


def text(picture: Image.Image, rng: random.Random) -> Image.Image:
    """One to three lines of letters, each a twentieth to a sixth of the height."""
    edited = picture.copy()
    draw = ImageDraw.Draw(edited)
    for _ in range(rng.randint(1, 3)):
        size = max(8, round(picture.height * rng.uniform(0.05, 0.17)))
        line = "".join(rng.choice(_LETTERS) for _ in range(rng.randint(4, 24)))
        place = (rng.uniform(0, picture.width * 0.6), rng.uniform(0, picture.height * 0.9))
        draw.text(place, line, fill=_colour(rng), font=ImageFont.load_default(size))
    return edited


def patches(picture: Image.Image, rng: random.Random) -> Image.Image:
    """One to three opaque or translucent shapes over at most a quarter of the area each."""
    edited = picture.copy()
    for _ in range(rng.randint(1, 3)):
        width, height = (max(4, round(side * rng.uniform(0.1, 0.5))) for side in picture.size)
        left, top = rng.randint(0, picture.width - width), rng.randint(0, picture.height - height)
        mask = Image.new("L", (width, height), 0)
        draw = ImageDraw.Draw(mask)
        shape = rng.choice([draw.rectangle, draw.ellipse])
        shape((0, 0, width - 1, height - 1), fill=rng.randint(96, 255))
        edited.paste(_colour(rng), (left, top, left + width, top + height), mask)
    return edited


def colour(picture: Image.Image, rng: random.Random) -> Image.Image:
    """Brightness, contrast and saturation each by 0.5 to 1.6."""
    for enhancer in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
        picture = enhancer(picture).enhance(rng.uniform(0.5, 1.6))
    return picture


def grey(picture: Image.Image, rng: random.Random) -> Image.Image:
    """Grey levels, or toned between two colours."""
    levels = picture.convert("L")
    if rng.random() < 0.6:
        return levels.convert("RGB")
    return ImageOps.colorize(levels, black=(rng.randrange(100), rng.randrange(80), rng.randrange(60)), white="white")


def hue(picture: Image.Image, rng: random.Random) -> Image.Image:
    """Every hue turned by the same angle."""
    hsv = np.array(picture.convert("HSV"))
    hsv[..., 0] += np.uint8(rng.randint(16, 240))
    return Image.fromarray(hsv, "HSV").convert("RGB")


def blur(picture: Image.Image, rng: random.Random) -> Image.Image:
    """Gaussian, with a radius up to a fiftieth of the longest side."""
    return picture.filter(ImageFilter.GaussianBlur(max(picture.size) * rng.uniform(0.003, 0.02)))


def noise(picture: Image.Image, rng: random.Random) -> Image.Image:
    """Gaussian noise of 4 to 25 levels."""
    generator = np.random.default_rng(rng.getrandbits(32))
    values = np.asarray(picture, np.float32) + generator.normal(
        0, rng.uniform(4, 25), (picture.height, picture.width, 3)
    )
    return Image.fromarray(values.clip(0, 255).astype(np.uint8))


def rotate(picture: Image.Image, rng: random.Random) -> Image.Image:
    """By a quarter turn, or by up to 25 degrees over one colour."""
    if rng.random() < 0.3:
        return picture.transpose(
            rng.choice([Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_270])
        )
    return picture.rotate(
        rng.uniform(-25, 25), Image.Resampling.BICUBIC, expand=rng.random() < 0.5, fillcolor=_colour(rng)
    )


def flip(picture: Image.Image, rng: random.Random) -> Image.Image:
    """Left to right; rarely upside down."""
    return ImageOps.mirror(picture) if rng.random() < 0.8 else ImageOps.flip(picture)


def letterbox(picture: Image.Image, rng: random.Random) -> Image.Image:
    """A border of one colour, up to 40% of the side on each of two or four sides."""
    across, down = round(picture.width * rng.uniform(0.05, 0.4)), round(picture.height * rng.uniform(0.05, 0.4))
    border = rng.choice([(across, 0), (0, down), (across, down)])
    return ImageOps.expand(picture, border, _colour(rng))


EDITS: Mapping[str, Edit] = {
    edit.__name__: edit
    for edit in (
        crop, resize, jpeg, text, patches, colour, grey, hue, blur, noise, rotate, flip, letterbox,
    )
}  # fmt: skip


def edit_randomly(picture: Image.Image, rng: random.Random, *, most: int = 3) -> tuple[Image.Image, tuple[str, ...]]:
    """One to `most` different edits in random order, and their names."""
    names = tuple(rng.sample(sorted(EDITS), rng.randint(1, most)))
    for name in names:
        picture = EDITS[name](picture, rng)
    return picture, names
